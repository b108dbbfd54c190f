#include "errors.h"

#include <stdio.h>
#include <string.h>

napi_value throw_errno(napi_env env, int error, const char *doing) {
  const char *name = strerrorname_np(error);
  const char *meaning = strerrordesc_np(error);
  char message[256];
  snprintf(message, sizeof message, "%s: %s (%s)", doing, meaning ? meaning : "unknown error", name ? name : "?");
  napi_throw_error(env, name, message);
  return NULL;
}

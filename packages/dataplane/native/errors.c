#include "errors.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

static void forget_class(napi_env env, void *data, void *hint) {
  (void)hint;
  napi_delete_reference(env, *(napi_ref *)data);
  free(data);
}

napi_value error_class(napi_env env, napi_callback_info info) {
  napi_value argument = NULL;
  size_t count = 1;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count < 1) return NULL;

  napi_ref *reference = malloc(sizeof *reference);
  if (reference == NULL) return throw_errno(env, ENOMEM, "malloc", "memory for the error class");
  if (napi_create_reference(env, argument, 1, reference) != napi_ok ||
      napi_set_instance_data(env, reference, forget_class, NULL) != napi_ok) {
    free(reference);
    return throw_errno(env, EINVAL, "errorClass", "remembering the error class");
  }
  return NULL;
}

napi_value throw_errno(napi_env env, int error, const char *syscall, const char *format, ...) {
  char subject[320];
  va_list values;
  va_start(values, format);
  vsnprintf(subject, sizeof subject, format, values);
  va_end(values);

  const char *name = strerrorname_np(error);
  char meaning[96];
  snprintf(meaning, sizeof meaning, "%s", strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error");
  meaning[0] = (char)tolower((unsigned char)meaning[0]);
  char message[512];
  snprintf(message, sizeof message, "%s: %s, %s", subject, name ? name : "EUNKNOWN", meaning);

  void *data = NULL;
  napi_value constructor = NULL;
  napi_value thrown = NULL;
  napi_value fields[4];
  if (napi_get_instance_data(env, &data) == napi_ok && data != NULL &&
      napi_get_reference_value(env, *(napi_ref *)data, &constructor) == napi_ok && constructor != NULL &&
      napi_create_string_utf8(env, name ? name : "EUNKNOWN", NAPI_AUTO_LENGTH, &fields[0]) == napi_ok &&
      napi_create_int32(env, error, &fields[1]) == napi_ok &&
      napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &fields[2]) == napi_ok &&
      napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &fields[3]) == napi_ok &&
      napi_new_instance(env, constructor, 4, fields, &thrown) == napi_ok) {
    napi_throw(env, thrown);
  } else {
    napi_throw_error(env, name, message); // before errorClass() has been called, or out of memory
  }
  return NULL;
}

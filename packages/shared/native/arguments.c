#include "arguments.h"

#include <string.h>

bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  return napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count;
}

bool integer_value(napi_env env, napi_value value, int32_t *out) {
  return napi_get_value_int32(env, value, out) == napi_ok;
}

bool unsigned_value(napi_env env, napi_value value, uint32_t *out) {
  return napi_get_value_uint32(env, value, out) == napi_ok;
}

bool string_value(napi_env env, napi_value value, char *out, size_t size) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok || length >= size) return false;
  return napi_get_value_string_utf8(env, value, out, size, &length) == napi_ok && strlen(out) == length;
}

bool typed_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **out, size_t *length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, out, NULL, NULL) == napi_ok && type == wanted;
}

bool bytes_value(napi_env env, napi_value value, uint8_t **out, size_t *length) {
  return typed_array(env, value, napi_uint8_array, (void **)out, length);
}

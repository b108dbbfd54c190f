#include "args.h"

int32_t integer_argument(napi_env env, napi_callback_info info, int32_t otherwise) {
  napi_value value;
  int32_t result;
  return arguments(env, info, 1, &value) && integer_value(env, value, &result) ? result : otherwise;
}

bool integers_value(napi_env env, napi_value value, int32_t **out, size_t *length) {
  return typed_array(env, value, napi_int32_array, (void **)out, length);
}

bool batch_arguments(napi_env env, napi_callback_info info, struct batch *batch) {
  napi_value values[4];
  int32_t at;
  int32_t *items;
  size_t length;
  if (!arguments(env, info, 4, values) || !integer_value(env, values[0], &batch->handle) ||
      !integers_value(env, values[1], &items, &length) || !integer_value(env, values[2], &at) ||
      !integer_value(env, values[3], &batch->count)) {
    return false;
  }
  if (at < 0 || batch->count < 0 || (size_t)at + (size_t)batch->count > length) return false;
  batch->items = items + at;
  return true;
}

bool statistics_arguments(napi_env env, napi_callback_info info, int32_t *handle, double **out, size_t length) {
  napi_value values[2];
  size_t given;
  return arguments(env, info, 2, values) && integer_value(env, values[0], handle) &&
         typed_array(env, values[1], napi_float64_array, (void **)out, &given) && given >= length;
}

bool integer_property(napi_env env, napi_value object, const char *name, int32_t *out) {
  napi_value value;
  return napi_get_named_property(env, object, name, &value) == napi_ok && integer_value(env, value, out);
}

bool boolean_property(napi_env env, napi_value object, const char *name, bool *out) {
  napi_value value;
  return napi_get_named_property(env, object, name, &value) == napi_ok &&
         napi_get_value_bool(env, value, out) == napi_ok;
}

bool string_property(napi_env env, napi_value object, const char *name, char *out, size_t size) {
  napi_value value;
  return napi_get_named_property(env, object, name, &value) == napi_ok && string_value(env, value, out, size);
}

void set_integer(napi_env env, napi_value object, const char *name, int32_t value) {
  napi_set_named_property(env, object, name, integer(env, value));
}

void set_boolean(napi_env env, napi_value object, const char *name, bool value) {
  napi_value property;
  if (napi_get_boolean(env, value, &property) == napi_ok) napi_set_named_property(env, object, name, property);
}

void set_string(napi_env env, napi_value object, const char *name, const char *value) {
  napi_value property;
  if (napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &property) == napi_ok) {
    napi_set_named_property(env, object, name, property);
  }
}

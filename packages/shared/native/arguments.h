// Arguments and results of Node-API calls.
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The first `count` arguments. False when fewer were given.
bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);

// False when the value is of another type; a string also when it does not fit, or has a NUL in it.
bool integer_value(napi_env env, napi_value value, int32_t *out);
bool unsigned_value(napi_env env, napi_value value, uint32_t *out);
bool string_value(napi_env env, napi_value value, char *out, size_t size);
bool bytes_value(napi_env env, napi_value value, uint8_t **out, size_t *length);
bool typed_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **out, size_t *length);

static inline napi_value integer(napi_env env, int32_t value) {
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

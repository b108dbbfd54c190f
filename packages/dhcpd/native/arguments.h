// Arguments of Node-API calls, and how calls fail.
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The first `count` arguments. False when fewer were given.
bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);

bool integer_value(napi_env env, napi_value value, int32_t *out);
bool unsigned_value(napi_env env, napi_value value, uint32_t *out);
bool string_value(napi_env env, napi_value value, char *out, size_t size);
bool bytes_value(napi_env env, napi_value value, uint8_t **out, size_t *length);

napi_value integer(napi_env env, int32_t value);

// Throws an Error whose code is the errno's name, and whose message is what was done and what the errno means. Returns
// NULL, so that callers can return it.
napi_value throw_errno(napi_env env, int error, const char *doing);

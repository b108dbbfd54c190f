// Arguments and results of the calls of this addon, beside those that every addon has.
#pragma once

#include "arguments.h"

// What every batch call is given: (handle, Int32Array, at, count).
struct batch {
  int32_t handle;
  int32_t *items; // at element `at`
  int32_t count;
};

// False when the arguments are of another shape or reach past the array: the call then returns -EINVAL.
bool batch_arguments(napi_env env, napi_callback_info info, struct batch *batch);

// (handle, Float64Array of at least `length` elements) of the statistics calls.
bool statistics_arguments(napi_env env, napi_callback_info info, int32_t *handle, double **out, size_t length);

// The only argument, as an integer; `otherwise` when it is none.
int32_t integer_argument(napi_env env, napi_callback_info info, int32_t otherwise);

bool integers_value(napi_env env, napi_value value, int32_t **out, size_t *length);

// Properties of an options object. False when absent or of another type.
bool integer_property(napi_env env, napi_value object, const char *name, int32_t *out);
bool boolean_property(napi_env env, napi_value object, const char *name, bool *out);
bool string_property(napi_env env, napi_value object, const char *name, char *out, size_t size);

void set_integer(napi_env env, napi_value object, const char *name, int32_t value);
void set_boolean(napi_env env, napi_value object, const char *name, bool value);
void set_string(napi_env env, napi_value object, const char *name, const char *value);

// The functions of an addon, by their names in JavaScript.
#pragma once

#include <node_api.h>
#include <stddef.h>

struct function {
  const char *name;
  napi_callback call;
};

// Returns `exports` with the functions, or NULL with an exception pending, which require() throws.
napi_value with_functions(napi_env env, napi_value exports, const struct function *functions, size_t count);

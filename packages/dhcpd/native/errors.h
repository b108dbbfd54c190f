// How calls fail.
#pragma once

#include <node_api.h>

// Throws an Error whose code is the errno's name, and whose message is what was done and what the errno means. Returns
// NULL, so that callers can return it.
napi_value throw_errno(napi_env env, int error, const char *doing);

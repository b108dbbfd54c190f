// Errors of set-up calls, thrown as the NativeError class of the TypeScript side.
#pragma once

#include <node_api.h>

// Throws a NativeError: code and errno of `error`, `syscall` for the call that failed, and a message made of
// `format` followed by the name and meaning of the error. Returns NULL, so that callers can return it.
napi_value throw_errno(napi_env env, int error, const char *syscall, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// errorClass(constructor): the class to throw in this environment (main thread or worker).
napi_value error_class(napi_env env, napi_callback_info info);

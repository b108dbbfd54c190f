// A descriptor watched by the event loop of the thread.
#pragma once

#include <node_api.h>

napi_value watch(napi_env env, napi_callback_info info);
napi_value unwatch(napi_env env, napi_callback_info info);

// Keeps Linux from also receiving what the data plane takes from a device by AF_PACKET.
#pragma once

#include <node_api.h>

napi_value host_guard_attach(napi_env env, napi_callback_info info);
napi_value host_guard_close(napi_env env, napi_callback_info info);

// One message in, one message out.
#pragma once

#include <node_api.h>

napi_value receive(napi_env env, napi_callback_info info);
napi_value link_address(napi_env env, napi_callback_info info);
napi_value send_frame(napi_env env, napi_callback_info info);
napi_value send_datagram(napi_env env, napi_callback_info info);
napi_value send_datagram6(napi_env env, napi_callback_info info);

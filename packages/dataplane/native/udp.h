// Datagrams that the control side sends by Linux, in the network namespace of a VRF.
#pragma once

#include <node_api.h>

napi_value udp_open(napi_env env, napi_callback_info info);
napi_value udp_send(napi_env env, napi_callback_info info);

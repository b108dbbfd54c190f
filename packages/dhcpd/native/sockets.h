// Sockets of the DHCP server, each opened in the network namespace that it is for.
#pragma once

#include <node_api.h>

napi_value open_link(napi_env env, napi_callback_info info);
napi_value open_udp(napi_env env, napi_callback_info info);
napi_value open_datagram(napi_env env, napi_callback_info info);
napi_value open_datagram6(napi_env env, napi_callback_info info);
napi_value open_stream(napi_env env, napi_callback_info info);
napi_value open_stream6(napi_env env, napi_callback_info info);
napi_value begin_connect(napi_env env, napi_callback_info info);
napi_value bind_to(napi_env env, napi_callback_info info);
napi_value open_udp6(napi_env env, napi_callback_info info);
napi_value join_group6(napi_env env, napi_callback_info info);
napi_value open_icmp(napi_env env, napi_callback_info info);
napi_value link_index(napi_env env, napi_callback_info info);
napi_value close_fd(napi_env env, napi_callback_info info);

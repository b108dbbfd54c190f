// Waiting for descriptors: epoll sets, event counters to wake another thread, and the Waiter on a libuv loop.
#pragma once

#include <node_api.h>

napi_value poller_open(napi_env env, napi_callback_info info);
napi_value poller_add(napi_env env, napi_callback_info info);
napi_value poller_remove(napi_env env, napi_callback_info info);
napi_value poller_ready(napi_env env, napi_callback_info info);
napi_value event_open(napi_env env, napi_callback_info info);
napi_value event_signal(napi_env env, napi_callback_info info);
napi_value event_clear(napi_env env, napi_callback_info info);
napi_value close_fd(napi_env env, napi_callback_info info);

napi_value waiter_open(napi_env env, napi_callback_info info);
napi_value waiter_arm(napi_env env, napi_callback_info info);
napi_value waiter_disarm(napi_env env, napi_callback_info info);
napi_value waiter_close(napi_env env, napi_callback_info info);

// The calling thread: its processor, its identity, the pages of its memory.
#pragma once

#include <node_api.h>

napi_value pin_thread(napi_env env, napi_callback_info info);
napi_value thread_id(napi_env env, napi_callback_info info);
napi_value allowed_cpus(napi_env env, napi_callback_info info);
napi_value advise_huge_pages(napi_env env, napi_callback_info info);

// TAP and TUN devices. Linux: Documentation/networking/tuntap.rst.
#pragma once

#include <node_api.h>

// To be called before a descriptor is closed: drops what is known of it as a TAP. Nothing for other descriptors.
void tap_forget(int fd);

napi_value tap_open(napi_env env, napi_callback_info info);
napi_value tap_remove(napi_env env, napi_callback_info info);
napi_value tap_read(napi_env env, napi_callback_info info);
napi_value tap_write(napi_env env, napi_callback_info info);
napi_value tap_statistics(napi_env env, napi_callback_info info);

// Network devices, by name, in the network namespace of the calling thread.
#pragma once

#include <net/if.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

// ioctl on a socket of its own. 0 or -errno.
int device_ioctl(unsigned long request, struct ifreq *ifreq);

// SIOCETHTOOL with `command`, one of the structures of linux/ethtool.h. 0 or -errno.
int device_ethtool(const char *name, void *command);

// Whether frames of the device begin with an Ethernet header (4G modems and TUN have none). 0, 1 or -errno.
int device_is_ethernet(const char *name);

napi_value device_info(napi_env env, napi_callback_info info);
napi_value device_set(napi_env env, napi_callback_info info);
napi_value device_offloads_off(napi_env env, napi_callback_info info);

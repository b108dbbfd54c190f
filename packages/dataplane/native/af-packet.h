// AF_PACKET sockets with memory-mapped rings (TPACKET_V2). Linux: Documentation/networking/packet_mmap.rst.
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handle-table.h"

// Bytes of a ring slot: its header, the packet socket's address, and a packet as long as a frame takes.
#define PACKET_SLOT 2048
// struct virtio_net_hdr of linux/virtio_net.h, in front of every packet in both directions (PACKET_VNET_HDR).
#define PACKET_VNET_BYTES 10

enum {
  PACKET_COUNT_KERNEL_DROPS,
  PACKET_COUNT_TOO_LONG,
  PACKET_COUNT_GSO,
  PACKET_COUNT_MALFORMED,
  PACKET_COUNT_CHECKSUMS_COMPLETED,
  PACKET_COUNTERS,
};

struct packet_ring {
  uint8_t *slots;
  uint32_t size;
  uint32_t at;
};

struct packet_socket {
  int fd;
  int whole_fd; // sends what is longer than a slot; receives nothing
  bool queued;  // the tx ring has packets that the kernel was not told of
  int32_t start; // where a received packet begins in its frame
  struct packet_ring rx, tx;
  void *map;
  size_t map_size;
  double counters[PACKET_COUNTERS];
};

extern struct handle_table packet_sockets;

napi_value packet_open(napi_env env, napi_callback_info info);
napi_value packet_close(napi_env env, napi_callback_info info);
napi_value packet_fd(napi_env env, napi_callback_info info);
napi_value packet_receive(napi_env env, napi_callback_info info);
napi_value packet_send(napi_env env, napi_callback_info info);
napi_value packet_kick(napi_env env, napi_callback_info info);
napi_value packet_statistics(napi_env env, napi_callback_info info);

// AF_XDP sockets over the packet pool. Linux: Documentation/networking/af_xdp.rst, linux/if_xdp.h.
#pragma once

#include <linux/if_xdp.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handle-table.h"

struct xdp_device;

// A ring shared with the kernel. Indices run freely and wrap at 2^32; `mask` makes a slot of one.
struct xdp_ring {
  uint32_t *producer;
  uint32_t *consumer;
  uint32_t *flags;
  void *entries;  // uint64_t of fill and completion, struct xdp_desc of rx and tx
  uint32_t size;
  uint32_t mask;
  uint32_t mine;   // our index: producer of fill and tx, consumer of rx and completion
  uint32_t theirs; // what we last saw of the kernel's index
  void *map;
  size_t map_size;
};

struct xdp_socket {
  int fd;
  uint32_t queue;
  bool zero_copy;
  struct xdp_device *device;
  struct xdp_ring rx, tx, fill, completion;
  uint32_t sending; // frames given to tx and not seen in completion yet
  // By frame: 1 while the kernel has it through this socket. A byte per frame and socket, so that the record is
  // one store into memory that no other thread writes.
  uint8_t *held;
};

extern struct handle_table xdp_sockets;

// Sends what is in the tx ring. 0 or -errno; -EAGAIN, -EBUSY, -ENOBUFS: the rest goes with a later call.
int xdp_socket_kick(struct xdp_socket *socket);

// Slots to write into: up to `wanted`, from index ring->mine on. They become the kernel's by xdp_ring_submit.
static inline uint32_t xdp_ring_free(struct xdp_ring *ring, uint32_t wanted) {
  uint32_t space = ring->theirs + ring->size - ring->mine;
  if (space < wanted) {
    // Acquire: the kernel has read these slots before it moved its index; we write them only after.
    ring->theirs = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
    space = ring->theirs + ring->size - ring->mine;
  }
  return space < wanted ? space : wanted;
}

static inline void xdp_ring_submit(struct xdp_ring *ring, uint32_t count) {
  ring->mine += count;
  __atomic_store_n(ring->producer, ring->mine, __ATOMIC_RELEASE); // after the slots' contents
}

// Slots to read: up to `wanted`, from index ring->mine on. They are given back by xdp_ring_release.
static inline uint32_t xdp_ring_ready(struct xdp_ring *ring, uint32_t wanted) {
  uint32_t ready = ring->theirs - ring->mine;
  if (ready < wanted) {
    ring->theirs = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE); // before the slots' contents
    ready = ring->theirs - ring->mine;
  }
  return ready < wanted ? ready : wanted;
}

static inline void xdp_ring_release(struct xdp_ring *ring, uint32_t count) {
  ring->mine += count;
  __atomic_store_n(ring->consumer, ring->mine, __ATOMIC_RELEASE); // after our reads
}

static inline bool xdp_ring_needs_wakeup(const struct xdp_ring *ring) {
  return (__atomic_load_n(ring->flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP) != 0;
}

napi_value xdp_open(napi_env env, napi_callback_info info);
napi_value xdp_close(napi_env env, napi_callback_info info);
napi_value xdp_info(napi_env env, napi_callback_info info);
napi_value xdp_fill(napi_env env, napi_callback_info info);
napi_value xdp_receive(napi_env env, napi_callback_info info);
napi_value xdp_send(napi_env env, napi_callback_info info);
napi_value xdp_complete(napi_env env, napi_callback_info info);
napi_value xdp_kick(napi_env env, napi_callback_info info);
napi_value xdp_statistics(napi_env env, napi_callback_info info);

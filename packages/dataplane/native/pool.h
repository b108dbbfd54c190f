// The packet pool: frames in memory that JavaScript, every thread and the kernel share.
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#define FRAME_SHIFT 11
#define FRAME_SIZE (1 << FRAME_SHIFT)
// Large frames follow the others: room for the longest IP packet with headers before and behind it.
#define LARGE_SIZE 67584

// Where a packet that came in begins in its frame. An Ethernet header of 14 bytes at 258 puts what follows at
// 272, a multiple of 4; 256 of that is the headroom that AF_XDP keeps anyway (XDP_PACKET_HEADROOM).
#define START_ETHERNET 258
#define START_IP 272

struct pool {
  uint8_t *base;
  uint64_t size;     // bytes of all frames, the large ones too
  uint32_t frames;   // of FRAME_SIZE: the first indices; 0: no pool is registered
  uint32_t large;    // of LARGE_SIZE: the indices behind
  int32_t *offsets;  // by frame: the packet's first byte, counted from base
  int32_t *lengths;  // by frame: bytes of the packet
};

extern struct pool pool;

static inline bool pool_has(int32_t frame) {
  return (uint32_t)frame < pool.frames;
}

// Whether the packet of a frame lies within that frame, `least` bytes or more.
static inline bool pool_packet_whole(int32_t frame, int32_t least) {
  if (!pool_has(frame)) return false;
  int64_t start = (int64_t)frame << FRAME_SHIFT;
  int64_t offset = pool.offsets[frame];
  int64_t length = pool.lengths[frame];
  return length >= least && offset >= start && offset + length <= start + FRAME_SIZE;
}

// A large frame's first byte, counted from base.
static inline int64_t pool_large_start(int32_t frame) {
  return ((int64_t)pool.frames << FRAME_SHIFT) + (int64_t)((uint32_t)frame - pool.frames) * LARGE_SIZE;
}

static inline bool pool_has_large(int32_t frame) {
  return (uint32_t)frame >= pool.frames && (uint32_t)frame < pool.frames + pool.large;
}

// The same for a frame of either size. The kernel knows none of the large ones as UMEM.
static inline bool pool_packet_sound(int32_t frame, int32_t least) {
  if ((uint32_t)frame < pool.frames) return pool_packet_whole(frame, least);
  if (!pool_has_large(frame)) return false;
  int64_t start = pool_large_start(frame);
  int64_t offset = pool.offsets[frame];
  int64_t length = pool.lengths[frame];
  return length >= least && offset >= start && offset + length <= start + LARGE_SIZE;
}

// The kernel has the pool's pages between these two: it cannot be unregistered. Hold fails when there is none.
bool pool_hold(void);
void pool_release(void);

napi_value pool_register(napi_env env, napi_callback_info info);
napi_value pool_unregister(napi_env env, napi_callback_info info);

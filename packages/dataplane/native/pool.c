#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"

struct pool pool;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned holders;

static bool array_fits(int32_t at, uint32_t frames, size_t memory, uint64_t after) {
  return at >= 0 && at % 4 == 0 && (uint64_t)at >= after && (uint64_t)at + (uint64_t)frames * 4 <= memory;
}

napi_value pool_register(napi_env env, napi_callback_info info) {
  napi_value values[5];
  uint8_t *memory;
  size_t length;
  int32_t frames, large, offsets_at, lengths_at;
  if (!arguments(env, info, 5, values) || !bytes_value(env, values[0], &memory, &length) ||
      !integer_value(env, values[1], &frames) || !integer_value(env, values[2], &large) ||
      !integer_value(env, values[3], &offsets_at) || !integer_value(env, values[4], &lengths_at)) {
    return throw_errno(env, EINVAL, "poolRegister", "registering the packet pool needs memory and its layout");
  }
  uint64_t size = ((uint64_t)(uint32_t)frames << FRAME_SHIFT) + (uint64_t)(uint32_t)large * LARGE_SIZE;
  uint32_t all = (uint32_t)frames + (uint32_t)large;
  // Offsets are 32-bit and signed, which ends a pool at 2 GiB.
  if (frames <= 0 || large < 0 || size > INT32_MAX || size > length ||
      !array_fits(offsets_at, all, length, size) ||
      !array_fits(lengths_at, all, length, size) ||
      (uintptr_t)memory % (uintptr_t)sysconf(_SC_PAGESIZE) != 0) {
    return throw_errno(env, EINVAL, "poolRegister",
                       "a packet pool of %d frames and %d large ones in %zu bytes of memory, its arrays at %d and %d", frames, large, length,
                       offsets_at, lengths_at);
  }

  struct pool wanted = {
      .base = memory,
      .size = size,
      .frames = (uint32_t)frames,
      .large = (uint32_t)large,
      .offsets = (int32_t *)(void *)(memory + offsets_at),
      .lengths = (int32_t *)(void *)(memory + lengths_at),
  };
  pthread_mutex_lock(&lock);
  bool taken = pool.frames != 0 && (pool.base != wanted.base || pool.frames != wanted.frames || pool.large != wanted.large ||
                                    pool.offsets != wanted.offsets || pool.lengths != wanted.lengths);
  if (pool.frames == 0) pool = wanted;
  pthread_mutex_unlock(&lock);
  if (taken) {
    return throw_errno(env, EBUSY, "poolRegister", "another packet pool is registered in this process already");
  }
  return NULL;
}

napi_value pool_unregister(napi_env env, napi_callback_info info) {
  (void)info;
  pthread_mutex_lock(&lock);
  unsigned held = holders;
  if (held == 0) memset(&pool, 0, sizeof pool);
  pthread_mutex_unlock(&lock);
  if (held != 0) {
    return throw_errno(env, EBUSY, "poolUnregister", "the packet pool is memory of %u open AF_XDP sockets", held);
  }
  return NULL;
}

bool pool_hold(void) {
  pthread_mutex_lock(&lock);
  bool registered = pool.frames != 0;
  if (registered) holders++;
  pthread_mutex_unlock(&lock);
  return registered;
}

void pool_release(void) {
  pthread_mutex_lock(&lock);
  holders--;
  pthread_mutex_unlock(&lock);
}

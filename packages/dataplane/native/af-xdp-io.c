// Batches over the rings of an AF_XDP socket.
//
// A frame or packet that makes no sense ends a batch: those before it are accepted, and the call that finds it
// first returns -EINVAL. The kernel would drop such a descriptor without ever giving its frame back.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "af-xdp.h"
#include "args.h"
#include "pool.h"

// AF_XDP is for Ethernet devices: less than a header is no frame.
#define LEAST_BYTES 14

static int32_t accepted(uint32_t done, bool refused) {
  return done == 0 && refused ? -EINVAL : (int32_t)done;
}

// Drivers with zero copy stop reading the fill ring when they find it empty, and say so by the flag.
static void wake_fill(const struct xdp_socket *xdp) {
  if (xdp_ring_needs_wakeup(&xdp->fill)) recvfrom(xdp->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

napi_value xdp_fill(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct xdp_socket *xdp = handle_get(&xdp_sockets, batch.handle);
  if (xdp == NULL) return integer(env, -EBADF);

  struct xdp_ring *ring = &xdp->fill;
  uint64_t *slots = ring->entries;
  uint32_t space = xdp_ring_free(ring, (uint32_t)batch.count);
  uint32_t done = 0;
  bool refused = false;
  for (; done < space; done++) {
    int32_t frame = batch.items[done];
    refused = !pool_has(frame) || xdp->held[frame];
    if (refused) break;
    slots[(ring->mine + done) & ring->mask] = (uint64_t)frame << FRAME_SHIFT;
    xdp->held[frame] = 1;
  }
  if (done > 0) {
    xdp_ring_submit(ring, done);
    wake_fill(xdp);
  }
  return integer(env, accepted(done, refused));
}

napi_value xdp_receive(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct xdp_socket *xdp = handle_get(&xdp_sockets, batch.handle);
  if (xdp == NULL) return integer(env, -EBADF);

  struct xdp_ring *ring = &xdp->rx;
  const struct xdp_desc *slots = ring->entries;
  uint32_t ready = xdp_ring_ready(ring, (uint32_t)batch.count);
  for (uint32_t i = 0; i < ready; i++) {
    const struct xdp_desc *slot = &slots[(ring->mine + i) & ring->mask];
    int32_t frame = (int32_t)(slot->addr >> FRAME_SHIFT);
    pool.offsets[frame] = (int32_t)slot->addr;
    pool.lengths[frame] = (int32_t)slot->len;
    batch.items[i] = frame;
    xdp->held[frame] = 0;
    // The headers were written by another core. All of them are under way before the graph reads the first.
    __builtin_prefetch(pool.base + slot->addr);
  }
  if (ready > 0) xdp_ring_release(ring, ready);
  // Again here: the driver may have found the ring empty just after the last fill had looked at the flag.
  else wake_fill(xdp);
  return integer(env, (int32_t)ready);
}

napi_value xdp_send(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct xdp_socket *xdp = handle_get(&xdp_sockets, batch.handle);
  if (xdp == NULL) return integer(env, -EBADF);

  struct xdp_ring *ring = &xdp->tx;
  struct xdp_desc *slots = ring->entries;
  uint32_t space = xdp_ring_free(ring, (uint32_t)batch.count);
  uint32_t done = 0;
  bool refused = false;
  for (; done < space; done++) {
    int32_t frame = batch.items[done];
    refused = !pool_packet_whole(frame, LEAST_BYTES) || xdp->held[frame];
    if (refused) break;
    slots[(ring->mine + done) & ring->mask] = (struct xdp_desc){
        .addr = (uint64_t)pool.offsets[frame],
        .len = (uint32_t)pool.lengths[frame],
    };
    xdp->held[frame] = 1;
  }
  if (done > 0) xdp_ring_submit(ring, done);
  xdp->sending += done;
  return integer(env, accepted(done, refused));
}

napi_value xdp_complete(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct xdp_socket *xdp = handle_get(&xdp_sockets, batch.handle);
  if (xdp == NULL) return integer(env, -EBADF);

  struct xdp_ring *ring = &xdp->completion;
  const uint64_t *slots = ring->entries;
  uint32_t ready = xdp_ring_ready(ring, (uint32_t)batch.count);
  for (uint32_t i = 0; i < ready; i++) {
    int32_t frame = (int32_t)(slots[(ring->mine + i) & ring->mask] >> FRAME_SHIFT);
    batch.items[i] = frame;
    xdp->held[frame] = 0;
  }
  if (ready > 0) xdp_ring_release(ring, ready);
  xdp->sending -= ready;
  return integer(env, (int32_t)ready);
}

int xdp_socket_kick(struct xdp_socket *xdp) {
  struct xdp_ring *ring = &xdp->tx;
  while (xdp_ring_needs_wakeup(ring)) {
    uint32_t before = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
    if (before == ring->mine) return 0;
    if (sendto(xdp->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0) return 0;
    // In copy mode a call sends 32 packets (TX_BATCH_SIZE of net/xdp/xsk.c) and answers EAGAIN for the rest:
    // go on as long as that got on.
    if (errno != EAGAIN || __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE) == before) return -errno;
  }
  return 0;
}

napi_value xdp_kick(napi_env env, napi_callback_info info) {
  struct xdp_socket *xdp = handle_get(&xdp_sockets, integer_argument(env, info, -1));
  return integer(env, xdp == NULL ? -EBADF : xdp_socket_kick(xdp));
}

napi_value xdp_statistics(napi_env env, napi_callback_info info) {
  int32_t handle;
  double *out;
  if (!statistics_arguments(env, info, &handle, &out, 6)) return integer(env, -EINVAL);
  const struct xdp_socket *xdp = handle_get(&xdp_sockets, handle);
  if (xdp == NULL) return integer(env, -EBADF);
  struct xdp_statistics statistics;
  socklen_t length = sizeof statistics;
  if (getsockopt(xdp->fd, SOL_XDP, XDP_STATISTICS, &statistics, &length) != 0) return integer(env, -errno);
  out[0] = (double)statistics.rx_dropped;
  out[1] = (double)statistics.rx_invalid_descs;
  out[2] = (double)statistics.tx_invalid_descs;
  out[3] = (double)statistics.rx_ring_full;
  out[4] = (double)statistics.rx_fill_ring_empty_descs;
  out[5] = (double)statistics.tx_ring_empty_descs;
  return integer(env, 0);
}

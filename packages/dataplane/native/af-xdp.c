// Opening and closing of AF_XDP sockets.
//
// The whole pool is the UMEM. Sockets share one registration where the kernel can (XDP_SHARED_UMEM: the pages are
// pinned and mapped for DMA once), through any socket that is open and copies as the new one shall; the kernel
// counts who uses it, so that it outlives the socket that registered it. Where it cannot (a device that went away
// under the other socket, zero copy beside copy) the same memory is registered once more, which only costs that.
#include "af-xdp.h"

#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "af-xdp-program.h"
#include "args.h"
#include "errors.h"
#include "pool.h"

// Beyond the kernel's own 256: what makes packets begin at START_ETHERNET.
#define UMEM_HEADROOM (START_ETHERNET - 256)

// What was given to a device to send is waited for on close, as the device may still read it.
#define DRAIN_TIMES 200
#define DRAIN_PAUSE_NS (100 * 1000)

struct handle_table xdp_sockets;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// XDP_MAX_TX_SKB_BUDGET of linux/if_xdp.h since 6.17: packets that one system call sends in copy mode, of 32 before.
#define OPTION_TX_BUDGET 9

struct xdp_request {
  char device[IFNAMSIZ];
  uint32_t index;
  uint32_t queue;
  uint32_t rx_size, tx_size, fill_size, completion_size;
  enum xdp_mode mode;
  bool zero_copy;
};

struct binding {
  int fd;
  struct sockaddr_xdp address;
};

static int bind_once(void *argument) {
  struct binding *binding = argument;
  return bind(binding->fd, (struct sockaddr *)&binding->address, sizeof binding->address) == 0 ? 0 : -errno;
}

static int map_ring(struct xdp_ring *ring, int fd, uint32_t size, size_t entry, const struct xdp_ring_offset *offset,
                    uint64_t page_offset) {
  size_t bytes = offset->desc + size * entry;
  uint8_t *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)page_offset);
  if (map == MAP_FAILED) return -errno;
  *ring = (struct xdp_ring){
      .producer = (uint32_t *)(void *)(map + offset->producer),
      .consumer = (uint32_t *)(void *)(map + offset->consumer),
      .flags = (uint32_t *)(void *)(map + offset->flags),
      .entries = map + offset->desc,
      .size = size,
      .mask = size - 1,
      .map = map,
      .map_size = bytes,
  };
  return 0;
}

static void unmap_ring(struct xdp_ring *ring) {
  if (ring->map != NULL) munmap(ring->map, ring->map_size);
  ring->map = NULL;
}

static int map_rings(struct xdp_socket *xdp, const struct xdp_request *request, const char **call) {
  const struct {
    int option;
    const char *name;
    uint32_t size;
  } sizes[] = {
      {XDP_UMEM_FILL_RING, "setsockopt XDP_UMEM_FILL_RING", request->fill_size},
      {XDP_UMEM_COMPLETION_RING, "setsockopt XDP_UMEM_COMPLETION_RING", request->completion_size},
      {XDP_RX_RING, "setsockopt XDP_RX_RING", request->rx_size},
      {XDP_TX_RING, "setsockopt XDP_TX_RING", request->tx_size},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    *call = sizes[i].name;
    if (setsockopt(xdp->fd, SOL_XDP, sizes[i].option, &sizes[i].size, sizeof sizes[i].size) != 0) return -errno;
  }
  // An older kernel refuses, and sends in more calls.
  setsockopt(xdp->fd, SOL_XDP, OPTION_TX_BUDGET, &request->tx_size, sizeof request->tx_size);
  struct xdp_mmap_offsets offsets;
  socklen_t length = sizeof offsets;
  *call = "getsockopt XDP_MMAP_OFFSETS";
  if (getsockopt(xdp->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0) return -errno;

  *call = "mmap";
  int error = map_ring(&xdp->fill, xdp->fd, request->fill_size, sizeof(uint64_t), &offsets.fr, XDP_UMEM_PGOFF_FILL_RING);
  if (error == 0) {
    error = map_ring(&xdp->completion, xdp->fd, request->completion_size, sizeof(uint64_t), &offsets.cr,
                     XDP_UMEM_PGOFF_COMPLETION_RING);
  }
  if (error == 0) {
    error = map_ring(&xdp->rx, xdp->fd, request->rx_size, sizeof(struct xdp_desc), &offsets.rx, XDP_PGOFF_RX_RING);
  }
  if (error == 0) {
    error = map_ring(&xdp->tx, xdp->fd, request->tx_size, sizeof(struct xdp_desc), &offsets.tx, XDP_PGOFF_TX_RING);
  }
  return error;
}

static void close_socket(struct xdp_socket *xdp) {
  unmap_ring(&xdp->fill);
  unmap_ring(&xdp->completion);
  unmap_ring(&xdp->rx);
  unmap_ring(&xdp->tx);
  if (xdp->fd >= 0) close(xdp->fd);
  xdp->fd = -1;
}

// Makes and binds the socket: `shared` is the socket whose UMEM it shares, or -1 to register the pool.
static int bind_socket(struct xdp_socket *xdp, const struct xdp_request *request, int shared, bool zero_copy,
                       const char **call) {
  *call = "socket AF_XDP";
  xdp->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (xdp->fd < 0) return -errno;
  struct xdp_umem_reg umem = {
      .addr = (uint64_t)(uintptr_t)pool.base,
      .len = (uint64_t)pool.frames << FRAME_SHIFT,
      .chunk_size = FRAME_SIZE,
      .headroom = UMEM_HEADROOM,
  };
  *call = "setsockopt XDP_UMEM_REG";
  int error = 0;
  if (shared < 0 && setsockopt(xdp->fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof umem) != 0) error = -errno;
  if (error == 0) error = map_rings(xdp, request, call);

  if (error == 0) {
    struct binding binding = {.fd = xdp->fd, .address = {.sxdp_family = AF_XDP}};
    binding.address.sxdp_ifindex = request->index;
    binding.address.sxdp_queue_id = request->queue;
    if (shared >= 0) { // the other flags come with the UMEM
      binding.address.sxdp_flags = XDP_SHARED_UMEM;
      binding.address.sxdp_shared_umem_fd = (uint32_t)shared;
    } else {
      binding.address.sxdp_flags = (uint16_t)(XDP_USE_NEED_WAKEUP | (zero_copy ? XDP_ZEROCOPY : XDP_COPY));
    }
    *call = "bind";
    // A queue that is busy is waited for by the call that registers, not once per socket to share with.
    error = shared >= 0 ? bind_once(&binding) : xdp_retry_busy(bind_once, &binding);
  }
  if (error != 0) close_socket(xdp);
  return error;
}

static int bind_any(struct xdp_socket *xdp, const struct xdp_request *request, bool zero_copy, const char **call) {
  for (int32_t handle = 0; handle < HANDLES; handle++) {
    const struct xdp_socket *other = handle_get(&xdp_sockets, handle);
    if (other == NULL || other->zero_copy != zero_copy) continue;
    if (bind_socket(xdp, request, other->fd, zero_copy, call) == 0) return 0;
    break; // whatever the reason, it shows again below if it is not the sharing
  }
  return bind_socket(xdp, request, -1, zero_copy, call);
}

static int open_socket(struct xdp_socket *xdp, const struct xdp_request *request, const char **call) {
  xdp->device = xdp_device_hold(request->index, request->mode, call);
  if (xdp->device == NULL) return -errno;

  int error = -EOPNOTSUPP;
  if (request->zero_copy && !xdp_device_is_generic(xdp->device)) error = bind_any(xdp, request, true, call);
  if (error != 0 && error != -EBUSY) error = bind_any(xdp, request, false, call);
  if (error == 0) {
    struct xdp_options options;
    socklen_t length = sizeof options;
    *call = "getsockopt XDP_OPTIONS";
    if (getsockopt(xdp->fd, SOL_XDP, XDP_OPTIONS, &options, &length) != 0) error = -errno;
    else xdp->zero_copy = (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
  }
  if (error == 0) {
    *call = "bpf BPF_MAP_UPDATE_ELEM";
    error = xdp_device_lead(xdp->device, request->queue, xdp->fd);
  }
  if (error == 0) return 0;
  close_socket(xdp);
  xdp_device_release(xdp->device);
  return error;
}

static bool power_of_two(int32_t value) {
  return value > 0 && (value & (value - 1)) == 0;
}

static bool parse_request(napi_env env, napi_value options, struct xdp_request *request) {
  int32_t queue, rx, tx, fill, completion;
  char mode[16];
  if (!string_property(env, options, "device", request->device, sizeof request->device) ||
      !integer_property(env, options, "queue", &queue) || !integer_property(env, options, "rxSize", &rx) ||
      !integer_property(env, options, "txSize", &tx) || !integer_property(env, options, "fillSize", &fill) ||
      !integer_property(env, options, "completionSize", &completion) ||
      !string_property(env, options, "mode", mode, sizeof mode) ||
      !boolean_property(env, options, "zeroCopy", &request->zero_copy) || queue < 0 || !power_of_two(rx) ||
      !power_of_two(tx) || !power_of_two(fill) || !power_of_two(completion)) {
    return false;
  }
  request->queue = (uint32_t)queue;
  request->rx_size = (uint32_t)rx;
  request->tx_size = (uint32_t)tx;
  request->fill_size = (uint32_t)fill;
  request->completion_size = (uint32_t)completion;
  if (strcmp(mode, "native") == 0) request->mode = XDP_MODE_NATIVE;
  else if (strcmp(mode, "generic") == 0) request->mode = XDP_MODE_GENERIC;
  else if (strcmp(mode, "auto") == 0) request->mode = XDP_MODE_AUTO;
  else return false;
  return true;
}

static void free_socket(struct xdp_socket *xdp) {
  if (xdp != NULL) free(xdp->held);
  free(xdp);
}

napi_value xdp_open(napi_env env, napi_callback_info info) {
  napi_value options;
  struct xdp_request request;
  if (!arguments(env, info, 1, &options) || !parse_request(env, options, &request)) {
    return throw_errno(env, EINVAL, "xdpOpen",
                       "an AF_XDP socket needs a device, a queue, ring sizes that are powers of two, and a mode");
  }
  request.index = if_nametoindex(request.device);
  if (request.index == 0) return throw_errno(env, errno, "if_nametoindex", "looking up device %s", request.device);
  if (!pool_hold()) return throw_errno(env, EINVAL, "xdpOpen", "an AF_XDP socket needs a registered packet pool");

  const char *call = "calloc";
  int error = -ENOMEM;
  int handle = -1;
  struct xdp_socket *xdp = calloc(1, sizeof *xdp);
  if (xdp != NULL) xdp->held = calloc(pool.frames, 1);
  if (xdp != NULL && xdp->held != NULL) {
    xdp->fd = -1;
    xdp->queue = request.queue;
    pthread_mutex_lock(&lock);
    error = open_socket(xdp, &request, &call);
    if (error == 0) {
      handle = error = handle_put(&xdp_sockets, xdp);
      call = "xdpOpen";
    }
    if (handle < 0 && xdp->fd >= 0) {
      close_socket(xdp);
      xdp_device_release(xdp->device);
    }
    pthread_mutex_unlock(&lock);
  }
  if (handle >= 0) return integer(env, handle);
  free_socket(xdp);
  pool_release();
  return throw_errno(env, -error, call, "%s of an AF_XDP socket to %s queue %u", call, request.device, request.queue);
}

// What has been sent by then stays on record as held, and so is among the frames that close returns.
static void drain(struct xdp_socket *xdp) {
  for (int i = 0; i < DRAIN_TIMES; i++) {
    if (xdp->sending == 0) return;
    int error = xdp_socket_kick(xdp);
    uint32_t ready;
    while ((ready = xdp_ring_ready(&xdp->completion, xdp->completion.size)) > 0) {
      xdp_ring_release(&xdp->completion, ready);
      xdp->sending -= ready;
    }
    if (error == -ENXIO || error == -ENETDOWN) return; // nothing will be sent any more
    if (xdp->sending > 0) nanosleep(&(struct timespec){.tv_nsec = DRAIN_PAUSE_NS}, NULL);
  }
}

static napi_value held_frames(napi_env env, const struct xdp_socket *xdp) {
  size_t count = 0;
  for (uint32_t frame = 0; frame < pool.frames; frame++) count += xdp->held[frame];
  void *data;
  napi_value buffer, array;
  if (napi_create_arraybuffer(env, count * sizeof(int32_t), &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_int32_array, count, buffer, 0, &array) != napi_ok) {
    return NULL;
  }
  int32_t *frames = data;
  for (uint32_t frame = 0; frame < pool.frames; frame++) {
    if (xdp->held[frame]) *frames++ = (int32_t)frame;
  }
  return array;
}

napi_value xdp_close(napi_env env, napi_callback_info info) {
  int32_t handle = integer_argument(env, info, -1);
  pthread_mutex_lock(&lock);
  struct xdp_socket *xdp = handle_take(&xdp_sockets, handle);
  if (xdp != NULL) {
    xdp_device_unlead(xdp->device, xdp->queue);
    drain(xdp);
    close_socket(xdp);
    xdp_device_release(xdp->device);
  }
  pthread_mutex_unlock(&lock);
  if (xdp == NULL) return throw_errno(env, EBADF, "xdpClose", "closing AF_XDP socket %d", handle);
  napi_value frames = held_frames(env, xdp);
  free_socket(xdp);
  pool_release();
  return frames;
}

napi_value xdp_info(napi_env env, napi_callback_info info) {
  int32_t handle = integer_argument(env, info, -1);
  const struct xdp_socket *xdp = handle_get(&xdp_sockets, handle);
  napi_value result;
  if (xdp == NULL) return throw_errno(env, EBADF, "xdpInfo", "looking at AF_XDP socket %d", handle);
  if (napi_create_object(env, &result) != napi_ok) return NULL;
  set_integer(env, result, "fd", xdp->fd);
  set_string(env, result, "mode", xdp_device_is_generic(xdp->device) ? "generic" : "native");
  set_boolean(env, result, "zeroCopy", xdp->zero_copy);
  set_integer(env, result, "queue", (int32_t)xdp->queue);
  return result;
}

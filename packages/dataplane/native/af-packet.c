// Opening and closing of AF_PACKET sockets.
//
// PACKET_QDISC_BYPASS is left off: this driver is for slow and odd devices (4G modems over USB), whose transmit
// queue stops often. With the bypass the kernel drops what meets a stopped queue; with the device's qdisc the
// packet waits, and a capture on the host shows it. The rings' copies cost more than the qdisc does.
#include "af-packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "device.h"
#include "errors.h"
#include "pool.h"

// A block is what the kernel allocates at once; slots fill it without a gap, so that a ring is one array.
#define BLOCK_BYTES (64 * 1024)
#define SLOTS_PER_BLOCK (BLOCK_BYTES / PACKET_SLOT)
#define MOST_SLOTS (1 << 16)
#define QUEUE_BYTES (8 * 1024 * 1024)

struct handle_table packet_sockets;

struct packet_request {
  char device[IFNAMSIZ];
  uint32_t index;
  uint32_t rx_slots, tx_slots;
};

static struct tpacket_req ring_request(uint32_t slots) {
  return (struct tpacket_req){
      .tp_block_size = BLOCK_BYTES,
      .tp_block_nr = slots / SLOTS_PER_BLOCK,
      .tp_frame_size = PACKET_SLOT,
      .tp_frame_nr = slots,
  };
}

static int set_options(int fd, const struct packet_request *request, const char **call) {
  struct tpacket_req rx = ring_request(request->rx_slots), tx = ring_request(request->tx_slots);
  int version = TPACKET_V2, on = 1;
  const struct {
    int option;
    const char *name;
    const void *value;
    socklen_t length;
  } options[] = {
      {PACKET_VERSION, "setsockopt PACKET_VERSION", &version, sizeof version},
      // Only so is it known where the checksum goes that the sender left to its device.
      {PACKET_VNET_HDR, "setsockopt PACKET_VNET_HDR", &on, sizeof on},
      {PACKET_IGNORE_OUTGOING, "setsockopt PACKET_IGNORE_OUTGOING", &on, sizeof on},
      // What a slot cannot take waits whole in the socket's queue (TP_STATUS_COPY).
      {PACKET_COPY_THRESH, "setsockopt PACKET_COPY_THRESH", &on, sizeof on},
      // A packet that the kernel refuses to send is dropped. Otherwise it would stop the ring for ever.
      {PACKET_LOSS, "setsockopt PACKET_LOSS", &on, sizeof on},
      {PACKET_RX_RING, "setsockopt PACKET_RX_RING", &rx, sizeof rx},
      {PACKET_TX_RING, "setsockopt PACKET_TX_RING", &tx, sizeof tx},
  };
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    *call = options[i].name;
    if (setsockopt(fd, SOL_PACKET, options[i].option, options[i].value, options[i].length) != 0) return -errno;
  }
  return 0;
}

static void release(struct packet_socket *packet) {
  if (packet->map != NULL) munmap(packet->map, packet->map_size);
  if (packet->fd >= 0) close(packet->fd);
  if (packet->whole_fd >= 0) close(packet->whole_fd);
  free(packet);
}

// The kernel's queues for packets that no slot takes: at 10 Gbit/s, what comes in some 5 ms.
static int set_buffers(int fd) {
  int bytes = QUEUE_BYTES;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) return -errno;
  return setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) == 0 ? 0 : -errno;
}

// A socket with a tx ring sends from nowhere else.
static int open_whole(struct packet_socket *packet, const struct packet_request *request, const char **call) {
  *call = "socket AF_PACKET";
  packet->whole_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (packet->whole_fd < 0) return -errno;
  int on = 1;
  *call = "setsockopt PACKET_VNET_HDR";
  if (setsockopt(packet->whole_fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0) return -errno;
  *call = "setsockopt SO_SNDBUFFORCE";
  int error = set_buffers(packet->whole_fd);
  if (error != 0) return error;
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)request->index};
  *call = "bind";
  return bind(packet->whole_fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : -errno;
}

static int open_socket(struct packet_socket *packet, const struct packet_request *request, const char **call) {
  // Protocol 0 receives nothing until bind says what and from where.
  *call = "socket AF_PACKET";
  packet->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (packet->fd < 0) return -errno;
  int error = set_options(packet->fd, request, call);
  if (error != 0) return error;
  *call = "setsockopt SO_RCVBUFFORCE";
  error = set_buffers(packet->fd);
  if (error != 0) return error;

  *call = "mmap";
  packet->map_size = (size_t)(request->rx_slots + request->tx_slots) * PACKET_SLOT;
  void *map = mmap(NULL, packet->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, packet->fd, 0);
  if (map == MAP_FAILED) return -errno;
  packet->map = map;
  packet->rx = (struct packet_ring){.slots = map, .size = request->rx_slots};
  packet->tx = (struct packet_ring){.slots = packet->rx.slots + (size_t)request->rx_slots * PACKET_SLOT,
                                    .size = request->tx_slots};

  struct sockaddr_ll address = {
      .sll_family = AF_PACKET,
      .sll_protocol = htons(ETH_P_ALL),
      .sll_ifindex = (int)request->index,
  };
  *call = "bind";
  if (bind(packet->fd, (struct sockaddr *)&address, sizeof address) != 0) return -errno;
  return open_whole(packet, request, call);
}

static bool slots_property(napi_env env, napi_value options, const char *name, uint32_t *out) {
  int32_t value;
  if (!integer_property(env, options, name, &value) || value < 1 || value > MOST_SLOTS) return false;
  *out = ((uint32_t)value + SLOTS_PER_BLOCK - 1) / SLOTS_PER_BLOCK * SLOTS_PER_BLOCK;
  return true;
}

napi_value packet_open(napi_env env, napi_callback_info info) {
  napi_value options;
  struct packet_request request;
  if (!arguments(env, info, 1, &options) ||
      !string_property(env, options, "device", request.device, sizeof request.device) ||
      !slots_property(env, options, "rxFrames", &request.rx_slots) ||
      !slots_property(env, options, "txFrames", &request.tx_slots)) {
    return throw_errno(env, EINVAL, "packetOpen",
                       "an AF_PACKET socket needs a device, and rxFrames and txFrames of 1 to %d", MOST_SLOTS);
  }
  request.index = if_nametoindex(request.device);
  if (request.index == 0) return throw_errno(env, errno, "if_nametoindex", "looking up device %s", request.device);
  int ethernet = device_is_ethernet(request.device);
  if (ethernet < 0) {
    return throw_errno(env, -ethernet, "ioctl SIOCGIFHWADDR", "reading the link type of %s", request.device);
  }

  struct packet_socket *packet = calloc(1, sizeof *packet);
  if (packet == NULL) return throw_errno(env, ENOMEM, "calloc", "memory for an AF_PACKET socket");
  packet->fd = packet->whole_fd = -1;
  packet->start = ethernet ? START_ETHERNET : START_IP;
  const char *call;
  int result = open_socket(packet, &request, &call);
  if (result == 0) {
    call = "packetOpen";
    result = handle_put(&packet_sockets, packet);
    if (result >= 0) return integer(env, result);
  }
  release(packet);
  return throw_errno(env, -result, call, "%s of an AF_PACKET socket to %s", call, request.device);
}

napi_value packet_close(napi_env env, napi_callback_info info) {
  int32_t handle = integer_argument(env, info, -1);
  struct packet_socket *packet = handle_take(&packet_sockets, handle);
  if (packet == NULL) return throw_errno(env, EBADF, "packetClose", "closing AF_PACKET socket %d", handle);
  release(packet);
  return NULL;
}

napi_value packet_fd(napi_env env, napi_callback_info info) {
  int32_t handle = integer_argument(env, info, -1);
  const struct packet_socket *packet = handle_get(&packet_sockets, handle);
  if (packet == NULL) return throw_errno(env, EBADF, "packetFd", "looking at AF_PACKET socket %d", handle);
  return integer(env, packet->fd);
}

// Opening of sockets in network namespaces.
//
// A socket stays in the namespace that it was opened in, so the thread goes there only for the opening, and comes back.
#include "sockets.h"

#include <net/if.h> // before those of linux/, which leave out what it has

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "errors.h"

#define PATH_BYTES 256
// What comes in while the event loop is busy, some 1,200 messages as the kernel counts their memory: what begins anew is
// left out in a microsecond each, and must not keep out who has come half way. Not more: what waits for a second is
// answered to clients that have asked anew.
#define QUEUE_BYTES (1024 * 1024)
#define PORT_SERVER 67
#define PORT_CLIENT 68
#define PORT_SERVER6 547

struct place {
  char namespace[PATH_BYTES]; // empty: where the process is
  char device[IFNAMSIZ];
};

typedef int (*opener)(const struct place *place, const char **doing);

// A thread that could not come back would open everything else in the wrong place: it ends the process instead.
static int in_namespace(const struct place *place, opener open_there, const char **doing) {
  if (place->namespace[0] == '\0') return open_there(place, doing);
  *doing = "opening /proc/thread-self/ns/net";
  int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home < 0) return -errno;
  *doing = "opening the network namespace";
  int away = open(place->namespace, O_RDONLY | O_CLOEXEC);
  int result = away < 0 ? -errno : 0;
  if (result == 0) {
    *doing = "entering the network namespace";
    if (setns(away, CLONE_NEWNET) != 0) {
      result = -errno;
    } else {
      result = open_there(place, doing);
      if (setns(home, CLONE_NEWNET) != 0) abort();
    }
    close(away);
  }
  close(home);
  return result;
}

static int failed(int fd) {
  int error = errno;
  close(fd);
  return -error;
}

static bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// Answers of ARP; UDP to a DHCP server, and of other servers to clients, in packets that are no later fragments. What is for
// one of the box's own addresses comes by the UDP socket: of what is sent to this station alone, only broadcasts are taken.
static struct sock_filter accepted[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, 2),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20), // operation
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 13, 14),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 13),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), // protocol
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 11),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (__u32)SKF_AD_OFF + SKF_AD_PKTTYPE),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 2),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 30), // destination
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 0, 7),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20), // flags and offset of fragments
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 5, 0),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14), // the header's length
    BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),  // destination port
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_SERVER, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_CLIENT, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0x40000),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

static int open_link_there(const struct place *place, const char **doing) {
  *doing = "looking for the device";
  unsigned index = if_nametoindex(place->device);
  if (index == 0) return -errno;
  // Protocol 0 receives nothing until bind says what and from where, so nothing passes before the filter is there.
  *doing = "opening a packet socket";
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  struct sock_fprog program = {.len = sizeof accepted / sizeof *accepted, .filter = accepted};
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
  *doing = "preparing a packet socket";
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      !set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) || !set(fd, SOL_PACKET, PACKET_AUXDATA, 1) ||
      !set(fd, SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES) || !set(fd, SOL_SOCKET, SO_SNDBUFFORCE, QUEUE_BYTES) ||
      bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    return failed(fd);
  }
  return fd;
}

static int open_udp_there(const struct place *place, const char **doing) {
  (void)place;
  *doing = "opening a UDP socket";
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT_SERVER)};
  *doing = "binding UDP port 67, which another server may have";
  if (!set(fd, IPPROTO_IP, IP_PKTINFO, 1) || !set(fd, SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES) ||
      !set(fd, SOL_SOCKET, SO_SNDBUFFORCE, QUEUE_BYTES) ||
      bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    return failed(fd);
  }
  return fd;
}

static int open_udp6_there(const struct place *place, const char **doing) {
  (void)place;
  *doing = "opening a UDP socket of IPv6";
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(PORT_SERVER6)};
  *doing = "binding UDP port 547, which another server may have";
  // Without IPV6_MULTICAST_ALL, only what was sent to a group on a device that has joined it is heard.
  if (!set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) || !set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) ||
      !set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) || !set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) ||
      !set(fd, SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES) || !set(fd, SOL_SOCKET, SO_SNDBUFFORCE, QUEUE_BYTES) ||
      bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    return failed(fd);
  }
  return fd;
}

static int open_icmp_there(const struct place *place, const char **doing) {
  (void)place;
  *doing = "opening an ICMP socket";
  int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
  if (fd < 0) return -errno;
  struct icmp_filter filter = {.data = ~(1U << ICMP_ECHOREPLY)};
  if (setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter) != 0) return failed(fd);
  return fd;
}

static int index_there(const struct place *place, const char **doing) {
  *doing = "opening a socket";
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct ifreq request = {0};
  memcpy(request.ifr_name, place->device, IFNAMSIZ);
  int index = (int)if_nametoindex(place->device);
  bool up = index != 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
  close(fd);
  return up ? index : 0;
}

static napi_value open_at(napi_env env, napi_callback_info info, size_t count, opener open_there) {
  napi_value values[2];
  struct place place = {0};
  if (!arguments(env, info, count, values) ||
      !string_value(env, values[0], place.namespace, sizeof place.namespace) ||
      (count > 1 && !string_value(env, values[1], place.device, sizeof place.device))) {
    return throw_errno(env, EINVAL, "reading the namespace and the device");
  }
  const char *doing = "";
  int result = in_namespace(&place, open_there, &doing);
  return result < 0 ? throw_errno(env, -result, doing) : integer(env, result);
}

napi_value open_link(napi_env env, napi_callback_info info) { return open_at(env, info, 2, open_link_there); }

napi_value open_udp(napi_env env, napi_callback_info info) { return open_at(env, info, 1, open_udp_there); }

napi_value open_udp6(napi_env env, napi_callback_info info) { return open_at(env, info, 1, open_udp6_there); }

napi_value open_icmp(napi_env env, napi_callback_info info) { return open_at(env, info, 1, open_icmp_there); }

// Index of a device that is up; 0 when there is none.
napi_value link_index(napi_env env, napi_callback_info info) { return open_at(env, info, 2, index_there); }

// joinGroup6(fd, Uint8Array of 16, index, join): 0, or -errno.
napi_value join_group6(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t fd;
  uint32_t index;
  uint8_t *group;
  size_t size;
  bool join;
  if (!arguments(env, info, 4, values) || !integer_value(env, values[0], &fd) ||
      !bytes_value(env, values[1], &group, &size) || size != sizeof(struct in6_addr) ||
      !unsigned_value(env, values[2], &index) || napi_get_value_bool(env, values[3], &join) != napi_ok) {
    return integer(env, -EINVAL);
  }
  struct ipv6_mreq request = {.ipv6mr_interface = index};
  memcpy(&request.ipv6mr_multiaddr, group, size);
  int name = join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP;
  int result = setsockopt(fd, IPPROTO_IPV6, name, &request, sizeof request);
  // A group that was joined is joined.
  return integer(env, result == 0 || (join && errno == EADDRINUSE) ? 0 : -errno);
}

static int open_datagram_there(const struct place *place, const char **doing) {
  (void)place;
  *doing = "opening a UDP socket";
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

static int open_datagram6_there(const struct place *place, const char **doing) {
  (void)place;
  *doing = "opening a UDP socket of IPv6";
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

static int open_stream_there(const struct place *place, const char **doing) {
  (void)place;
  *doing = "opening a TCP socket";
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

static int open_stream6_there(const struct place *place, const char **doing) {
  (void)place;
  *doing = "opening a TCP socket of IPv6";
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

napi_value open_datagram(napi_env env, napi_callback_info info) { return open_at(env, info, 1, open_datagram_there); }

napi_value open_datagram6(napi_env env, napi_callback_info info) {
  return open_at(env, info, 1, open_datagram6_there);
}

napi_value open_stream(napi_env env, napi_callback_info info) { return open_at(env, info, 1, open_stream_there); }

napi_value open_stream6(napi_env env, napi_callback_info info) { return open_at(env, info, 1, open_stream6_there); }

// Reads (fd, address of 4 or 16 octets, port). The length of the socket address; 0 when these are none.
static socklen_t end_value(napi_env env, napi_callback_info info, int32_t *fd, struct sockaddr_storage *end) {
  napi_value values[3];
  uint32_t port;
  uint8_t *address;
  size_t size;
  if (!arguments(env, info, 3, values) || !integer_value(env, values[0], fd) ||
      !bytes_value(env, values[1], &address, &size) || !unsigned_value(env, values[2], &port) || port > 65535) {
    return 0;
  }
  if (size == 4) {
    struct sockaddr_in end4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    memcpy(&end4.sin_addr, address, size);
    memcpy(end, &end4, sizeof end4);
    return sizeof end4;
  }
  if (size != 16) return 0;
  struct sockaddr_in6 end6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  memcpy(&end6.sin6_addr, address, size);
  memcpy(end, &end6, sizeof end6);
  return sizeof end6;
}

// beginConnect(fd, address of 4 or 16 octets, port): 0 when it is under way, or -errno. A socket stays in its namespace,
// so this is done from anywhere.
napi_value begin_connect(napi_env env, napi_callback_info info) {
  int32_t fd;
  struct sockaddr_storage to;
  socklen_t size = end_value(env, info, &fd, &to);
  if (size == 0) return integer(env, -EINVAL);
  int result = connect(fd, (struct sockaddr *)&to, size);
  return integer(env, result == 0 || errno == EINPROGRESS ? 0 : -errno);
}

// bindTo(fd, address of 4 or 16 octets, port): 0, or -errno. Connections of a server that has ended do not keep the port.
napi_value bind_to(napi_env env, napi_callback_info info) {
  int32_t fd;
  struct sockaddr_storage own;
  socklen_t size = end_value(env, info, &fd, &own);
  if (size == 0) return integer(env, -EINVAL);
  int type = 0;
  socklen_t length = sizeof type;
  bool done = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
              (type != SOCK_STREAM || set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) &&
              bind(fd, (struct sockaddr *)&own, size) == 0;
  return integer(env, done ? 0 : -errno);
}

napi_value close_fd(napi_env env, napi_callback_info info) {
  napi_value value;
  int32_t fd;
  if (arguments(env, info, 1, &value) && integer_value(env, value, &fd)) close(fd);
  return NULL;
}

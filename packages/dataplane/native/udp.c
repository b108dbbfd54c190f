#include "udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "namespace.h"

// Datagrams of a burst wait here for the device: some 300 of 1,400 octets, as the kernel counts them.
#define QUEUE_BYTES (1 << 20)

static bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// Not connected: the source address follows the routes. With RECVERR the next call hears of ICMP errors all the same.
static int open_there(const void *what, const char **call) {
  int family = *(const int *)what;
  *call = "socket";
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  *call = "setsockopt";
  bool errors = family == AF_INET ? set(fd, IPPROTO_IP, IP_RECVERR, 1) : set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
  if (errors && set(fd, SOL_SOCKET, SO_SNDBUF, QUEUE_BYTES)) return fd;
  int error = errno;
  close(fd);
  return -error;
}

napi_value udp_open(napi_env env, napi_callback_info info) {
  napi_value values[2];
  char path[256];
  int32_t version;
  if (!arguments(env, info, 2, values) || !string_value(env, values[0], path, sizeof path) ||
      !integer_value(env, values[1], &version) || (version != 4 && version != 6)) {
    return throw_errno(env, EINVAL, "udpOpen", "a UDP socket needs the path of a namespace, and 4 or 6");
  }
  int family = version == 4 ? AF_INET : AF_INET6;
  const char *call = "";
  int fd = in_namespace(path, open_there, &family, &call);
  if (fd < 0) return throw_errno(env, -fd, call, "opening a UDP socket in %s", path[0] == '\0' ? "place" : path);
  return integer(env, fd);
}

// What ICMP told waits in a queue, whose packets are of no use here.
static void forget_errors(int fd) {
  uint8_t octet;
  while (recv(fd, &octet, sizeof octet, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
  }
}

napi_value udp_send(napi_env env, napi_callback_info info) {
  napi_value values[5];
  int32_t fd, length, port;
  uint8_t *bytes, *address;
  size_t room, size;
  if (!arguments(env, info, 5, values) || !integer_value(env, values[0], &fd) ||
      !bytes_value(env, values[1], &bytes, &room) || !integer_value(env, values[2], &length) ||
      !bytes_value(env, values[3], &address, &size) || !integer_value(env, values[4], &port) || length < 0 ||
      (size_t)length > room || (size != 4 && size != 16) || port < 0 || port > 65535) {
    return integer(env, -EINVAL);
  }
  struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  if (size == 4) memcpy(&to4.sin_addr, address, size);
  else memcpy(&to6.sin6_addr, address, size);
  const struct sockaddr *to = size == 4 ? (const struct sockaddr *)&to4 : (const struct sockaddr *)&to6;
  ssize_t sent = sendto(fd, bytes, (size_t)length, MSG_NOSIGNAL, to, size == 4 ? sizeof to4 : sizeof to6);
  if (sent >= 0) return integer(env, (int32_t)sent);
  int error = errno;
  forget_errors(fd);
  return integer(env, -error);
}

// Preloaded into charon: leads its NETLINK_XFRM sockets to the IKE bridge instead of the kernel.
//
// SLUICE_XFRM_SOCKET is the path of the bridge's Unix socket; without it the library does nothing.
// Covered are the calls that strongSwan's kernel-netlink plugin makes on such sockets: socket, bind,
// setsockopt, sendto, recv, recvfrom, select or poll (by what the descriptor stands for) and close. A
// socket that is never bound, as the plugin opens for ethtool's ioctl, connects to nothing.
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "channel.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int socket(int domain, int type, int protocol) {
  channel_setup();
  if (domain == AF_NETLINK && protocol == NETLINK_XFRM && channel_enabled()) return channel_open(type);
  return real.socket(domain, type, protocol);
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t length) {
  channel_setup();
  struct channel *channel = channel_find(fd);
  if (channel == NULL) return real.bind(fd, address, length);
  struct sockaddr_nl netlink = {.nl_family = AF_NETLINK};
  memcpy(&netlink, address, length < sizeof netlink ? length : sizeof netlink);
  channel_bind(channel, netlink.nl_groups);
  return 0;
}

// Buffer sizes and netlink's own options mean nothing on a Unix socket, and the program would log that
// they fail.
EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
  channel_setup();
  if (channel_find(fd) != NULL) return 0;
  return real.setsockopt(fd, level, name, value, length);
}

EXPORT ssize_t sendto(int fd, const void *message, size_t length, int flags, const struct sockaddr *address,
                      socklen_t address_length) {
  channel_setup();
  struct channel *channel = channel_find(fd);
  if (channel != NULL) return channel_send(channel, message, length);
  return real.sendto(fd, message, length, flags, address, address_length);
}

EXPORT ssize_t recv(int fd, void *buffer, size_t size, int flags) {
  channel_setup();
  struct channel *channel = channel_find(fd);
  if (channel != NULL) return channel_receive(channel, buffer, size, flags);
  return real.recv(fd, buffer, size, flags);
}

EXPORT ssize_t recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *address,
                        socklen_t *address_length) {
  channel_setup();
  struct channel *channel = channel_find(fd);
  if (channel == NULL) return real.recvfrom(fd, buffer, size, flags, address, address_length);
  ssize_t length = channel_receive(channel, buffer, size, flags);
  if (length >= 0 && address != NULL && address_length != NULL) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK}; // nl_pid 0: from the kernel
    memcpy(address, &kernel, *address_length < sizeof kernel ? *address_length : sizeof kernel);
    *address_length = sizeof kernel;
  }
  return length;
}

// glibc's checked variants, which a build with _FORTIFY_SOURCE may call instead.
EXPORT ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t space, int flags) {
  return recv(fd, buffer, size < space ? size : space, flags);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buffer, size_t size, size_t space, int flags,
                              struct sockaddr *address, socklen_t *address_length) {
  return recvfrom(fd, buffer, size < space ? size : space, flags, address, address_length);
}

EXPORT int close(int fd) {
  channel_setup();
  struct channel *channel = channel_find(fd);
  return channel != NULL ? channel_close(channel) : real.close(fd);
}

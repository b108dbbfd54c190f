// Receiving and sending: a message a call, -errno for what cannot be done.
#include "transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "arguments.h"

// What receive() tells of a message, in an Int32Array of the caller's.
enum {
  META_UNCHECKED,
  META_INTERFACE,
  META_DESTINATION,
  META_SOURCE,
  META_SOURCE_PORT,
  META_DESTINATION6,
  META_SOURCE6 = META_DESTINATION6 + 4,
  META_COUNT = META_SOURCE6 + 4,
};

// Four words in host order, the most significant first.
static void address6_words(const struct in6_addr *address, int32_t *words) {
  for (int i = 0; i < 4; i++) words[i] = (int32_t)ntohl(address->s6_addr32[i]);
}

static bool meta_value(napi_env env, napi_value value, int32_t **out) {
  napi_typedarray_type type;
  size_t length;
  return napi_get_typedarray_info(env, value, &type, &length, (void **)out, NULL, NULL) == napi_ok &&
         type == napi_int32_array && length >= META_COUNT;
}

static void read_control(struct msghdr *message, int32_t *meta) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA) {
      struct tpacket_auxdata auxdata;
      memcpy(&auxdata, CMSG_DATA(part), sizeof auxdata);
      // The sender left the checksum to its device, and there was none on the way.
      meta[META_UNCHECKED] = (auxdata.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo where;
      memcpy(&where, CMSG_DATA(part), sizeof where);
      meta[META_INTERFACE] = where.ipi_ifindex;
      meta[META_DESTINATION] = (int32_t)ntohl(where.ipi_addr.s_addr);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo where;
      memcpy(&where, CMSG_DATA(part), sizeof where);
      meta[META_INTERFACE] = (int32_t)where.ipi6_ifindex;
      address6_words(&where.ipi6_addr, meta + META_DESTINATION6);
    }
  }
}

// receive(fd, Uint8Array, Int32Array): octets of the message; one that is longer than the array is cut.
napi_value receive(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int32_t fd, *meta;
  uint8_t *bytes;
  size_t size;
  if (!arguments(env, info, 3, values) || !integer_value(env, values[0], &fd) ||
      !bytes_value(env, values[1], &bytes, &size) || !meta_value(env, values[2], &meta)) {
    return integer(env, -EINVAL);
  }
  struct sockaddr_storage from = {0};
  union {
    char bytes[256];
    struct cmsghdr align;
  } control;
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  struct msghdr message = {
      .msg_name = &from,
      .msg_namelen = sizeof from,
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
      .msg_controllen = sizeof control,
  };
  ssize_t length = recvmsg(fd, &message, 0);
  if (length < 0) return integer(env, -errno);
  memset(meta, 0, META_COUNT * sizeof *meta);
  read_control(&message, meta);
  if (from.ss_family == AF_INET) {
    const struct sockaddr_in *address = (const struct sockaddr_in *)&from;
    meta[META_SOURCE] = (int32_t)ntohl(address->sin_addr.s_addr);
    meta[META_SOURCE_PORT] = ntohs(address->sin_port);
  } else if (from.ss_family == AF_INET6) {
    const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)&from;
    address6_words(&address->sin6_addr, meta + META_SOURCE6);
    meta[META_SOURCE_PORT] = ntohs(address->sin6_port);
  }
  return integer(env, (int32_t)length);
}

// linkAddress(fd, Uint8Array of 6): the index of the device that a packet socket is bound to, 0 when it is gone; and its
// MAC address as it is now.
napi_value link_address(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t fd;
  uint8_t *bytes;
  size_t size;
  if (!arguments(env, info, 2, values) || !integer_value(env, values[0], &fd) ||
      !bytes_value(env, values[1], &bytes, &size) || size < 6) {
    return integer(env, -EINVAL);
  }
  struct sockaddr_ll address = {0};
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) return integer(env, -errno);
  if (address.sll_ifindex <= 0 || address.sll_halen != 6) return integer(env, 0);
  memcpy(bytes, address.sll_addr, 6);
  return integer(env, address.sll_ifindex);
}

// sendFrame(fd, Uint8Array): to the device that the socket is bound to.
napi_value send_frame(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t fd;
  uint8_t *bytes;
  size_t size;
  if (!arguments(env, info, 2, values) || !integer_value(env, values[0], &fd) ||
      !bytes_value(env, values[1], &bytes, &size)) {
    return integer(env, -EINVAL);
  }
  ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
  return integer(env, sent < 0 ? -errno : (int32_t)sent);
}

// One datagram; `control` says from which address, or is NULL. What sendmsg returns, or -errno.
static napi_value send_from(napi_env env, int fd, uint8_t *bytes, size_t size, void *to, socklen_t to_size,
                            void *control, size_t control_size) {
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  struct msghdr message = {
      .msg_name = to,
      .msg_namelen = to_size,
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = control,
      .msg_controllen = control == NULL ? 0 : control_size,
  };
  ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  return integer(env, sent < 0 ? -errno : (int32_t)sent);
}

// sendDatagram(fd, Uint8Array, source, destination, port): source 0 lets Linux choose.
napi_value send_datagram(napi_env env, napi_callback_info info) {
  napi_value values[5];
  int32_t fd, port;
  uint32_t source, destination;
  uint8_t *bytes;
  size_t size;
  if (!arguments(env, info, 5, values) || !integer_value(env, values[0], &fd) ||
      !bytes_value(env, values[1], &bytes, &size) || !unsigned_value(env, values[2], &source) ||
      !unsigned_value(env, values[3], &destination) || !integer_value(env, values[4], &port)) {
    return integer(env, -EINVAL);
  }
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(destination)};
  union {
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct cmsghdr header;
  } control = {0};
  struct in_pktinfo where = {.ipi_spec_dst.s_addr = htonl(source)};
  control.header = (struct cmsghdr){
      .cmsg_len = CMSG_LEN(sizeof where), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
  memcpy(CMSG_DATA(&control.header), &where, sizeof where);
  return send_from(env, fd, bytes, size, &to, sizeof to, source == 0 ? NULL : &control, sizeof control);
}

// sendDatagram6(fd, Uint8Array, source, destination, index, port): source :: and index 0 let Linux choose.
napi_value send_datagram6(napi_env env, napi_callback_info info) {
  napi_value values[6];
  int32_t fd, port;
  uint32_t index;
  uint8_t *bytes, *source, *destination;
  size_t size, source_size, destination_size;
  if (!arguments(env, info, 6, values) || !integer_value(env, values[0], &fd) ||
      !bytes_value(env, values[1], &bytes, &size) || !bytes_value(env, values[2], &source, &source_size) ||
      !bytes_value(env, values[3], &destination, &destination_size) || source_size != sizeof(struct in6_addr) ||
      destination_size != sizeof(struct in6_addr) || !unsigned_value(env, values[4], &index) ||
      !integer_value(env, values[5], &port)) {
    return integer(env, -EINVAL);
  }
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  memcpy(&to.sin6_addr, destination, destination_size);
  // The scope of a link-local address; others have none.
  if (IN6_IS_ADDR_LINKLOCAL(&to.sin6_addr)) to.sin6_scope_id = index;
  union {
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct cmsghdr header;
  } control = {0};
  struct in6_pktinfo where = {.ipi6_ifindex = to.sin6_scope_id};
  memcpy(&where.ipi6_addr, source, source_size);
  control.header = (struct cmsghdr){
      .cmsg_len = CMSG_LEN(sizeof where), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
  memcpy(CMSG_DATA(&control.header), &where, sizeof where);
  return send_from(env, fd, bytes, size, &to, sizeof to, &control, sizeof control);
}

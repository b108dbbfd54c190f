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
enum { META_UNCHECKED, META_INTERFACE, META_DESTINATION, META_SOURCE, META_SOURCE_PORT, META_COUNT };

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
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  struct msghdr message = {
      .msg_name = &to,
      .msg_namelen = sizeof to,
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = source == 0 ? NULL : control.bytes,
      .msg_controllen = source == 0 ? 0 : sizeof control,
  };
  ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  return integer(env, sent < 0 ? -errno : (int32_t)sent);
}

// TCP segments that Linux hands over, and takes, as one packet (GSO).
//
// The graph knows packets of the link's MTU only, so that every node works on every packet. What comes as one is cut into
// frames as it is received, which costs no copy more: the kernel scatters the payload. What leaves in a row and belongs
// together is given to the kernel as one, which cuts it where the device cannot.
#include "af-packet-segments.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "pool.h"
#include "tcp-segments.h"

// As many as a caller offers frames at once.
#define SEGMENTS_MOST 256
#define VLAN_TAG 4
#define MAC_ADDRESSES 12
#define ETHERNET_BYTES 14

static __thread struct iovec parts[SEGMENTS_MOST + 1];

static uint32_t ip_offset(const struct packet_socket *packet) {
  return packet->start == START_ETHERNET ? ETHERNET_BYTES : 0;
}

void packet_discard_copy(const struct packet_socket *packet) {
  uint8_t byte;
  recv(packet->fd, &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC);
}

// Has the kernel copy the packet's payload, which waits in the socket's queue, into the frames of `parts`.
static bool scatter(const struct packet_socket *packet, uint32_t header_bytes, int32_t segments, uint32_t length) {
  static __thread uint8_t skipped[PACKET_VNET_BYTES + TCP_HEADERS_MOST];
  parts[0] = (struct iovec){skipped, PACKET_VNET_BYTES + header_bytes};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)segments + 1};
  return recvmsg(packet->fd, &message, MSG_DONTWAIT) == (ssize_t)(PACKET_VNET_BYTES + length);
}

// The same for a packet that is in its slot of the ring.
static void copy(const uint8_t *payload, int32_t segments) {
  for (int32_t i = 1; i <= segments; i++) {
    memcpy(parts[i].iov_base, payload, parts[i].iov_len);
    payload += parts[i].iov_len;
  }
}

int32_t packet_take_segments(struct packet_socket *packet, const struct tpacket2_hdr *slot,
                             const struct virtio_net_hdr *header, const int32_t *frames, int32_t count) {
  const uint8_t *bytes = (const uint8_t *)slot + slot->tp_mac;
  uint32_t there = slot->tp_snaplen, length = slot->tp_len, size = header->gso_size;
  uint8_t type = header->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
  bool waits = (slot->tp_status & TP_STATUS_COPY) != 0;
  bool tagged = (slot->tp_status & TP_STATUS_VLAN_VALID) != 0;
  struct tcp_headers at;
  if ((type != VIRTIO_NET_HDR_GSO_TCPV4 && type != VIRTIO_NET_HDR_GSO_TCPV6) || size == 0 ||
      (length > there && !waits) || !tcp_find_headers(bytes, there, ip_offset(packet), &at) || length <= at.end) {
    return PACKET_CANNOT_CUT;
  }
  uint32_t header_bytes = at.end, payload = length - header_bytes, segments = (payload + size - 1) / size;
  uint8_t headers[TCP_HEADERS_MOST + VLAN_TAG];
  memcpy(headers, bytes, header_bytes);
  if (tagged) {
    packet_insert_tag(headers, bytes, header_bytes, slot);
    at.ip += VLAN_TAG;
    at.tcp += VLAN_TAG;
    at.end += VLAN_TAG;
  }
  if (segments > SEGMENTS_MOST || at.end + size > (uint32_t)(FRAME_SIZE - packet->start)) return PACKET_CANNOT_CUT;
  if ((int32_t)segments > count) return PACKET_NEEDS_FRAMES;
  for (uint32_t i = 0; i < segments; i++) {
    if (!pool_has(frames[i])) return PACKET_NEEDS_FRAMES;
    uint8_t *start = pool.base + ((size_t)frames[i] << FRAME_SHIFT) + packet->start;
    parts[i + 1] = (struct iovec){start + at.end, i + 1 < segments ? size : payload - i * size};
  }
  if (!waits) copy(bytes + header_bytes, (int32_t)segments);
  else if (!scatter(packet, header_bytes, (int32_t)segments, length)) return PACKET_LOST_COPY;

  for (uint32_t i = 0; i < segments; i++) {
    int32_t offset = (frames[i] << FRAME_SHIFT) + packet->start;
    uint32_t bytes_of = (uint32_t)parts[i + 1].iov_len;
    tcp_finish_segment(pool.base + offset, headers, &at, i, i * size, bytes_of, i + 1 == segments);
    pool.offsets[frames[i]] = offset;
    pool.lengths[frames[i]] = (int32_t)(at.end + bytes_of);
  }
  return (int32_t)segments;
}

int32_t packet_send_together(struct packet_socket *packet, const int32_t *packets, int32_t count) {
  struct tcp_headers at;
  uint32_t size;
  int32_t run = tcp_run(packets, count < SEGMENTS_MOST ? count : SEGMENTS_MOST, ip_offset(packet), &at, &size);
  if (run < 2) return 0;

  uint8_t headers[PACKET_VNET_BYTES + TCP_HEADERS_MOST];
  uint32_t payload = 0;
  for (int32_t i = 0; i < run; i++) {
    uint32_t each = i + 1 < run ? size : tcp_payload(packets[i], &at);
    parts[i + 1] = (struct iovec){pool.base + pool.offsets[packets[i]] + at.end, each};
    payload += each;
  }
  struct virtio_net_hdr header = {
      .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
      .gso_type = at.ip6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4,
      .hdr_len = (uint16_t)at.end,
      .gso_size = (uint16_t)size,
      .csum_start = (uint16_t)at.tcp,
      .csum_offset = TCP_CHECKSUM_OFFSET,
  };
  memcpy(headers, &header, sizeof header);
  tcp_joined_headers(headers + PACKET_VNET_BYTES, pool.base + pool.offsets[packets[0]],
                     pool.base + pool.offsets[packets[run - 1]], &at, payload);
  parts[0] = (struct iovec){headers, PACKET_VNET_BYTES + at.end};

  // What is in the ring goes first.
  if (packet->queued && sendto(packet->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0) return -errno;
  packet->queued = false;
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)run + 1};
  return sendmsg(packet->whole_fd, &message, MSG_DONTWAIT) >= 0 ? run : -errno;
}

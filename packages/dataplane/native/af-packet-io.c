// Batches over the rings of an AF_PACKET socket. Packets are copied, so frames stay the caller's throughout.
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>

#include "af-packet-segments.h"
#include "args.h"
#include "checksum.h"
#include "pool.h"

_Static_assert(sizeof(struct virtio_net_hdr) == PACKET_VNET_BYTES, "PACKET_VNET_HDR is the short header");

#define MAC_ADDRESSES 12
#define VLAN_TAG 4

// Where the kernel looks for what is to be sent: tpacket_parse_header() of net/packet/af_packet.c.
#define TX_AT (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))
#define TX_MOST ((int32_t)(PACKET_SLOT - TX_AT - PACKET_VNET_BYTES))

static struct tpacket2_hdr *slot_at(const struct packet_ring *ring) {
  return (struct tpacket2_hdr *)(void *)(ring->slots + (size_t)ring->at * PACKET_SLOT);
}

static void advance(struct packet_ring *ring) {
  if (++ring->at == ring->size) ring->at = 0;
}

// What a sending device would have done. The field holds the sum of the pseudo header, so that the sum from
// `start` on is that of all. 0 means "no checksum" to UDP, and is sent as 0xffff (RFC 768), which TCP reads alike.
static bool complete_checksum(uint8_t *packet, uint32_t length, uint32_t start, uint32_t offset) {
  if (start + offset + 2 > length) return false;
  uint16_t checksum = (uint16_t)~checksum_fold(checksum_part(packet + start, length - start));
  if (checksum == 0) checksum = 0xffff;
  memcpy(packet + start + offset, &checksum, sizeof checksum);
  return true;
}

void packet_insert_tag(uint8_t *to, const uint8_t *bytes, uint32_t length, const struct tpacket2_hdr *slot) {
  memmove(to + MAC_ADDRESSES + VLAN_TAG, bytes + MAC_ADDRESSES, length - MAC_ADDRESSES);
  memcpy(to, bytes, MAC_ADDRESSES);
  to[MAC_ADDRESSES] = (uint8_t)(slot->tp_vlan_tpid >> 8);
  to[MAC_ADDRESSES + 1] = (uint8_t)slot->tp_vlan_tpid;
  to[MAC_ADDRESSES + 2] = (uint8_t)(slot->tp_vlan_tci >> 8);
  to[MAC_ADDRESSES + 3] = (uint8_t)slot->tp_vlan_tci;
}

// Copies a packet that is no several segments into a frame. False when it was dropped, and counted.
static bool take_whole(struct packet_socket *packet, const struct tpacket2_hdr *slot,
                       struct virtio_net_hdr header, int32_t frame) {
  const uint8_t *bytes = (const uint8_t *)slot + slot->tp_mac;
  // Linux takes a VLAN tag off before packet sockets see the packet, whatever the device does.
  bool tagged = (slot->tp_status & TP_STATUS_VLAN_VALID) != 0;
  uint32_t length = slot->tp_snaplen;
  uint32_t tag = tagged ? VLAN_TAG : 0;

  if (slot->tp_len > length || length + tag > (uint32_t)(FRAME_SIZE - packet->start)) {
    packet->counters[PACKET_COUNT_TOO_LONG]++;
    return false;
  }
  if (tagged && length < MAC_ADDRESSES) {
    packet->counters[PACKET_COUNT_MALFORMED]++;
    return false;
  }
  int32_t offset = (frame << FRAME_SHIFT) + packet->start;
  uint8_t *to = pool.base + offset;
  if (tagged) packet_insert_tag(to, bytes, length, slot);
  else memcpy(to, bytes, length);
  if ((header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
    if (!complete_checksum(to + tag, length, header.csum_start, header.csum_offset)) {
      packet->counters[PACKET_COUNT_MALFORMED]++;
      return false;
    }
    packet->counters[PACKET_COUNT_CHECKSUMS_COMPLETED]++;
  }
  pool.offsets[frame] = offset;
  pool.lengths[frame] = (int32_t)(length + tag);
  return true;
}

// Puts what a slot has into frames. Returns how many: 0 when it was dropped, and counted; PACKET_NEEDS_FRAMES when it is
// left in its slot, because it needs more than there are.
static int32_t take(struct packet_socket *packet, const struct tpacket2_hdr *slot, const int32_t *frames,
                    int32_t count) {
  struct virtio_net_hdr header;
  memcpy(&header, (const uint8_t *)slot + slot->tp_mac - PACKET_VNET_BYTES, sizeof header);
  bool waits = (slot->tp_status & TP_STATUS_COPY) != 0;
  if (header.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
    if (waits) packet_discard_copy(packet);
    return take_whole(packet, slot, header, frames[0]) ? 1 : 0;
  }
  int32_t taken = packet_take_segments(packet, slot, &header, frames, count);
  if (taken >= 0 || taken == PACKET_NEEDS_FRAMES) return taken;
  if (waits && taken == PACKET_CANNOT_CUT) packet_discard_copy(packet);
  packet->counters[PACKET_COUNT_GSO]++;
  return 0;
}

napi_value packet_receive(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct packet_socket *packet = handle_get(&packet_sockets, batch.handle);
  if (packet == NULL) return integer(env, -EBADF);

  int32_t done = 0;
  // Once around the ring at most, so that a flood of packets to drop does not keep the caller.
  for (uint32_t seen = 0; seen < packet->rx.size && done < batch.count; seen++) {
    int32_t frame = batch.items[done];
    if (!pool_has(frame)) return integer(env, done > 0 ? done : -EINVAL);
    struct tpacket2_hdr *slot = slot_at(&packet->rx);
    // Acquire: the status before the packet; release: our reads before the slot is the kernel's again.
    if ((__atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) break;
    int32_t taken = take(packet, slot, batch.items + done, batch.count - done);
    if (taken == PACKET_NEEDS_FRAMES) break;
    done += taken;
    __atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    advance(&packet->rx);
  }
  return integer(env, done);
}

napi_value packet_send(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  struct packet_socket *packet = handle_get(&packet_sockets, batch.handle);
  if (packet == NULL) return integer(env, -EBADF);

  int32_t sound = 0; // only of those may be looked at what they are
  while (sound < batch.count && pool_packet_sound(batch.items[sound], 1)) sound++;
  int32_t done = 0;
  while (done < batch.count) {
    int32_t frame = batch.items[done];
    if (done == sound || pool.lengths[frame] > TX_MOST) return integer(env, done > 0 ? done : -EINVAL);
    int32_t together = packet_send_together(packet, batch.items + done, sound - done);
    if (together == -EAGAIN || together == -ENOBUFS) break;
    if (together > 0) {
      done += together;
      continue;
    }
    struct tpacket2_hdr *slot = slot_at(&packet->tx);
    if (__atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE) break;
    uint8_t *to = (uint8_t *)slot + TX_AT;
    memset(to, 0, PACKET_VNET_BYTES); // nothing left to the device
    memcpy(to + PACKET_VNET_BYTES, pool.base + pool.offsets[frame], (size_t)pool.lengths[frame]);
    slot->tp_len = (uint32_t)pool.lengths[frame] + PACKET_VNET_BYTES;
    __atomic_store_n(&slot->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
    advance(&packet->tx);
    packet->queued = true;
    done++;
  }
  return integer(env, done);
}

napi_value packet_kick(napi_env env, napi_callback_info info) {
  struct packet_socket *packet = handle_get(&packet_sockets, integer_argument(env, info, -1));
  if (packet == NULL) return integer(env, -EBADF);
  if (!packet->queued) return integer(env, 0);
  if (sendto(packet->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0) return integer(env, -errno);
  packet->queued = false;
  return integer(env, 0);
}

napi_value packet_statistics(napi_env env, napi_callback_info info) {
  int32_t handle;
  double *out;
  if (!statistics_arguments(env, info, &handle, &out, PACKET_COUNTERS)) return integer(env, -EINVAL);
  struct packet_socket *packet = handle_get(&packet_sockets, handle);
  if (packet == NULL) return integer(env, -EBADF);
  struct tpacket_stats statistics;
  socklen_t length = sizeof statistics;
  if (getsockopt(packet->fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) != 0) return integer(env, -errno);
  packet->counters[PACKET_COUNT_KERNEL_DROPS] += statistics.tp_drops; // the kernel's counter starts again at 0
  memcpy(out, packet->counters, sizeof packet->counters);
  return integer(env, 0);
}

// Several TCP segments in one packet of an AF_PACKET socket.
#pragma once

#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdint.h>

#include "af-packet.h"

enum {
  PACKET_CANNOT_CUT = -1,   // it is of a kind that this does not know, or does not fit; nothing was read
  PACKET_NEEDS_FRAMES = -2, // more than were offered; nothing was read
  PACKET_LOST_COPY = -3,    // the kernel had not what it said
};

// Puts the segments of a packet that the kernel has in one into frames of the pool. Returns how many frames, or one of
// the above.
int32_t packet_take_segments(struct packet_socket *packet, const struct tpacket2_hdr *slot,
                             const struct virtio_net_hdr *header, const int32_t *frames, int32_t count);

// Drops the packet whose slot says that the whole of it waits in the socket's queue (TP_STATUS_COPY).
void packet_discard_copy(const struct packet_socket *packet);

// Sends packets from the first on as one, when they are segments that follow each other. Returns how many; 0 when the
// first is to be sent by itself; -errno.
int32_t packet_send_together(struct packet_socket *packet, const int32_t *packets, int32_t count);

// Writes a packet's first `length` bytes to `to` with the VLAN tag that Linux took off.
void packet_insert_tag(uint8_t *to, const uint8_t *bytes, uint32_t length, const struct tpacket2_hdr *slot);

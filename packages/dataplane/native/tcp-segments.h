// TCP packets that were one and become several, and those that were several and may become one (TSO and GRO of Linux:
// Documentation/networking/segmentation-offloads.rst). Nothing here touches a socket.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The longest headers: Ethernet, IPv6 or IPv4 with options, TCP with options.
#define TCP_HEADERS_MOST (14 + 60 + 60)
#define TCP_CHECKSUM_OFFSET 16

// Where headers begin, counted from a packet's first byte.
struct tcp_headers {
  uint32_t ip;
  uint32_t tcp;
  uint32_t end; // of the TCP header: where the payload begins
  bool ip6;
};

// Finds the headers of a packet whose IP header begins at `ip`: an unfragmented packet of TCP without IPv6 extension
// headers. `length` is how much of it there is to look at; false when that is not all of its headers.
bool tcp_find_headers(const uint8_t *packet, uint32_t length, uint32_t ip, struct tcp_headers *out);

// Completes one segment of a packet whose payload was cut: `to` has room for the headers and, behind them, its
// payload. `index` counts segments from 0, `before` is the payload that those before it carry.
void tcp_finish_segment(uint8_t *to, const uint8_t *headers, const struct tcp_headers *at, uint32_t index,
                        uint32_t before, uint32_t payload, bool last);

// How many packets, from the first on, are segments of one connection that follow each other, so that one packet may
// stand for them: each has as much payload as the first but the last, which may have less. 1 when the second does not
// follow, or the first is no such packet. `count` of 1 or more; every packet lies whole within its frame of the pool.
int32_t tcp_run(const int32_t *packets, int32_t count, uint32_t ip, struct tcp_headers *out, uint32_t *payload);

// Octets of TCP payload in a packet of a run.
uint32_t tcp_payload(int32_t packet, const struct tcp_headers *at);

// Headers of the packet that stands for segments, for whoever computes the checksum: with the last one's flags, and the
// checksum field as the kernel wants it for that (the sum of the pseudo header).
void tcp_joined_headers(uint8_t *to, const uint8_t *first, const uint8_t *last, const struct tcp_headers *at,
                        uint32_t payload);

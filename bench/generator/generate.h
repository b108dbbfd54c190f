// What both ways of generating share: what a packet looks like.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

// Octets of frames without FCS: 64, 594 and 1518 with it.
#define IMIX_SMALL 60
#define IMIX_MIDDLE 590
#define IMIX_LARGE 1514

#define HEADER_BYTES 42
#define SOURCE_PORT_AT 34
// The time of sending, CLOCK_MONOTONIC in ns, host byte order: behind the UDP header.
#define STAMP_AT 42
// Discard (RFC 863): the sink counts and drops what goes there.
#define SINK_PORT 9

struct generator {
  unsigned index;
  uint8_t to_mac[6];
  uint32_t from, to;    // network byte order
  int length;           // octets of the frame without FCS
  bool imix;            // sizes by turns, instead of `length`
  uint64_t interval_ns; // from packet to packet; 0 as fast as it goes
  uint64_t burst_ns;    // sleeps so long, and then sends what is due, by sendmmsg; 0 waits for each packet
  double seconds;
  int cpu;   // one more than the core; 0 none
  int flows; // source ports, at random
  int batch; // packets that are handed over together
  bool sendmmsg;
};

void generator_headers(const struct generator *generator, int length, uint8_t *headers);

// Returns the packets sent; -1 when it cannot send.
int64_t run_sendmmsg(const struct generator *generator, const volatile sig_atomic_t *ended, double *seconds);

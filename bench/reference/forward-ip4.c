// IPv4 forwarding as a C programmer would write it for speed: the same work for each packet as the graph of the data plane
// does, on the same frames, columns of metadata and counters.
//
//   forward-ip4 WORKLOAD quick|full     (the workload: bench/src/memory/workload.ts)
//
// Five loops over a vector, one for each node of the graph on this way. Packets that need anything else (options, errors,
// neighbours not known, larger than the MTU) leave the loop by a branch that these packets never take, and are counted as
// drops. The table is DIR-24-8: one load for routes up to /24, two for longer ones, in huge pages. Packets and table entries
// are prefetched.
#include "forward.h"

static const uint16_t ETHERTYPE = 0x0008;

// ---- the table: DIR-24-8 (Gupta, Lin and McKeown, "Routing lookups in hardware at memory access speeds") ----

#define LONGER 0x80000000u // the entry names a block of 256 for the last octet
static uint32_t *first, *second;
static uint32_t blocks = 1;
static uint8_t *first_length, *second_length;

static void set_range(uint32_t *entries, uint8_t *lengths, uint32_t from, uint32_t count, int len, uint32_t value) {
  for (uint32_t i = from; i < from + count; i++) {
    if (entries == first && entries[i] & LONGER) {
      uint32_t at = (entries[i] & ~LONGER) << 8;
      set_range(second, second_length, at, 256, len, value);
    } else if (lengths[i] <= len) {
      lengths[i] = len;
      entries[i] = value;
    }
  }
}

static void add_route(uint32_t address, int len, uint32_t value) {
  if (len <= 24) {
    set_range(first, first_length, address >> 8, 1u << (24 - len), len, value);
    return;
  }
  uint32_t *entry = &first[address >> 8];
  if (!(*entry & LONGER)) {
    if (blocks == 1 << 16) die("too many routes longer than /24");
    for (int i = 0; i < 256; i++) {
      second[(blocks << 8) + i] = *entry;
      second_length[(blocks << 8) + i] = first_length[address >> 8];
    }
    *entry = LONGER | blocks++;
  }
  set_range(second, second_length, ((*entry & ~LONGER) << 8) + (address & 255), 1u << (32 - len), len, value);
}

// ---- the nodes ----

static inline uint32_t load32(const uint8_t *at) {
  uint32_t word;
  memcpy(&word, at, 4);
  return word;
}

static int input(const int32_t *in, int count, int32_t *out) {
  uint8_t *const octets = memory;
  int n = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i], ip = l3[packet], lead = ip - offset[packet];
    uint32_t w0 = load32(octets + ip), w1 = load32(octets + ip + 4), w2 = load32(octets + ip + 8);
    uint32_t w3 = load32(octets + ip + 12), w4 = load32(octets + ip + 16);
    uint64_t sum = (uint64_t)w0 + w1 + w2 + w3 + w4;
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    int total = __builtin_bswap16(w0 >> 16), available = length[packet] - lead;
    uint32_t source = w3 & 255, destination = w4 & 255;
    if (LIKELY(available >= 20 && (w0 & 255) == 0x45 && sum == 0xffff && total >= 20 && total <= available &&
               source < 224 && source != 127 && source != 0 && destination != 127 && destination != 0 &&
               !interfaces[rx_interface[packet]].features)) {
      length[packet] = lead + total;
      out[n++] = packet;
    } else {
      drop(packet, NODE_INPUT);
    }
  }
  return n;
}

static uint32_t destination_of(int32_t packet) {
  return __builtin_bswap32(load32(memory + l3[packet] + 16));
}

static int lookup(const int32_t *in, int count, int32_t *out) {
  uint32_t destinations[VECTOR];
  for (int i = 0; i < count; i++) {
    destinations[i] = destination_of(in[i]);
    __builtin_prefetch(&first[destinations[i] >> 8]);
  }
  int n = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i];
    uint32_t row = first[destinations[i] >> 8];
    if (row & LONGER) row = second[((row & ~LONGER) << 8) + (destinations[i] & 255)];
    if (LIKELY(routed(packet, row))) out[n++] = packet;
    else drop(packet, NODE_LOOKUP);
  }
  return n;
}

static int rewrite(const int32_t *in, int count, int32_t *out) {
  uint8_t *const octets = memory;
  int n = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i], ip = l3[packet];
    struct adjacency *to = &adjacencies[adjacency[packet]];
    uint32_t size = length[packet] - (ip - offset[packet]);
    uint8_t *header = octets + ip;
    if (LIKELY(header[8] > 1 && size <= to->mtu && to->rewrite_bytes == 14)) {
      header[8]--;
      uint16_t checksum; // RFC 1624
      memcpy(&checksum, header + 10, 2);
      uint32_t sum = (uint16_t)~checksum + 0xfffeu;
      checksum = ~(sum + (sum >> 16));
      memcpy(header + 10, &checksum, 2);
      put_link_header(packet, header, ip, size, to);
      out[n++] = packet;
    } else {
      drop(packet, NODE_REWRITE);
    }
  }
  return n;
}

static void write_packet(uint8_t *at, uint32_t destination) {
  write_link_header(at);
  uint16_t words[10] = {0x4500, FRAME_OCTETS - 14, 0x1234, 0,
                        0x4011, 0,                 0x0a01, 2,
                        (uint16_t)(destination >> 16), (uint16_t)destination};
  uint32_t sum = 0;
  for (int i = 0; i < 10; i++) sum += words[i];
  sum = (sum & 0xffff) + (sum >> 16);
  words[5] = ~(sum + (sum >> 16));
  for (int i = 0; i < 10; i++) {
    at[14 + 2 * i] = words[i] >> 8;
    at[15 + 2 * i] = (uint8_t)words[i];
  }
}

int main(int argc, char **argv) {
  if (argc != 3) die("forward-ip4 WORKLOAD quick|full");
  first = pages((size_t)4 << 24, 1);
  second = pages((size_t)4 << 24, 1);
  first_length = pages((size_t)1 << 24, 1);
  second_length = pages((size_t)1 << 24, 1);
  load_workload(argv[1], add_route);
  set_up();
  return serve(strcmp(argv[2], "quick") == 0);
}

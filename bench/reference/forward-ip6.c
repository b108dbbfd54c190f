// IPv6 forwarding as a C programmer would write it for speed, as forward-ip4.c. The table is a multibit trie: 16 bits of the
// address at its root, then 8 a level; a /48 is found by five loads.
//
//   forward-ip6 WORKLOAD quick|full     (the workload's destinations; its one route is 2001:db8:9::/48)
#include "forward.h"

static const uint16_t ETHERTYPE = 0xdd86;

// ---- the table ----

#define DEEPER 0x80000000u // the entry names a block of 256 for the next eight bits
static uint32_t *trie;
static uint32_t trie_end = 1 << 16;

// For one route in an empty table: prefixes of 16 + 8n bits.
static void add_prefix(const uint8_t *prefix, int bits, uint32_t row) {
  uint32_t *entry = &trie[prefix[0] << 8 | prefix[1]];
  for (int depth = 16; depth < bits; depth += 8) {
    if (!(*entry & DEEPER)) {
      *entry = DEEPER | trie_end;
      trie_end += 256;
    }
    entry = &trie[(*entry & ~DEEPER) + prefix[depth / 8]];
  }
  *entry = row;
}

static const uint8_t PREFIX[6] = {0x20, 0x01, 0x0d, 0xb8, 0, 9};

static void add_route(uint32_t address, int length, uint32_t row) {
  (void)address;
  (void)length;
  add_prefix(PREFIX, 48, row);
}

// ---- the nodes ----

// 1 when an address is one that a packet to be forwarded may have: neither unspecified nor loopback nor a group.
static int is_unicast(const uint8_t *address) {
  uint64_t high, low;
  memcpy(&high, address, 8);
  memcpy(&low, address + 8, 8);
  return address[0] != 0xff && (high != 0 || __builtin_bswap64(low) > 1);
}

static int input(const int32_t *in, int count, int32_t *out) {
  uint8_t *const octets = memory;
  int n = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i], ip = l3[packet], lead = ip - offset[packet];
    const uint8_t *header = octets + ip;
    int available = length[packet] - lead, total = 40 + (header[4] << 8 | header[5]);
    // Scopes: link-local addresses would need the link's own table. Hop-by-hop options would need to be looked at.
    int link_local = (header[24] == 0xfe && (header[25] & 0xc0) == 0x80) || (header[8] == 0xfe && (header[9] & 0xc0) == 0x80);
    if (LIKELY(available >= 40 && header[0] >> 4 == 6 && total <= available && header[6] != 0 && !link_local &&
               is_unicast(header + 8) && is_unicast(header + 24) && !interfaces[rx_interface[packet]].features)) {
      length[packet] = lead + total;
      out[n++] = packet;
    } else {
      drop(packet, NODE_INPUT);
    }
  }
  return n;
}

static int lookup(const int32_t *in, int count, int32_t *out) {
  uint8_t *const octets = memory;
  int n = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i];
    const uint8_t *destination = octets + l3[packet] + 24;
    uint32_t entry = trie[destination[0] << 8 | destination[1]];
    for (int at = 2; entry & DEEPER; at++) entry = trie[(entry & ~DEEPER) + destination[at]];
    if (LIKELY(routed(packet, entry))) out[n++] = packet;
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
    if (LIKELY(header[7] > 1 && size <= to->mtu && to->rewrite_bytes == 14)) {
      header[7]--;
      put_link_header(packet, header, ip, size, to);
      out[n++] = packet;
    } else {
      drop(packet, NODE_REWRITE);
    }
  }
  return n;
}

static void put32(uint8_t *at, uint32_t value) {
  value = __builtin_bswap32(value);
  memcpy(at, &value, 4);
}

static void write_packet(uint8_t *at, uint32_t destination) {
  write_link_header(at);
  uint8_t *ip = at + 14;
  put32(ip, 0x60000000);
  ip[4] = 0;
  ip[5] = FRAME_OCTETS - 14 - 40;
  ip[6] = 17;
  ip[7] = 64;
  const uint32_t words[8] = {0x20010db8, 0x00010000, 0, 2, 0x20010db8, 0x00090000 | (destination & 0xffff), 0, destination};
  for (int i = 0; i < 8; i++) put32(ip + 8 + 4 * i, words[i]);
}

int main(int argc, char **argv) {
  if (argc != 3) die("forward-ip6 WORKLOAD quick|full");
  trie = pages((size_t)4 << 20, 1);
  load_workload(argv[1], add_route);
  set_up();
  return serve(strcmp(argv[2], "quick") == 0);
}

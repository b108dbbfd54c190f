// What the references of forwarding have in common: frames, metadata in columns, interfaces, adjacencies, counters, ports,
// and the nodes that IPv4 and IPv6 share. As the data plane has them, in vectors of 256.
//
// A reference defines `input`, `lookup` and `rewrite`, the nodes of its family, and `write_packet`.
#ifndef SLUICE_BENCH_FORWARD_H
#define SLUICE_BENCH_FORWARD_H

#include <string.h>
#include <sys/mman.h>

#include "rounds.h"

#define FRAME_SHIFT 11
#define PACKET_START 258
#define FRAME_OCTETS 60
#define PACKETS 1024 // in rotation, as in bench/src/memory/packet-loop.ts
#define FRAMES (PACKETS * 2)
#define VECTOR 256
#define NEXT_HOPS 16
#define AHEAD 8 // packets between a prefetch and its use

#define LIKELY(x) __builtin_expect(!!(x), 1)

static const uint8_t MACS[12] = {2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0xff, 1};

// ---- packets: frames, and metadata in columns ----

static uint8_t *memory;
static int32_t offset[FRAMES], length[FRAMES], l3[FRAMES], rx_interface[FRAMES], tx_interface[FRAMES];
static int32_t vrf[FRAMES], adjacency[FRAMES], flags[FRAMES], reason[FRAMES];

// ---- interfaces, adjacencies, counters ----

struct interface {
  uint32_t up, bridge, vrf, features, kind;
  uint16_t mac0;
  uint32_t mac2;
};
static struct interface interfaces[16];

enum { RX_PACKETS, RX_BYTES, TX_PACKETS, TX_BYTES, DROPS };
static uint64_t interface_counters[16][8];

enum { NODE_ETHERNET, NODE_INPUT, NODE_LOOKUP, NODE_REWRITE, NODE_OUTPUT, NODES };
enum { CALLS, VECTOR_PACKETS, ERRORS };
static uint64_t node_counters[NODES][8];

enum { KIND_NO_ROUTE, KIND_NEIGHBOUR = 4 };
struct adjacency {
  uint32_t kind, interface, mtu, rewrite_bytes, next_hop, used;
  uint8_t rewrite[16]; // the Ethernet header from its third octet on
  uint32_t features, spare[5];
} __attribute__((aligned(64)));
static struct adjacency adjacencies[NEXT_HOPS + 1];

static void drop(int32_t packet, int node) {
  node_counters[node][ERRORS]++;
  reason[packet] = node;
  interface_counters[rx_interface[packet]][DROPS]++;
}

// ---- what a family defines: the ethertype as a little-endian load finds it, three nodes, and the packets ----

static const uint16_t ETHERTYPE;
static int input(const int32_t *in, int count, int32_t *out);
static int lookup(const int32_t *in, int count, int32_t *out);
static int rewrite(const int32_t *in, int count, int32_t *out);
static void write_packet(uint8_t *at, uint32_t destination);

// ---- what the nodes of both families do alike ----

// Whether a packet goes on by the adjacency that its route leads to, which is noted: 0 when the loop is not for it.
static inline int routed(int32_t packet, uint32_t row) {
  const struct adjacency *to = &adjacencies[row];
  adjacency[packet] = row;
  return to->kind == KIND_NEIGHBOUR && !to->features && !flags[packet];
}

// Puts the link header before the IP header, which is `ip` octets into the memory, and says by which interface the packet of `size` octets leaves.
static inline void put_link_header(int32_t packet, uint8_t *header, int32_t ip, uint32_t size, struct adjacency *to) {
  memcpy(header - 14, to->rewrite, 14);
  if (!to->used) to->used = 1;
  offset[packet] = ip - 14;
  length[packet] = size + 14;
  tx_interface[packet] = to->interface;
}

static inline void write_link_header(uint8_t *at) {
  memcpy(at, MACS, 12);
  memcpy(at + 12, &ETHERTYPE, 2);
}

// ---- the nodes of both families ----

static int ethernet_input(const int32_t *in, int count, int32_t *out) {
  uint8_t *const octets = memory; // stores to packets cannot change where they are
  int n = 0;
  for (int i = 0; i < count; i++) {
    if (i + AHEAD < count) {
      const uint8_t *ahead = octets + offset[in[i + AHEAD]];
      __builtin_prefetch(ahead, 1);
      __builtin_prefetch(ahead + 33, 1); // the header may end in the next line
    }
    int32_t packet = in[i], at = offset[packet];
    const struct interface *from = &interfaces[rx_interface[packet]];
    uint16_t type, mac0;
    uint32_t mac2;
    memcpy(&type, octets + at + 12, 2);
    memcpy(&mac0, octets + at, 2);
    memcpy(&mac2, octets + at + 2, 4);
    if (LIKELY(length[packet] >= 14 && from->up && !from->bridge && type == ETHERTYPE && mac0 == from->mac0 &&
               mac2 == from->mac2)) {
      l3[packet] = at + 14;
      vrf[packet] = from->vrf;
      out[n++] = packet;
    } else {
      drop(packet, NODE_ETHERNET);
    }
  }
  return n;
}

// What waits for the port: a queue, which its driver is given at the end of the round.
static int32_t waiting[VECTOR];
static int waiting_count;

static void sent_by(int32_t row, uint64_t packets, uint64_t octets) {
  interface_counters[row][TX_PACKETS] += packets;
  interface_counters[row][TX_BYTES] += octets;
}

static void interface_output(const int32_t *in, int count) {
  int32_t row = -1; // counters of packets that leave by one interface are added at once
  uint64_t packets = 0, octets = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i], to = tx_interface[packet];
    if (to != row) {
      if (row >= 0) sent_by(row, packets, octets);
      row = to;
      packets = octets = 0;
    }
    const struct interface *port = &interfaces[to];
    if (LIKELY(port->up && port->kind == 1)) {
      packets++;
      octets += length[packet];
      waiting[waiting_count++] = packet;
    } else {
      drop(packet, NODE_OUTPUT);
    }
  }
  if (row >= 0) sent_by(row, packets, octets);
}

// ---- the ports, and a round ----

static int32_t frames[PACKETS];
static int next_frame;
static uint64_t sent;
static int32_t last_sent;

static int receive(int32_t *packets) {
  int count = PACKETS - next_frame < VECTOR ? PACKETS - next_frame : VECTOR;
  memcpy(packets, frames + next_frame, count * sizeof *packets);
  next_frame += count;
  return count;
}

static void counted(int node, int count) {
  node_counters[node][CALLS]++;
  node_counters[node][VECTOR_PACKETS] += count;
}

static void forward_vector(void) {
  int32_t a[VECTOR], b[VECTOR];
  int count = receive(a);
  uint64_t octets = 0;
  for (int i = 0; i < count; i++) {
    octets += length[a[i]];
    rx_interface[a[i]] = 1;
    flags[a[i]] = 0;
  }
  interface_counters[1][RX_PACKETS] += count;
  interface_counters[1][RX_BYTES] += octets;
  counted(NODE_ETHERNET, count);
  count = ethernet_input(a, count, b);
  counted(NODE_INPUT, count);
  count = input(b, count, a);
  counted(NODE_LOOKUP, count);
  count = lookup(a, count, b);
  counted(NODE_REWRITE, count);
  count = rewrite(b, count, a);
  counted(NODE_OUTPUT, count);
  interface_output(a, count);
  sent += waiting_count;
  if (waiting_count > 0) last_sent = waiting[waiting_count - 1];
  waiting_count = 0;
}

// ---- the workload ----

static uint32_t *destinations, destination_count, next_destination;

static void fill(void) {
  for (int i = 0; i < PACKETS; i++) {
    offset[frames[i]] = (frames[i] << FRAME_SHIFT) + PACKET_START;
    length[frames[i]] = FRAME_OCTETS;
    write_packet(memory + offset[frames[i]], destinations[next_destination]);
    if (++next_destination == destination_count) next_destination = 0;
  }
  next_frame = 0;
}

static uint64_t run(void) {
  uint64_t before = sent;
  while (next_frame < PACKETS) forward_vector();
  if (sent - before != PACKETS) die("not every packet came out");
  return sent - before;
}

static void *pages(size_t bytes, int huge) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) die("no memory");
  if (huge) madvise(at, bytes, MADV_HUGEPAGE);
  return at;
}

// Every route of the workload goes to `add_route`, with the row of its adjacency.
static void load_workload(const char *name, void (*add_route)(uint32_t address, int length, uint32_t row)) {
  FILE *file = fopen(name, "rb");
  uint32_t head[2];
  if (file == NULL || fread(head, 4, 2, file) != 2) die("the workload cannot be read");
  for (uint32_t i = 0; i < head[0]; i++) {
    uint32_t route[3];
    if (fread(route, 4, 3, file) != 3) die("the workload is cut off");
    add_route(route[0], (int)route[1], route[2] + 1);
  }
  destination_count = head[1];
  destinations = malloc(4 * (size_t)destination_count);
  if (fread(destinations, 4, destination_count, file) != destination_count) die("the workload is cut off");
  fclose(file);
}

static void set_up(void) {
  memory = pages((size_t)FRAMES << FRAME_SHIFT, 0); // as the data plane's memory is
  for (int i = 0; i < PACKETS; i++) frames[i] = i;
  for (int i = 1; i <= 2; i++) {
    interfaces[i] = (struct interface){.up = 1, .kind = 1, .mac0 = 2, .mac2 = 0x01000000u | (uint32_t)i << 16};
  }
  for (int i = 1; i <= NEXT_HOPS; i++) {
    adjacencies[i] = (struct adjacency){.kind = KIND_NEIGHBOUR, .interface = 2, .mtu = 1500, .rewrite_bytes = 14};
    const uint8_t header[14] = {2, 0, 0, 0, 0xfe, (uint8_t)i, 2, 0, 0, 0, 2, 1};
    memcpy(adjacencies[i].rewrite, header, 12);
    memcpy(adjacencies[i].rewrite + 12, &ETHERTYPE, 2);
  }
}

static int serve(int quick) {
  while (next_round()) {
    struct measured m = measure((struct batch){fill, run}, quick);
    answer(m, sent, memory + offset[last_sent], length[last_sent]);
  }
  return 0;
}

#endif

// IPv4 forwarding as a C programmer would write it for speed: the same work for each packet as the graph of the data plane
// does, in vectors of 256, with the same frames, columns of metadata and counters.
//
//   forward-ip4 WORKLOAD quick|full     (the workload: bench/src/memory/workload.ts)
//
// Five loops over a vector, one for each node of the graph on this way. Packets that need anything else (options, errors,
// neighbours not known, larger than the MTU) leave the loop by a branch that these packets never take, and are counted as
// drops. The table is DIR-24-8: one load for routes up to /24, two for longer ones, in huge pages. Packets and table entries
// are prefetched.
#include <string.h>
#include <sys/mman.h>

#include "rounds.h"

#define FRAME_SHIFT 11
#define PACKET_START 258
#define FRAME_OCTETS 60
#define PACKETS 2048 // in rotation, as in bench/src/memory/ip4-forwarding.ts
#define FRAMES (PACKETS * 2)
#define VECTOR 256
#define NEXT_HOPS 16
#define AHEAD 8 // packets between a prefetch and its use

#define LIKELY(x) __builtin_expect(!!(x), 1)

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

static int ethernet_input(const int32_t *in, int count, int32_t *out) {
  int n = 0;
  for (int i = 0; i < count; i++) {
    if (i + AHEAD < count) {
      const uint8_t *ahead = memory + offset[in[i + AHEAD]];
      __builtin_prefetch(ahead, 1);
      __builtin_prefetch(ahead + 33, 1); // the header may end in the next line
    }
    int32_t packet = in[i], at = offset[packet];
    const struct interface *from = &interfaces[rx_interface[packet]];
    uint16_t type, mac0;
    uint32_t mac2;
    memcpy(&type, memory + at + 12, 2);
    memcpy(&mac0, memory + at, 2);
    memcpy(&mac2, memory + at + 2, 4);
    if (LIKELY(length[packet] >= 14 && from->up && !from->bridge && type == 0x0008 && mac0 == from->mac0 &&
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

static int ip4_input(const int32_t *in, int count, int32_t *out) {
  int n = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i], ip = l3[packet], lead = ip - offset[packet];
    uint32_t w[5];
    memcpy(w, memory + ip, 20);
    uint64_t sum = (uint64_t)w[0] + w[1] + w[2] + w[3] + w[4];
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    int total = __builtin_bswap16(w[0] >> 16), available = length[packet] - lead;
    uint32_t source = w[3] & 255, destination = w[4] & 255;
    if (LIKELY(available >= 20 && (w[0] & 255) == 0x45 && sum == 0xffff && total >= 20 && total <= available &&
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
  uint32_t word;
  memcpy(&word, memory + l3[packet] + 16, 4);
  return __builtin_bswap32(word);
}

static int ip4_lookup(const int32_t *in, int count, int32_t *out) {
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
    adjacency[packet] = row;
    const struct adjacency *to = &adjacencies[row];
    if (LIKELY(to->kind == KIND_NEIGHBOUR && !to->features && !flags[packet])) out[n++] = packet;
    else drop(packet, NODE_LOOKUP);
  }
  return n;
}

static int ip4_rewrite(const int32_t *in, int count, int32_t *out) {
  int n = 0;
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i], ip = l3[packet];
    struct adjacency *to = &adjacencies[adjacency[packet]];
    uint32_t size = length[packet] - (ip - offset[packet]);
    uint8_t *header = memory + ip;
    if (LIKELY(header[8] > 1 && size <= to->mtu && to->rewrite_bytes == 14)) {
      header[8]--;
      uint16_t checksum; // RFC 1624
      memcpy(&checksum, header + 10, 2);
      uint32_t sum = (uint16_t)~checksum + 0xfffeu;
      checksum = ~(sum + (sum >> 16));
      memcpy(header + 10, &checksum, 2);
      memcpy(header - 14, to->rewrite, 14);
      if (!to->used) to->used = 1;
      offset[packet] = ip - 14;
      length[packet] = size + 14;
      tx_interface[packet] = to->interface;
      out[n++] = packet;
    } else {
      drop(packet, NODE_REWRITE);
    }
  }
  return n;
}

// What waits for the port: a queue, which its driver is given at the end of the round.
static int32_t waiting[VECTOR];
static int waiting_count;

static void interface_output(const int32_t *in, int count) {
  for (int i = 0; i < count; i++) {
    int32_t packet = in[i], to = tx_interface[packet];
    const struct interface *port = &interfaces[to];
    if (LIKELY(port->up && port->kind == 1)) {
      interface_counters[to][TX_PACKETS]++;
      interface_counters[to][TX_BYTES] += length[packet];
      waiting[waiting_count++] = packet;
    } else {
      drop(packet, NODE_OUTPUT);
    }
  }
}

// ---- the ports, and a round ----

static int32_t frames[PACKETS], offsets[PACKETS], lengths[PACKETS];
static int next_frame;
static uint64_t sent;
static int32_t last_sent;

static int receive(int32_t *packets) {
  int count = PACKETS - next_frame < VECTOR ? PACKETS - next_frame : VECTOR;
  for (int i = 0; i < count; i++) {
    int32_t frame = frames[next_frame + i];
    offset[frame] = offsets[next_frame + i];
    length[frame] = lengths[next_frame + i];
    packets[i] = frame;
  }
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
  count = ip4_input(b, count, a);
  counted(NODE_LOOKUP, count);
  count = ip4_lookup(a, count, b);
  counted(NODE_REWRITE, count);
  count = ip4_rewrite(b, count, a);
  counted(NODE_OUTPUT, count);
  interface_output(a, count);
  sent += waiting_count;
  if (waiting_count > 0) last_sent = waiting[waiting_count - 1];
  waiting_count = 0;
}

// ---- the workload ----

static uint32_t *destinations, destination_count, next_destination;
static const uint8_t ETHERNET[14] = {2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0xff, 1, 8, 0};

static void write_packet(uint8_t *at, uint32_t destination) {
  memcpy(at, ETHERNET, 14);
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

static void fill(void) {
  for (int i = 0; i < PACKETS; i++) {
    write_packet(memory + ((uint32_t)frames[i] << FRAME_SHIFT) + PACKET_START, destinations[next_destination]);
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

static void load_workload(const char *name) {
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

int main(int argc, char **argv) {
  if (argc != 3) die("forward-ip4 WORKLOAD quick|full");
  int quick = strcmp(argv[2], "quick") == 0;
  first = pages((size_t)4 << 24, 1);
  second = pages((size_t)4 << 24, 1);
  first_length = pages((size_t)1 << 24, 1);
  second_length = pages((size_t)1 << 24, 1);
  load_workload(argv[1]);
  memory = pages((size_t)FRAMES << FRAME_SHIFT, 0); // as the data plane's memory is
  for (int i = 0; i < PACKETS; i++) {
    frames[i] = i;
    offsets[i] = (i << FRAME_SHIFT) + PACKET_START;
    lengths[i] = FRAME_OCTETS;
  }
  for (int i = 1; i <= 2; i++) {
    interfaces[i] = (struct interface){.up = 1, .kind = 1, .mac0 = 2, .mac2 = 0x01000000u | (uint32_t)i << 16};
  }
  for (int i = 1; i <= NEXT_HOPS; i++) {
    adjacencies[i] = (struct adjacency){.kind = KIND_NEIGHBOUR, .interface = 2, .mtu = 1500, .rewrite_bytes = 14};
    const uint8_t header[14] = {2, 0, 0, 0, 0xfe, (uint8_t)i, 2, 0, 0, 0, 2, 1, 8, 0};
    memcpy(adjacencies[i].rewrite, header, 14);
  }
  while (next_round()) {
    struct measured m = measure((struct batch){fill, run}, quick);
    answer(m, sent, memory + offset[last_sent], length[last_sent]);
  }
  return 0;
}

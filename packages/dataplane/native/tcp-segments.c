#include "tcp-segments.h"

#include <arpa/inet.h>
#include <string.h>

#include "checksum.h"
#include "pool.h"

// RFC 791 and RFC 8200: offsets in the IP header.
#define IP4_LENGTH 2
#define IP4_ID 4
#define IP4_FRAGMENT 6
#define IP4_PROTOCOL 9
#define IP4_CHECKSUM 10
#define IP4_ADDRESSES 12
#define IP6_LENGTH 4
#define IP6_NEXT_HEADER 6
#define IP6_ADDRESSES 8
#define IP6_BYTES 40

// RFC 9293: offsets in the TCP header, and its flags.
#define TCP_SEQUENCE 4
#define TCP_ACKNOWLEDGEMENT 8
#define TCP_DATA_OFFSET 12
#define TCP_FLAGS 13
#define TCP_WINDOW 14
#define TCP_URGENT 18
#define TCP_BYTES 20
#define FLAG_FIN 0x01
#define FLAG_PSH 0x08
#define FLAG_ACK 0x10
#define FLAG_CWR 0x80

#define IP_LENGTH_MOST 65535

static uint16_t get16(const uint8_t *at) {
  return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *at) {
  return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put32(uint8_t *at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}

bool tcp_find_headers(const uint8_t *packet, uint32_t length, uint32_t ip, struct tcp_headers *out) {
  if (length < ip + IP6_BYTES) return false;
  const uint8_t *header = packet + ip;
  out->ip = ip;
  out->ip6 = header[0] >> 4 == 6;
  if (out->ip6) {
    if (header[IP6_NEXT_HEADER] != IPPROTO_TCP) return false;
    out->tcp = ip + IP6_BYTES;
  } else {
    // More fragments, or an offset: 0x3fff without the bit "don't fragment".
    if (header[0] >> 4 != 4 || header[IP4_PROTOCOL] != IPPROTO_TCP) return false;
    if ((get16(header + IP4_FRAGMENT) & 0x3fff) != 0 || (header[0] & 15) < 5) return false;
    out->tcp = ip + (header[0] & 15) * 4U;
  }
  if (length < out->tcp + TCP_BYTES) return false;
  uint32_t bytes = (packet[out->tcp + TCP_DATA_OFFSET] >> 4) * 4U;
  out->end = out->tcp + bytes;
  return bytes >= TCP_BYTES && length >= out->end;
}

// The sum of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1).
static uint64_t pseudo_header(const uint8_t *ip, bool ip6, uint32_t tcp_bytes) {
  uint64_t total = ip6 ? checksum_part(ip + IP6_ADDRESSES, 32) : checksum_part(ip + IP4_ADDRESSES, 8);
  return total + htons(IPPROTO_TCP) + htons((uint16_t)tcp_bytes);
}

// Writes what of the IP header depends on the length.
static void put_ip_length(uint8_t *ip, const struct tcp_headers *at, uint32_t tcp_bytes) {
  uint32_t header = at->tcp - at->ip;
  if (at->ip6) {
    put16(ip + IP6_LENGTH, header - IP6_BYTES + tcp_bytes);
    return;
  }
  put16(ip + IP4_LENGTH, header + tcp_bytes);
  put16(ip + IP4_CHECKSUM, 0);
  uint16_t checksum = (uint16_t)~checksum_fold(checksum_part(ip, header));
  memcpy(ip + IP4_CHECKSUM, &checksum, sizeof checksum);
}

void tcp_finish_segment(uint8_t *to, const uint8_t *headers, const struct tcp_headers *at, uint32_t index,
                        uint32_t before, uint32_t payload, bool last) {
  memcpy(to, headers, at->end);
  uint8_t *ip = to + at->ip, *tcp = to + at->tcp;
  uint32_t tcp_bytes = at->end - at->tcp + payload;
  if (!at->ip6) put16(ip + IP4_ID, get16(ip + IP4_ID) + index);
  put_ip_length(ip, at, tcp_bytes);

  put32(tcp + TCP_SEQUENCE, get32(tcp + TCP_SEQUENCE) + before);
  if (!last) tcp[TCP_FLAGS] &= (uint8_t)~(FLAG_FIN | FLAG_PSH);
  // RFC 3168 section 6.1.2: once, on the first segment.
  if (index > 0) tcp[TCP_FLAGS] &= (uint8_t)~FLAG_CWR;
  put16(tcp + TCP_CHECKSUM_OFFSET, 0);
  uint16_t checksum =
      (uint16_t)~checksum_fold(pseudo_header(ip, at->ip6, tcp_bytes) + checksum_part(tcp, tcp_bytes));
  memcpy(tcp + TCP_CHECKSUM_OFFSET, &checksum, sizeof checksum);
}

// Where the IP packet ends, as its own header says: Ethernet pads what is short.
static uint32_t ip_end(const uint8_t *bytes, const struct tcp_headers *at) {
  const uint8_t *ip = bytes + at->ip;
  return at->ip + (at->ip6 ? IP6_BYTES + get16(ip + IP6_LENGTH) : get16(ip + IP4_LENGTH));
}

uint32_t tcp_payload(int32_t packet, const struct tcp_headers *at) {
  return ip_end(pool.base + pool.offsets[packet], at) - at->end;
}

struct segment {
  const uint8_t *bytes;
  struct tcp_headers at;
  uint32_t payload;
};

// False for what may not be joined to anything: other than plain data, or with a checksum that is wrong. Joining makes a
// new checksum, which must not hide that.
static bool read_segment(int32_t packet, uint32_t ip, struct segment *out) {
  const uint8_t *bytes = pool.base + pool.offsets[packet];
  uint32_t length = (uint32_t)pool.lengths[packet];
  out->bytes = bytes;
  if (!tcp_find_headers(bytes, length, ip, &out->at)) return false;
  const struct tcp_headers *at = &out->at;
  const uint8_t *tcp = bytes + at->tcp;
  if ((tcp[TCP_FLAGS] & (uint8_t)~(FLAG_FIN | FLAG_PSH)) != FLAG_ACK) return false;
  uint32_t end = ip_end(bytes, at);
  if (end > length || end <= at->end) return false;
  out->payload = end - at->end;
  uint32_t tcp_bytes = at->end - at->tcp + out->payload;
  return checksum_fold(pseudo_header(bytes + ip, at->ip6, tcp_bytes) + checksum_part(tcp, tcp_bytes)) == 0xffff;
}

static bool same(const struct segment *a, const struct segment *b, uint32_t from, uint32_t to) {
  return memcmp(a->bytes + from, b->bytes + from, to - from) == 0;
}

// Whether `next` carries on where `first` and `index - 1` more, `before` octets together, end: everything in its headers
// that is not counted on is the same.
static bool follows(const struct segment *first, const struct segment *next, uint32_t index, uint32_t before) {
  const struct tcp_headers *at = &first->at;
  if (at->ip6 != next->at.ip6 || at->tcp != next->at.tcp || at->end != next->at.end) return false;
  uint32_t ip = at->ip, tcp = at->tcp;
  if (at->ip6) {
    if (!same(first, next, 0, ip + IP6_LENGTH) || !same(first, next, ip + IP6_NEXT_HEADER, tcp)) return false;
  } else {
    if (!same(first, next, 0, ip + IP4_LENGTH) || !same(first, next, ip + IP4_FRAGMENT, ip + IP4_CHECKSUM) ||
        !same(first, next, ip + IP4_ADDRESSES, tcp)) {
      return false;
    }
    if (get16(next->bytes + ip + IP4_ID) != (uint16_t)(get16(first->bytes + ip + IP4_ID) + index)) return false;
  }
  if (get32(next->bytes + tcp + TCP_SEQUENCE) != get32(first->bytes + tcp + TCP_SEQUENCE) + before) return false;
  return same(first, next, tcp, tcp + TCP_SEQUENCE) &&
         same(first, next, tcp + TCP_ACKNOWLEDGEMENT, tcp + TCP_FLAGS) &&
         same(first, next, tcp + TCP_WINDOW, tcp + TCP_CHECKSUM_OFFSET) &&
         same(first, next, tcp + TCP_URGENT, at->end);
}

int32_t tcp_run(const int32_t *packets, int32_t count, uint32_t ip, struct tcp_headers *out, uint32_t *payload) {
  struct segment first, next;
  if (count < 2 || !read_segment(packets[0], ip, &first)) return 1;
  *out = first.at;
  *payload = first.payload;
  uint32_t total = first.payload;
  bool ends = (first.bytes[first.at.tcp + TCP_FLAGS] & (FLAG_FIN | FLAG_PSH)) != 0;
  int32_t run = 1;
  while (run < count && !ends) {
    if (!read_segment(packets[run], ip, &next) || !follows(&first, &next, (uint32_t)run, total)) break;
    if (next.payload > first.payload || first.at.end - ip + total + next.payload > IP_LENGTH_MOST) break;
    total += next.payload;
    run++;
    ends = next.payload < first.payload || (next.bytes[next.at.tcp + TCP_FLAGS] & (FLAG_FIN | FLAG_PSH)) != 0;
  }
  return run;
}

void tcp_joined_headers(uint8_t *to, const uint8_t *first, const uint8_t *last, const struct tcp_headers *at,
                        uint32_t payload) {
  memcpy(to, first, at->end);
  uint32_t tcp_bytes = at->end - at->tcp + payload;
  put_ip_length(to + at->ip, at, tcp_bytes);
  to[at->tcp + TCP_FLAGS] |= last[at->tcp + TCP_FLAGS];
  uint16_t sum = checksum_fold(pseudo_header(to + at->ip, at->ip6, tcp_bytes));
  memcpy(to + at->tcp + TCP_CHECKSUM_OFFSET, &sum, sizeof sum);
}

// The way without XDP: a packet socket past the device's queue, 64 packets a system call.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "generate.h"

#define TOGETHER 64
#define BURSTS_MOST 4

static void put16(uint8_t *to, unsigned value) {
  to[0] = (uint8_t)(value >> 8);
  to[1] = (uint8_t)value;
}

// Ethernet, IPv4 (RFC 791) and UDP without a checksum (RFC 768).
void generator_headers(const struct generator *generator, int length, uint8_t *headers) {
  memset(headers, 0, HEADER_BYTES);
  memcpy(headers, generator->to_mac, 6);
  headers[6] = 2;
  headers[11] = 0x77;
  put16(headers + 12, 0x0800);
  uint8_t *ip = headers + 14;
  ip[0] = 0x45;
  put16(ip + 2, (unsigned)length - 14);
  ip[8] = 64;
  ip[9] = 17;
  memcpy(ip + 12, &generator->from, 4);
  memcpy(ip + 16, &generator->to, 4);
  uint32_t sum = 0;
  for (int i = 0; i < 20; i += 2) sum += (uint32_t)ip[i] << 8 | ip[i + 1];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  put16(ip + 10, ~sum);
  put16(ip + 20, 1024);
  put16(ip + 22, SINK_PORT);
  put16(ip + 24, (unsigned)length - 34);
}

static int open_socket(const struct generator *generator) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  const struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)generator->index};
  int on = 1;
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) {
    fprintf(stderr, "the generator's packet socket: %s\n", strerror(errno));
    return -1;
  }
  return fd;
}

int64_t run_sendmmsg(const struct generator *generator, const volatile sig_atomic_t *ended, double *seconds) {
  static uint8_t frames[TOGETHER][2048];
  static const int lengths[] = {IMIX_SMALL, IMIX_MIDDLE, IMIX_SMALL, IMIX_SMALL,  IMIX_MIDDLE, IMIX_SMALL,
                                IMIX_LARGE, IMIX_SMALL,  IMIX_MIDDLE, IMIX_SMALL, IMIX_MIDDLE, IMIX_SMALL};
  static struct iovec parts[TOGETHER];
  static struct mmsghdr messages[TOGETHER];
  int fd = open_socket(generator);
  if (fd < 0) return -1;
  uint64_t interval = generator->interval_ns;
  int together = generator->batch < TOGETHER ? generator->batch : TOGETHER;
  uint64_t turn = 0;
  int64_t sent = 0;
  uint64_t start = now_ns(), end = start + (uint64_t)(generator->seconds * 1e9), now = start;
  uint64_t due = start;
  while (!*ended && now < end) {
    while (interval > 0 && (now = now_ns()) < due) {
      if (generator->burst_ns > 0) sleep_ns(generator->burst_ns);
    }
    // What a pause of the machine piled up is left out.
    uint64_t late = BURSTS_MOST * generator->burst_ns;
    if (late > 0 && now > due + late) due = now - late;
    due += interval * (uint64_t)together;
    for (int i = 0; i < together; i++, turn++) {
      int length = generator->imix ? lengths[turn % 12] : generator->length;
      generator_headers(generator, length, frames[i]);
      if (generator->flows > 1) put16(frames[i] + SOURCE_PORT_AT, (unsigned)(turn % (unsigned)generator->flows));
      now = now_ns();
      memcpy(frames[i] + STAMP_AT, &now, sizeof now);
      parts[i] = (struct iovec){frames[i], (size_t)length};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int taken = sendmmsg(fd, messages, (unsigned)together, 0);
    if (taken > 0) sent += taken;
    now = now_ns();
  }
  *seconds = (double)(now - start) * 1e-9;
  close(fd);
  return sent;
}

// The Internet checksum (RFC 1071), in the byte order of memory throughout.
#pragma once

#include <stdint.h>
#include <string.h>

// A sum that is not folded yet: sums of parts may be added, when each part but the last has an even length.
static inline uint64_t checksum_part(const uint8_t *bytes, uint32_t length) {
  uint64_t total = 0;
  for (; length >= 4; bytes += 4, length -= 4) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    total += word;
  }
  if (length > 0) {
    uint32_t word = 0; // the missing bytes count as zero
    memcpy(&word, bytes, length);
    total += word;
  }
  return total;
}

static inline uint16_t checksum_fold(uint64_t total) {
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return (uint16_t)total;
}

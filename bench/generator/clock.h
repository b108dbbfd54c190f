// The clock of all: CLOCK_MONOTONIC, which is also that of eBPF programs.
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline double now_seconds(void) {
  return (double)now_ns() * 1e-9;
}

static inline void sleep_ns(uint64_t ns) {
  nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)}, NULL);
}

// noise: what the machine itself takes from a program that does nothing but read the clock.
//
//   noise SECONDS CPU FILE
//
// Writes every gap of 1 us or more between two readings to FILE: 32-bit nanoseconds, host byte order. Prints a line of
// JSON: how many gaps, the longest, all of them together, and how long it ran.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define LEAST_NS 1000
#define GAPS_MOST (1 << 22)

static uint32_t gaps[GAPS_MOST];

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: noise SECONDS CPU FILE\n");
    return 2;
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(atoi(argv[2]), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fprintf(stderr, "core %s: %s\n", argv[2], strerror(errno));
  uint64_t start = now_ns(), before = start, end = start + (uint64_t)(atof(argv[1]) * 1e9), all = 0, longest = 0;
  size_t count = 0;
  while (before < end) {
    uint64_t now = now_ns(), gap = now - before;
    before = now;
    if (gap < LEAST_NS) continue;
    if (count < GAPS_MOST) gaps[count++] = (uint32_t)gap;
    all += gap;
    if (gap > longest) longest = gap;
  }
  FILE *file = fopen(argv[3], "we");
  if (file == NULL || fwrite(gaps, sizeof *gaps, count, file) != count || fclose(file) != 0) {
    fprintf(stderr, "%s: %s\n", argv[3], strerror(errno));
    return 1;
  }
  printf("{\"gaps\":%zu,\"longest_ns\":%llu,\"all_ns\":%llu,\"ns\":%llu}\n", count, (unsigned long long)longest,
         (unsigned long long)all, (unsigned long long)(before - start));
  return 0;
}

// The frame of a reference program: a line on standard input asks for a round, a line of JSON answers it.
#ifndef SLUICE_BENCH_ROUNDS_H
#define SLUICE_BENCH_ROUNDS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// What a round is measured for, as in bench/src/memory/measure.ts.
#define ROUND_NS 80e6
#define BATCHES_MIN 25

static inline double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline void die(const char *what) {
  fprintf(stderr, "reference: %s\n", what);
  exit(1);
}

// A batch of packets: `fill` prepares it and is not measured, `run` returns how many packets it did.
struct batch {
  void (*fill)(void);
  uint64_t (*run)(void);
};

// ns a packet: of the median batch, and of all together.
struct measured {
  double median, mean;
  uint64_t packets;
};

#define BATCHES_MAX 65536

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline struct measured measure(struct batch batch, int quick) {
  static double batches[BATCHES_MAX];
  double spent = 0;
  uint64_t packets = 0;
  int n = 0;
  while (n < BATCHES_MAX && (quick ? n < 2 : n < BATCHES_MIN || spent < ROUND_NS)) {
    batch.fill();
    double start = now_ns();
    uint64_t count = batch.run();
    double ns = now_ns() - start;
    batches[n++] = ns / count;
    spent += ns;
    packets += count;
  }
  qsort(batches, n, sizeof *batches, by_size);
  return (struct measured){batches[n / 2], spent / packets, packets};
}

static inline int next_round(void) {
  char line[64];
  return fgets(line, sizeof line, stdin) != NULL;
}

// `sample`: the last packet that came out.
static inline void answer(struct measured m, uint64_t out, const uint8_t *sample, int length) {
  printf("{\"value\":%.3f,\"mean\":%.3f,\"packets\":%llu,\"out\":%llu,\"sample\":\"", m.median, m.mean,
         (unsigned long long)m.packets, (unsigned long long)out);
  for (int i = 0; i < length; i++) printf("%02x", sample[i]);
  printf("\"}\n");
  fflush(stdout);
}

#endif

// How fast the core is at the moment: the same integer work again and again, in nanoseconds. Four chains that do not
// wait for each other, so that it feels another thread on the same core's units.
#include "rounds.h"

#define STEPS 400000
#define PASSES 5

static uint64_t work(uint64_t seed) {
  uint64_t a = seed, b = seed + 1, c = seed + 2, d = seed + 3;
  for (int i = 0; i < STEPS; i++) {
    a = (a << 5 | a >> 59) + b;
    b = (b << 7 | b >> 57) ^ c;
    c = (c << 11 | c >> 53) + d;
    d = (d << 13 | d >> 51) ^ a;
  }
  return a ^ b ^ c ^ d;
}

int main(void) {
  uint64_t seed = 1;
  while (next_round()) {
    double took[PASSES];
    for (int pass = 0; pass < PASSES; pass++) {
      double start = now_ns();
      seed = work(seed);
      took[pass] = now_ns() - start;
    }
    qsort(took, PASSES, sizeof *took, by_size);
    printf("{\"value\":%.0f,\"sum\":%llu}\n", took[PASSES / 2], (unsigned long long)seed);
    fflush(stdout);
  }
}

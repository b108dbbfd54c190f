// generate: IPv4 UDP packets at a rate, by XDP live frames (BPF_F_TEST_XDP_LIVE_FRAMES of linux/bpf.h, Linux 5.18), or
// by sendmmsg where that is asked for or the kernel cannot.
//
// An XDP program writes each frame's headers and the time into it and redirects it out of the device; the kernel runs it
// over and over on frames of its own, without a copy and without a system call per packet. What is sent into a veth
// arrives only when the far end has an XDP program or NAPI (GRO).
//
// Prints one line of JSON: what was sent, when it began (CLOCK_MONOTONIC, ns), in how many seconds, and how.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "bpf-code.h"
#include "clock.h"
#include "generate.h"

// Iterations that wait for a packet's time: the verifier follows 8192 jumps at most. Each reads the clock, which takes
// some 20 ns, and once more for every READ_AGAIN_NS from packet to packet, so that it waits long enough.
#define WAIT_MOST 8000
#define READ_AGAIN_NS 100000
#define READS_MOST 10
// A packet so late starts the schedule anew, so that a pause of the machine is not made up for by a burst.
#define LATE_NS 200000
// Simple IMIX: of 12 packets seven are small, four of a middle size, one is large.
#define IMIX_PARTS 12

static volatile sig_atomic_t ended;

static void on_signal(int signal) {
  (void)signal;
  ended = 1;
}

// Stores the frame's first bytes from registers: eight a time.
static void emit_bytes(struct code *code, int at, const uint8_t *bytes, int count) {
  int done = 0;
  for (; count - done >= 8; done += 8) {
    uint64_t word;
    memcpy(&word, bytes + done, sizeof word);
    emit_set64(code, BPF_REG_0, word, 0);
    emit_store(code, BPF_DW, at, done, BPF_REG_0);
  }
  for (; done < count; done += 2) {
    uint16_t half;
    memcpy(&half, bytes + done, sizeof half);
    emit_store_value(code, BPF_H, at, done, half);
  }
}

// r6 context, r8 the state's map value.
static void emit_wait(struct code *code, uint64_t interval) {
  // r7: when this packet is due
  emit_load(code, BPF_DW, BPF_REG_7, BPF_REG_8, 0);
  emit_with(code, BPF_ADD, BPF_REG_7, (int32_t)interval);
  emit_call(code, BPF_FUNC_ktime_get_ns);
  emit_with(code, BPF_SUB, BPF_REG_0, LATE_NS);
  int in_time = emit_jump_registers(code, BPF_JGE, BPF_REG_7, BPF_REG_0);
  emit_move(code, BPF_REG_7, BPF_REG_0);
  emit_with(code, BPF_ADD, BPF_REG_7, LATE_NS);
  land(code, in_time);
  emit_store(code, BPF_DW, BPF_REG_8, 0, BPF_REG_7);
  emit_set(code, BPF_REG_9, WAIT_MOST);
  int again = code->count;
  uint64_t reads = 1 + interval / READ_AGAIN_NS;
  for (uint64_t i = 0; i < reads && i < READS_MOST; i++) emit_call(code, BPF_FUNC_ktime_get_ns);
  int due = emit_jump_registers(code, BPF_JGE, BPF_REG_0, BPF_REG_7);
  emit_with(code, BPF_SUB, BPF_REG_9, 1);
  int back = emit_jump(code, BPF_JNE, BPF_REG_9, 0);
  code->instructions[back].off = (int16_t)(again - back - 1);
  land(code, due);
}

static void emit_frame(struct code *code, const struct generator *generator, int length, int cut, int *passes) {
  if (cut > 0) {
    emit_move(code, BPF_REG_1, BPF_REG_6);
    emit_set(code, BPF_REG_2, -cut);
    emit_call(code, BPF_FUNC_xdp_adjust_tail);
  }
  emit_load(code, BPF_W, BPF_REG_2, BPF_REG_6, (int)offsetof(struct xdp_md, data));
  emit_load(code, BPF_W, BPF_REG_3, BPF_REG_6, (int)offsetof(struct xdp_md, data_end));
  emit_move(code, BPF_REG_4, BPF_REG_2);
  emit_with(code, BPF_ADD, BPF_REG_4, STAMP_AT + 8);
  *passes = emit_jump_registers(code, BPF_JGT, BPF_REG_4, BPF_REG_3);
  uint8_t headers[HEADER_BYTES];
  generator_headers(generator, length, headers);
  emit_bytes(code, BPF_REG_2, headers, HEADER_BYTES);
  emit_move(code, BPF_REG_7, BPF_REG_2);
  if (generator->flows > 1) {
    emit_call(code, BPF_FUNC_get_prandom_u32);
    emit_with(code, BPF_MOD, BPF_REG_0, generator->flows);
    emit_store(code, BPF_H, BPF_REG_7, SOURCE_PORT_AT, BPF_REG_0);
  }
  emit_call(code, BPF_FUNC_ktime_get_ns);
  emit_store(code, BPF_DW, BPF_REG_7, STAMP_AT, BPF_REG_0);
}

static int load_program(const struct generator *generator, int state) {
  static struct code code;
  code.count = 0;
  emit_move(&code, BPF_REG_6, BPF_REG_1);
  emit_store_value(&code, BPF_W, BPF_REG_10, -4, 0);
  emit_set64(&code, BPF_REG_1, (uint64_t)(uint32_t)state, BPF_PSEUDO_MAP_FD);
  emit_move(&code, BPF_REG_2, BPF_REG_10);
  emit_with(&code, BPF_ADD, BPF_REG_2, -4);
  emit_call(&code, BPF_FUNC_map_lookup_elem);
  int found = emit_jump(&code, BPF_JNE, BPF_REG_0, 0);
  emit_set(&code, BPF_REG_0, XDP_DROP);
  emit_exit(&code);
  land(&code, found);
  emit_move(&code, BPF_REG_8, BPF_REG_0);

  if (generator->interval_ns > 0) emit_wait(&code, generator->interval_ns);
  int passes[3], ends[3], sizes = generator->imix ? 3 : 1;
  const int lengths[] = {generator->imix ? IMIX_SMALL : generator->length, IMIX_MIDDLE, IMIX_LARGE};
  int next = -1;
  if (generator->imix) {
    emit_call(&code, BPF_FUNC_get_prandom_u32);
    emit_with(&code, BPF_MOD, BPF_REG_0, IMIX_PARTS);
    emit_move(&code, BPF_REG_9, BPF_REG_0);
  }
  for (int i = 0; i < sizes; i++) {
    if (next >= 0) land(&code, next);
    if (i < sizes - 1) next = emit_jump(&code, BPF_JGT, BPF_REG_9, i == 0 ? 6 : 10);
    emit_frame(&code, generator, lengths[i], generator->imix ? IMIX_LARGE - lengths[i] : 0, &passes[i]);
    ends[i] = emit(&code, (struct bpf_insn){.code = BPF_JMP | BPF_JA});
  }
  for (int i = 0; i < sizes; i++) land(&code, ends[i]);
  emit_load(&code, BPF_DW, BPF_REG_1, BPF_REG_8, 8);
  emit_with(&code, BPF_ADD, BPF_REG_1, 1);
  emit_store(&code, BPF_DW, BPF_REG_8, 8, BPF_REG_1);
  emit_set(&code, BPF_REG_1, (int32_t)generator->index);
  emit_set(&code, BPF_REG_2, 0);
  emit_call(&code, BPF_FUNC_redirect);
  emit_exit(&code);
  for (int i = 0; i < sizes; i++) land(&code, passes[i]);
  emit_set(&code, BPF_REG_0, XDP_DROP);
  emit_exit(&code);

  static char log[1 << 12];
  LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = sizeof log, .log_level = 0);
  int program =
      bpf_prog_load(BPF_PROG_TYPE_XDP, "bench_generate", "GPL", code.instructions, (size_t)code.count, &options);
  if (program < 0) fprintf(stderr, "the generator's XDP program does not load: %s\n%s", strerror(errno), log);
  return program;
}

// The packets sent, or -1 when the kernel has no live frames.
static int64_t run_live_frames(const struct generator *generator, double *seconds) {
  int state = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_state", sizeof(uint32_t), 2 * sizeof(uint64_t), 1, NULL);
  int program = state < 0 ? -1 : load_program(generator, state);
  if (program < 0) return -1;

  static uint8_t frame[2048];
  int length = generator->imix ? IMIX_LARGE : generator->length;
  struct xdp_md context = {.data_end = (uint32_t)length};
  // The kernel takes some 15 ms to clear up after a run: one run is all, and the timer's signal ends it.
  const struct itimerval timer = {.it_value = {.tv_sec = (time_t)generator->seconds,
                                               .tv_usec = (suseconds_t)(fmod(generator->seconds, 1) * 1e6)}};
  double start = now_seconds(), end = start;
  setitimer(ITIMER_REAL, &timer, NULL);
  while (!ended && end - start < generator->seconds) {
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)length, .ctx_in = &context,
                .ctx_size_in = sizeof context, .repeat = INT_MAX, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = (uint32_t)generator->batch);
    int error = bpf_prog_test_run_opts(program, &run);
    if (error != 0 && error != -EINTR) {
      if (end == start && error == -EINVAL) return -1;
      fprintf(stderr, "running the generator's XDP program: %s\n", strerror(-error));
      exit(1);
    }
    end = now_seconds();
  }
  uint32_t key = 0;
  uint64_t values[2] = {0};
  bpf_map_lookup_elem(state, &key, values);
  *seconds = end - start;
  return (int64_t)values[1];
}

static _Noreturn void usage(const char *why) {
  fprintf(stderr,
          "%s\nusage: generate --device IF --to-mac MAC --from IP --to IP [--length BYTES | --imix] [--rate PPS] "
          "[--seconds S] [--cpu N] [--flows N] [--batch N] [--burst-ms MS] [--sendmmsg]\n",
          why);
  exit(2);
}

static void parse(struct generator *generator, int argc, char **argv) {
  static const struct option options[] = {
      {"device", required_argument, NULL, 'd'}, {"to-mac", required_argument, NULL, 'm'},
      {"from", required_argument, NULL, 's'},   {"to", required_argument, NULL, 't'},
      {"length", required_argument, NULL, 'l'}, {"imix", no_argument, NULL, 'i'},
      {"rate", required_argument, NULL, 'r'},   {"seconds", required_argument, NULL, 'e'},
      {"cpu", required_argument, NULL, 'c'},    {"flows", required_argument, NULL, 'f'},
      {"batch", required_argument, NULL, 'b'},  {"burst-ms", required_argument, NULL, 'u'},
       {"sendmmsg", no_argument, NULL, 'x'},
      {NULL, 0, NULL, 0}};
  *generator = (struct generator){.length = 60, .seconds = 1, .flows = 1, .batch = 64};
  bool mac = false;
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    uint8_t *m = generator->to_mac;
    switch (option) {
      case 'd': generator->index = if_nametoindex(optarg); break;
      case 'm':
        mac = sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5) == 6;
        break;
      case 's': generator->from = inet_addr(optarg); break;
      case 't': generator->to = inet_addr(optarg); break;
      case 'l': generator->length = atoi(optarg); break;
      case 'i': generator->imix = true; break;
      case 'r': generator->interval_ns = atof(optarg) > 0 ? (uint64_t)(1e9 / atof(optarg)) : 0; break;
      case 'e': generator->seconds = atof(optarg); break;
      case 'c': generator->cpu = 1 + atoi(optarg); break;
      case 'f': generator->flows = atoi(optarg); break;
      case 'b': generator->batch = atoi(optarg); break;
      case 'u': generator->burst_ns = (uint64_t)(atof(optarg) * 1e6); break;
      case 'x': generator->sendmmsg = true; break;
      default: usage("");
    }
  }
  if (generator->index == 0) usage("there is no such device");
  if (!mac) usage("--to-mac is six octets in hexadecimal");
  if (generator->length < 60 || generator->length > 1514) usage("--length is 60 to 1514 octets, without FCS");
  if (generator->burst_ns > 0 && generator->interval_ns == 0) usage("--burst-ms needs --rate");
  if (generator->batch < 1 || generator->batch > 256 || generator->flows < 1 || generator->flows > 65535) {
    usage("--batch is 1 to 256, --flows 1 to 65535");
  }
}

int main(int argc, char **argv) {
  struct generator generator;
  parse(&generator, argc, argv);
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  signal(SIGALRM, on_signal);
  if (generator.cpu > 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(generator.cpu - 1, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) fprintf(stderr, "core %d: %s\n", generator.cpu - 1, strerror(errno));
  }
  double seconds = 0;
  uint64_t started = now_ns();
  const char *way = "live-frames";
  int64_t sent = generator.sendmmsg || generator.burst_ns > 0 ? -1 : run_live_frames(&generator, &seconds);
  if (sent < 0) {
    way = "sendmmsg";
    sent = run_sendmmsg(&generator, &ended, &seconds);
  }
  if (sent < 0) return 1;
  printf("{\"sent\":%lld,\"started_ns\":%llu,\"seconds\":%.6f,\"way\":\"%s\"}\n", (long long)sent, (unsigned long long)started,
         seconds, way);
  return 0;
}

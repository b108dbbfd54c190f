// sink: counts and drops, by an eBPF program, the packets that `generate` sent; all others go on to Linux.
//
// The program is at TCX ingress (Linux 6.6), which takes packets as they are; where there is none, on the XDP hook, for
// which a veth copies every packet that has not enough room before it.
//
//   sink --device IF [--latencies N] [--pass]
//
// Prints "ready", then a line of JSON for every line that it reads: the packets and octets so far, and the time of
// looking (CLOCK_MONOTONIC, ns). A line that names a file has it write the latencies kept since the last such line there:
// 32-bit nanoseconds, host byte order, at most N. Ends when its input ends, and its program with it.
//
// --pass attaches a program that lets everything go on: a veth so takes the XDP frames of its peer.
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf-code.h"
#include "clock.h"
#include "generate.h"

#define CPUS_MOST 1024
#define ETHERTYPE_AT 12
#define PROTOCOL_AT 23
#define DESTINATION_PORT_AT 36

struct sink {
  unsigned index;
  uint32_t latencies;
  bool pass;
  int counts, samples, taken;
  uint32_t *kept;
};

// Where a program stands, and how it says what becomes of a packet.
struct hook {
  enum bpf_prog_type type;
  int attach;
  uint32_t flags;
  int data, data_end; // offsets in the program's context
  int drop, pass;
};

// BPF_TCX_INGRESS, TCX_DROP and TCX_PASS of linux/bpf.h since 6.6.
static const struct hook tcx = {.type = BPF_PROG_TYPE_SCHED_CLS,
                                .attach = 46,
                                .data = offsetof(struct __sk_buff, data),
                                .data_end = offsetof(struct __sk_buff, data_end),
                                .drop = 2,
                                .pass = 0};
static const struct hook xdp = {.type = BPF_PROG_TYPE_XDP,
                                .attach = BPF_XDP,
                                .flags = XDP_FLAGS_DRV_MODE,
                                .data = offsetof(struct xdp_md, data),
                                .data_end = offsetof(struct xdp_md, data_end),
                                .drop = XDP_DROP,
                                .pass = XDP_PASS};

struct seen {
  uint64_t packets, octets;
};

// Leaves the value's address in r0, or goes to the end of the program without one.
static void emit_lookup(struct code *code, int map, int end) {
  emit_set64(code, BPF_REG_1, (uint64_t)(uint32_t)map, BPF_PSEUDO_MAP_FD);
  emit_move(code, BPF_REG_2, BPF_REG_10);
  emit_with(code, BPF_ADD, BPF_REG_2, -4);
  emit_call(code, BPF_FUNC_map_lookup_elem);
  int found = emit_jump(code, BPF_JNE, BPF_REG_0, 0);
  emit_set(code, BPF_REG_0, end);
  emit_exit(code);
  land(code, found);
}

// r7: the frame. The next free element of `samples` gets the time since the packet was sent.
static void emit_latency(struct code *code, const struct sink *sink, const struct hook *hook) {
  emit_call(code, BPF_FUNC_ktime_get_ns);
  emit_load(code, BPF_DW, BPF_REG_1, BPF_REG_7, STAMP_AT);
  emit_move(code, BPF_REG_9, BPF_REG_0);
  emit_with_register(code, BPF_SUB, BPF_REG_9, BPF_REG_1);
  emit_lookup(code, sink->taken, hook->drop);
  emit_set(code, BPF_REG_1, 1);
  emit(code, (struct bpf_insn){.code = BPF_STX | BPF_ATOMIC | BPF_DW,
                               .dst_reg = BPF_REG_0,
                               .src_reg = BPF_REG_1,
                               .imm = BPF_ADD | BPF_FETCH});
  emit_store(code, BPF_W, BPF_REG_10, -4, BPF_REG_1);
  emit_lookup(code, sink->samples, hook->drop);
  emit_store(code, BPF_W, BPF_REG_0, 0, BPF_REG_9);
}

// Loads where the frame begins and ends into r7 and r8, and jumps by how the end of what is looked at compares with r8.
static int emit_bounds(struct code *code, const struct hook *hook, int condition) {
  emit_load(code, BPF_W, BPF_REG_7, BPF_REG_6, hook->data);
  emit_load(code, BPF_W, BPF_REG_8, BPF_REG_6, hook->data_end);
  emit_move(code, BPF_REG_2, BPF_REG_7);
  emit_with(code, BPF_ADD, BPF_REG_2, STAMP_AT + 8);
  return emit_jump_registers(code, condition, BPF_REG_2, BPF_REG_8);
}

static int load_program(const struct sink *sink, const struct hook *hook) {
  static struct code code;
  code.count = 0;
  int others[4];
  emit_move(&code, BPF_REG_6, BPF_REG_1);
  int there = emit_bounds(&code, hook, BPF_JLE);
  if (hook == &tcx) {
    // Packet sockets send packets whose octets do not lie in one piece.
    emit_move(&code, BPF_REG_1, BPF_REG_6);
    emit_set(&code, BPF_REG_2, STAMP_AT + 8);
    emit_call(&code, BPF_FUNC_skb_pull_data);
  }
  land(&code, there);
  others[0] = emit_bounds(&code, hook, BPF_JGT);
  emit_load(&code, BPF_H, BPF_REG_2, BPF_REG_7, ETHERTYPE_AT);
  others[1] = emit_jump(&code, BPF_JNE, BPF_REG_2, 0x0008); // 0x0800 as a little-endian load sees it
  emit_load(&code, BPF_B, BPF_REG_2, BPF_REG_7, PROTOCOL_AT);
  others[2] = emit_jump(&code, BPF_JNE, BPF_REG_2, 17);
  emit_load(&code, BPF_H, BPF_REG_2, BPF_REG_7, DESTINATION_PORT_AT);
  others[3] = emit_jump(&code, BPF_JNE, BPF_REG_2, SINK_PORT << 8);
  // r8: how long it is
  if (hook == &tcx) emit_load(&code, BPF_W, BPF_REG_8, BPF_REG_6, (int)offsetof(struct __sk_buff, len));
  else emit_with_register(&code, BPF_SUB, BPF_REG_8, BPF_REG_7);

  emit_store_value(&code, BPF_W, BPF_REG_10, -4, 0);
  emit_lookup(&code, sink->counts, hook->drop);
  emit_load(&code, BPF_DW, BPF_REG_1, BPF_REG_0, 0);
  emit_with(&code, BPF_ADD, BPF_REG_1, 1);
  emit_store(&code, BPF_DW, BPF_REG_0, 0, BPF_REG_1);
  emit_load(&code, BPF_DW, BPF_REG_1, BPF_REG_0, 8);
  emit_with_register(&code, BPF_ADD, BPF_REG_1, BPF_REG_8);
  emit_store(&code, BPF_DW, BPF_REG_0, 8, BPF_REG_1);
  if (sink->latencies > 0) emit_latency(&code, sink, hook);
  emit_set(&code, BPF_REG_0, hook->drop);
  emit_exit(&code);
  for (int i = 0; i < 4; i++) land(&code, others[i]);
  emit_set(&code, BPF_REG_0, hook->pass);
  emit_exit(&code);

  static char log[1 << 12];
  LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = sizeof log, .log_level = 0);
  int program = bpf_prog_load(hook->type, "bench_sink", "GPL", code.instructions, (size_t)code.count, &options);
  if (program < 0) fprintf(stderr, "the sink's program does not load: %s\n%s", strerror(errno), log);
  return program;
}

static int load_pass(void) {
  static struct code code;
  emit_set(&code, BPF_REG_0, XDP_PASS);
  emit_exit(&code);
  return bpf_prog_load(BPF_PROG_TYPE_XDP, "bench_pass", "GPL", code.instructions, (size_t)code.count, NULL);
}

static bool make_maps(struct sink *sink) {
  LIBBPF_OPTS(bpf_map_create_opts, mapped, .map_flags = BPF_F_MMAPABLE);
  uint32_t most = sink->latencies > 0 ? sink->latencies : 1;
  sink->counts = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "bench_counts", 4, sizeof(struct seen), 1, NULL);
  sink->taken = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_taken", 4, 8, 1, NULL);
  // An element of an array takes eight octets, however small its value.
  sink->samples = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_samples", 4, 8, most, &mapped);
  if (sink->counts < 0 || sink->taken < 0 || sink->samples < 0) return false;
  sink->kept = mmap(NULL, (size_t)most * 8, PROT_READ, MAP_SHARED, sink->samples, 0);
  return sink->kept != MAP_FAILED;
}

static struct seen counted(const struct sink *sink) {
  static struct seen each[CPUS_MOST];
  uint32_t key = 0;
  memset(each, 0, sizeof each);
  bpf_map_lookup_elem(sink->counts, &key, each);
  struct seen sum = {0, 0};
  for (int i = 0; i < CPUS_MOST; i++) {
    sum.packets += each[i].packets;
    sum.octets += each[i].octets;
  }
  return sum;
}

static int write_latencies(const struct sink *sink, const char *path) {
  uint32_t key = 0;
  uint64_t taken = 0, none = 0;
  bpf_map_lookup_elem(sink->taken, &key, &taken);
  if (taken > sink->latencies) taken = sink->latencies;
  FILE *file = fopen(path, "we");
  if (file == NULL) return -1;
  for (uint64_t i = 0; i < taken; i++) fwrite(&sink->kept[2 * i], sizeof(uint32_t), 1, file);
  bpf_map_update_elem(sink->taken, &key, &none, BPF_ANY);
  return fclose(file);
}

// A link ends with its descriptor: whatever ends this process leaves no program behind.
static int attach(int program, const struct sink *sink, const struct hook *hook) {
  if (program < 0) return -1;
  LIBBPF_OPTS(bpf_link_create_opts, options, .flags = hook->flags);
  return bpf_link_create(program, (int)sink->index, (enum bpf_attach_type)hook->attach, &options);
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                          {"latencies", required_argument, NULL, 'l'},
                                          {"pass", no_argument, NULL, 'p'},
                                          {NULL, 0, NULL, 0}};
  struct sink sink = {0};
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'd') sink.index = if_nametoindex(optarg);
    else if (option == 'l') sink.latencies = (uint32_t)strtoul(optarg, NULL, 10);
    else if (option == 'p') sink.pass = true;
    else return 2;
  }
  if (sink.index == 0) {
    fprintf(stderr, "--device names no device\n");
    return 2;
  }
  if (!make_maps(&sink)) {
    fprintf(stderr, "the sink's maps: %s\n", strerror(errno));
    return 1;
  }
  int link = sink.pass ? attach(load_pass(), &sink, &xdp) : attach(load_program(&sink, &tcx), &sink, &tcx);
  if (link < 0 && !sink.pass) link = attach(load_program(&sink, &xdp), &sink, &xdp);
  if (link < 0) {
    fprintf(stderr, "attaching the sink's program: %s\n", strerror(errno));
    return 1;
  }
  printf("ready\n");
  fflush(stdout);
  static char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] != '\0' && write_latencies(&sink, line) != 0) fprintf(stderr, "%s: %s\n", line, strerror(errno));
    struct seen seen = counted(&sink);
    printf("{\"ns\":%llu,\"packets\":%llu,\"octets\":%llu}\n", (unsigned long long)now_ns(), (unsigned long long)seen.packets,
           (unsigned long long)seen.octets);
    fflush(stdout);
  }
  return 0;
}

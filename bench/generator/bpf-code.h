// Instructions of eBPF programs written down as the kernel takes them (linux/bpf.h), so that no compiler for them is
// needed. A program grows in a `struct code`; jumps are patched when their target is known.
#pragma once

#include <linux/bpf.h>
#include <stdint.h>

#define CODE_MOST 512

struct code {
  struct bpf_insn instructions[CODE_MOST];
  int count;
};

static inline int emit(struct code *code, struct bpf_insn instruction) {
  code->instructions[code->count] = instruction;
  return code->count++;
}

static inline int emit_move(struct code *code, int to, int from) {
  return emit(code, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to & 15, .src_reg = from & 15});
}

static inline int emit_set(struct code *code, int to, int32_t value) {
  return emit(code, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = to & 15, .imm = value});
}

// `operation` is BPF_ADD, BPF_SUB, BPF_MOD…
static inline int emit_with(struct code *code, int operation, int to, int32_t value) {
  return emit(code, (struct bpf_insn){.code = (uint8_t)(BPF_ALU64 | operation | BPF_K), .dst_reg = to & 15, .imm = value});
}

static inline int emit_with_register(struct code *code, int operation, int to, int from) {
  return emit(code, (struct bpf_insn){
                        .code = (uint8_t)(BPF_ALU64 | operation | BPF_X), .dst_reg = to & 15, .src_reg = from & 15});
}

static inline void emit_set64(struct code *code, int to, uint64_t value, int source) {
  emit(code, (struct bpf_insn){.code = BPF_LD | BPF_DW | BPF_IMM,
                               .dst_reg = to & 15,
                               .src_reg = source & 15,
                               .imm = (int32_t)(uint32_t)value});
  emit(code, (struct bpf_insn){.imm = (int32_t)(uint32_t)(value >> 32)});
}

// `size` is BPF_B, BPF_H, BPF_W or BPF_DW.
static inline int emit_load(struct code *code, int size, int to, int from, int offset) {
  return emit(code, (struct bpf_insn){.code = (uint8_t)(BPF_LDX | BPF_MEM | size),
                                      .dst_reg = to & 15,
                                      .src_reg = from & 15,
                                      .off = (int16_t)offset});
}

static inline int emit_store(struct code *code, int size, int to, int offset, int from) {
  return emit(code, (struct bpf_insn){.code = (uint8_t)(BPF_STX | BPF_MEM | size),
                                      .dst_reg = to & 15,
                                      .src_reg = from & 15,
                                      .off = (int16_t)offset});
}

static inline int emit_store_value(struct code *code, int size, int to, int offset, int32_t value) {
  return emit(code, (struct bpf_insn){.code = (uint8_t)(BPF_ST | BPF_MEM | size),
                                      .dst_reg = to & 15,
                                      .off = (int16_t)offset,
                                      .imm = value});
}

static inline int emit_call(struct code *code, int helper) {
  return emit(code, (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = helper});
}

// Conditions are BPF_JGT, BPF_JEQ…; the jump goes nowhere until it is patched.
static inline int emit_jump(struct code *code, int condition, int left, int32_t right) {
  return emit(code, (struct bpf_insn){.code = (uint8_t)(BPF_JMP | condition | BPF_K), .dst_reg = left & 15, .imm = right});
}

static inline int emit_jump_registers(struct code *code, int condition, int left, int right) {
  return emit(code, (struct bpf_insn){
                        .code = (uint8_t)(BPF_JMP | condition | BPF_X), .dst_reg = left & 15, .src_reg = right & 15});
}

static inline int emit_exit(struct code *code) {
  return emit(code, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

/** Has the jump at `from` lead to the instruction that is emitted next. */
static inline void land(struct code *code, int from) {
  code->instructions[from].off = (int16_t)(code->count - from - 1);
}

// A packet pool for tests: registered on `open`, gone after `close`.
import assert from 'node:assert/strict';
import { LARGE_FRAME_BYTES } from '../../../src/memory/packet-pool.js';
import { allocateWasmMemory } from '../../../src/memory/wasm-memory.js';
import { FRAME_BYTES, poolRegister, poolUnregister } from '../../../src/native/index.js';

export class TestPool {
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly free: number[] = [];

  /** Large frames are those from `frames` on; they are not among the free ones. */
  constructor(
    readonly frames: number,
    large = 0,
  ) {
    const size = frames * FRAME_BYTES + large * LARGE_FRAME_BYTES;
    const all = frames + large;
    const memory = allocateWasmMemory(size + all * 8);
    this.bytes = new Uint8Array(memory.buffer).fill(0xa5);
    this.buffer = Buffer.from(memory.buffer);
    this.offsets = new Int32Array(memory.buffer, size, all);
    this.lengths = new Int32Array(memory.buffer, size + all * 4, all);
    poolRegister(this.bytes, frames, large, size, size + all * 4);
    for (let frame = frames - 1; frame >= 0; frame--) this.free.push(frame);
  }

  close(): void {
    poolUnregister();
  }

  take(count: number): Int32Array {
    assert.ok(this.free.length >= count, 'the pool has run out of frames');
    return Int32Array.from({ length: count }, () => this.free.pop()!);
  }

  give(frames: Iterable<number>): void {
    this.free.push(...frames);
  }

  /** The packet of a frame; a view. */
  packet(frame: number): Buffer {
    return this.buffer.subarray(this.offsets[frame]!, this.offsets[frame]! + this.lengths[frame]!);
  }

  /** Puts a packet into a frame. */
  write(frame: number, at: number, packet: Uint8Array): void {
    this.offsets[frame] = frame * FRAME_BYTES + at;
    this.lengths[frame] = packet.length;
    this.bytes.set(packet, this.offsets[frame]);
  }

  /** Every frame is free, once. */
  assertWhole(): void {
    assert.deepEqual(
      [...this.free].sort((a, b) => a - b),
      Array.from({ length: this.frames }, (_, i) => i),
    );
  }
}

// Copies packets for a capture: at interfaces, on both sides of encryption, and where they are dropped.
//
// A worker writes records into a ring of octets in shared memory, the control thread reads them and writes the file.
// A worker without a capture pays a comparison per vector; with one, what does not fit the ring is counted, not waited
// for.
import type { PacketPool } from '../memory/packet-pool.js';
import { INTERFACES_MAX } from '../tables/interfaces.js';
import { type FilterSpec, PacketFilter } from './packet-filter.js';

/** Octets of one worker's ring. Tuning: 50 ms of 200,000 packets/s at 128 octets. */
export const CAPTURE_RING_BYTES = 1 << 21;
const RING_MASK = CAPTURE_RING_BYTES - 1;

/** Int32 words of the ring's head: octets ever written and ever read, modulo 2^32, on lines of their own. */
const WORD_WRITTEN = 0;
const WORD_READ = 16;
const WORD_MISSED = 32;
const HEAD_WORDS = 48;

/** A record's head: 32 octets, then the packet's, then padding to 8. */
const RECORD_BYTES = 32;
/** Words of it. */
const RECORD_CAPTURED = 0;
const RECORD_LENGTH = 1;
const RECORD_ROW = 2;
/** CAPTURE_… */
const RECORD_KIND = 3;
const RECORD_NODE = 4;
const RECORD_REASON = 5;
/** A double: microseconds since 1970. */
const RECORD_TIME = 3;

export const CAPTURE_IN = 1;
export const CAPTURE_OUT = 2;
export const CAPTURE_DROP = 3;
/** Added to the kind of what begins with an IP header. */
const CAPTURE_RAW = 16;

export interface CaptureOrder extends FilterSpec {
  /** Rows of the interfaces; null for all. */
  rows: number[] | null;
  /** Packets that come in and leave. */
  traffic: boolean;
  drops: boolean;
  /** Octets kept of each packet. */
  snapLength: number;
}

export function allocateCaptureRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_WORDS * 4 + CAPTURE_RING_BYTES);
}

export class Capture {
  /** True while packets at interfaces are wanted. */
  traffic = false;
  drops = false;
  private readonly head: Int32Array;
  private readonly ring: Uint8Array;
  private readonly words: Int32Array;
  private readonly times: Float64Array;
  private readonly wanted = new Uint8Array(INTERFACES_MAX);
  private filter = new PacketFilter();
  private snapLength = 0;

  constructor(
    private readonly pool: PacketPool,
    buffer: SharedArrayBuffer,
  ) {
    this.head = new Int32Array(buffer, 0, HEAD_WORDS);
    this.ring = new Uint8Array(buffer, HEAD_WORDS * 4);
    this.words = new Int32Array(buffer, HEAD_WORDS * 4);
    this.times = new Float64Array(buffer, HEAD_WORDS * 4);
  }

  start(order: CaptureOrder): void {
    this.filter = new PacketFilter(order);
    this.wanted.fill(order.rows === null ? 1 : 0);
    for (const row of order.rows ?? []) this.wanted[row] = 1;
    this.snapLength = order.snapLength;
    this.traffic = order.traffic;
    this.drops = order.drops;
  }

  stop(): void {
    this.traffic = false;
    this.drops = false;
  }

  /** A vector at an interface, `kind` CAPTURE_IN or CAPTURE_OUT. */
  vector(packets: Int32Array, from: number, to: number, rows: Int32Array, kind: number, raw: boolean): void {
    for (let i = from; i < to; i++) this.packet(packets[i]!, rows[packets[i]!]!, kind, raw);
  }

  /** A packet at an interface; `raw` from its IP header on. */
  packet(packet: number, row: number, kind: number, raw: boolean): void {
    if (this.wanted[row] === 1) this.write(packet, row, kind, raw, 0, 0);
  }

  /** A packet that a node drops, by the interface that it came in by. */
  drop(packet: number, node: number, raw: boolean): void {
    const row = this.pool.rxInterface[packet]!;
    if (this.wanted[row] === 1) this.write(packet, row, CAPTURE_DROP, raw, node, this.pool.reason[packet]!);
  }

  private write(packet: number, row: number, kind: number, raw: boolean, node: number, reason: number): void {
    const { pool, head, words, ring } = this;
    const at = raw ? pool.l3[packet]! : pool.offset[packet]!;
    const end = pool.offset[packet]! + pool.length[packet]!;
    if (at > end || !this.filter.matches(pool.bytes, at, end, !raw)) return;
    const captured = Math.min(end - at, this.snapLength);
    const size = (RECORD_BYTES + captured + 7) & ~7;
    const written = head[WORD_WRITTEN]!;
    // The reader's store comes after its reads, so what it has left may be written again.
    if (((written - Atomics.load(head, WORD_READ)) | 0) + size > CAPTURE_RING_BYTES) {
      head[WORD_MISSED] = (head[WORD_MISSED]! + 1) | 0;
      return;
    }
    // Records begin at multiples of 8 and the ring is one of 32: a head is split at most between two of its words.
    const word = (i: number): number => ((written + 4 * i) & RING_MASK) >>> 2;
    words[word(RECORD_CAPTURED)] = captured;
    words[word(RECORD_LENGTH)] = end - at;
    words[word(RECORD_ROW)] = row;
    words[word(RECORD_KIND)] = raw ? kind + CAPTURE_RAW : kind;
    words[word(RECORD_NODE)] = node;
    words[word(RECORD_REASON)] = reason;
    this.times[((written + 8 * RECORD_TIME) & RING_MASK) >>> 3] =
      (performance.timeOrigin + performance.now()) * 1000;
    const to = (written + RECORD_BYTES) & RING_MASK;
    const first = Math.min(captured, CAPTURE_RING_BYTES - to);
    ring.set(pool.bytes.subarray(at, at + first), to);
    if (first < captured) ring.set(pool.bytes.subarray(at + first, at + captured), 0);
    // Publishes the record: everything before it is seen by whoever loads this.
    Atomics.store(head, WORD_WRITTEN, (written + size) | 0);
  }
}

export interface CapturedPacket {
  row: number;
  kind: number;
  raw: boolean;
  node: number;
  reason: number;
  /** Microseconds since 1970. */
  time: number;
  /** Octets that it had. */
  length: number;
  bytes: Uint8Array;
}

/** The control side of one worker's ring. */
export class CaptureReader {
  private readonly head: Int32Array;
  private readonly ring: Uint8Array;

  constructor(buffer: SharedArrayBuffer) {
    this.head = new Int32Array(buffer, 0, HEAD_WORDS);
    this.ring = new Uint8Array(buffer, HEAD_WORDS * 4);
  }

  /** Packets that found the ring full, since the start. */
  get missed(): number {
    return Atomics.load(this.head, WORD_MISSED) >>> 0;
  }

  /** Takes the records that are there, `most` octets of them. */
  read(most: number = CAPTURE_RING_BYTES): CapturedPacket[] {
    const packets: CapturedPacket[] = [];
    const written = Atomics.load(this.head, WORD_WRITTEN);
    let at = this.head[WORD_READ]!;
    for (let taken = 0; at !== written && taken < most; ) {
      const view = new DataView(this.copy(at, RECORD_BYTES).buffer);
      const captured = view.getInt32(4 * RECORD_CAPTURED, true);
      const kind = view.getInt32(4 * RECORD_KIND, true);
      packets.push({
        row: view.getInt32(4 * RECORD_ROW, true),
        kind: kind & (CAPTURE_RAW - 1),
        raw: (kind & CAPTURE_RAW) !== 0,
        node: view.getInt32(4 * RECORD_NODE, true),
        reason: view.getInt32(4 * RECORD_REASON, true),
        time: view.getFloat64(8 * RECORD_TIME, true),
        length: view.getInt32(4 * RECORD_LENGTH, true),
        bytes: this.copy(at + RECORD_BYTES, captured),
      });
      const size = (RECORD_BYTES + captured + 7) & ~7;
      at = (at + size) | 0;
      taken += size;
    }
    Atomics.store(this.head, WORD_READ, at);
    return packets;
  }

  private copy(from: number, length: number): Uint8Array {
    const at = from & RING_MASK;
    const first = Math.min(length, CAPTURE_RING_BYTES - at);
    const out = new Uint8Array(length);
    out.set(this.ring.subarray(at, at + first));
    out.set(this.ring.subarray(0, length - first), first);
    return out;
  }
}

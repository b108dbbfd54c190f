// Flows that a worker meters (RFC 5470): one table each in shared memory, of a fixed number of rows.
//
// Rows are in buckets of 16, whose tags are one cache line: a flow is in the bucket that its hash names, or nowhere. The
// worker opens rows and counts in them; the control side alone takes them away. Who owns a row is said by its tag:
//
//   TAG_FREE ──► its hash        the worker has written the row, and counts in it
//                   ──► TAG_CLOSING   the control side: no worker finds it any more
//                          ──► TAG_FREE   the control side has read it, after every worker's next quiescent point
//
// So neither side ever waits, and no packet of the vector in which a row is closed is lost for its figures.
import { flowHash } from '../wire/flow.js';

/** Int32 words of a row. */
export const FLOW_WORDS = 24;
/** Word offsets: source and destination as they are in the packet, of IPv4 two words, of IPv6 eight. */
export const FLOW_ADDRESSES = 0;
/** Source << 16 | destination; of ICMP type << 24 | code << 16. 0 of later fragments and of what has none. */
export const FLOW_PORTS = 8;
/** Protocol, ToS or traffic class << 8, FLOW_IP6. */
export const FLOW_KIND = 9;
export const FLOW_IP6 = 1 << 16;
/** The interface's row that it came in by, and VRF << 16. */
export const FLOW_WHERE = 10;
/** The interface's row by which its first packet left; 0 when it left by none, or it was not known. */
export const FLOW_EGRESS = 11;
/** Flags of all its TCP segments. */
export const FLOW_TCP_FLAGS = 12;
/** Offsets in doubles: octets with IP headers; milliseconds since 1970. */
export const FLOW_DOUBLES = FLOW_WORDS >>> 1;
export const FLOW_PACKETS = 7;
export const FLOW_OCTETS = 8;
export const FLOW_FIRST_MS = 9;
export const FLOW_LAST_MS = 10;

/** Instead of a slot: no slot has this number, nor its complement. */
export const NO_ROOM = -(2 ** 31);

/** Tags; whatever else stands for a row in use. */
export const TAG_FREE = 0;
export const TAG_CLOSING = 1;

const BUCKET = 16;
/** Words of the tags' memory: rows that the worker has opened, those that the control side has freed, on lines of their own. */
const WORD_OPENED = 0;
const WORD_FREED = 16;
/** One of so many packets is metered; 0 stands for 1. */
const WORD_INTERVAL = 17;
const FIRST_TAG = 32;

// Constants of the module itself are compiled in.
const IN_BUCKET = BUCKET;
const ROW_WORDS = FLOW_WORDS;
const PORTS = FLOW_PORTS;
const KIND = FLOW_KIND;
const WHERE = FLOW_WHERE;
const hashOf = flowHash;

export interface FlowMemory {
  tags: SharedArrayBuffer;
  rows: SharedArrayBuffer;
  /** Flows at once: half of the rows at most, so that buckets seldom fill before. */
  limit: number;
}

export function allocateFlows(limit: number): FlowMemory {
  const slots = Math.max(BUCKET, 2 ** Math.ceil(Math.log2(2 * limit)));
  return {
    tags: new SharedArrayBuffer((FIRST_TAG + slots) * 4),
    rows: new SharedArrayBuffer(slots * FLOW_WORDS * 4),
    limit,
  };
}

export class FlowTable {
  readonly slots: number;
  readonly limit: number;
  /** Of all rows, by word and by double. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  private readonly head: Int32Array;
  private readonly tags: Int32Array;
  private readonly lastBucket: number;
  /** Of the worker: packets since the last one that was metered. */
  private skipped = 0;
  /** Of the row that find() has made. */
  private tag = 0;

  /** @param seed keys the hash, so that strangers cannot fill one bucket. */
  constructor(
    { tags, rows, limit }: FlowMemory,
    private readonly seed: number,
  ) {
    this.limit = limit;
    this.head = new Int32Array(tags, 0, FIRST_TAG);
    this.tags = new Int32Array(tags, FIRST_TAG * 4);
    this.words = new Int32Array(rows);
    this.doubles = new Float64Array(rows);
    this.slots = this.tags.length;
    this.lastBucket = this.slots / BUCKET - 1;
  }

  /** Rows in use, those that are being closed included. */
  get used(): number {
    return (Atomics.load(this.head, WORD_OPENED) - Atomics.load(this.head, WORD_FREED)) | 0;
  }

  /** For the worker: 1 of so many packets is metered. */
  get interval(): number {
    return this.head[WORD_INTERVAL]!;
  }

  /** For the control side. */
  set interval(packets: number) {
    Atomics.store(this.head, WORD_INTERVAL, packets);
  }

  /** True for a packet that is not metered, of one flow or another: the selection is of every n-th (RFC 5475 section 5.1). */
  skips(interval: number): boolean {
    if (++this.skipped < interval) return true;
    this.skipped = 0;
    return false;
  }

  /** True when the row in a slot is of this flow, whose addresses are `count` words from `at` on in `i32`. */
  matches(
    slot: number,
    i32: Int32Array,
    at: number,
    count: number,
    ports: number,
    kind: number,
    where: number,
  ): boolean {
    const { words } = this;
    const row = slot * ROW_WORDS;
    if (words[row + PORTS] !== ports || words[row + KIND] !== kind || words[row + WHERE] !== where)
      return false;
    for (let i = 0; i < count; i++) if (words[row + i] !== i32[at + i]) return false;
    return true;
  }

  /**
   * For the worker: the slot of a flow. When there is none, ~slot of a row that was made for it: its egress interface and
   * times are to be written, and then publish() is to be called. NO_ROOM when the table, or the flow's bucket, is full.
   */
  find(i32: Int32Array, at: number, count: number, ports: number, kind: number, where: number): number {
    const { tags } = this;
    const hash = hashOf(i32, at << 2, count, kind, ports, this.seed ^ where);
    const tag = hash & -2 || 2;
    const bucket = ((hash >>> 4) & this.lastBucket) * IN_BUCKET;
    let free = -1;
    for (let i = 0; i < IN_BUCKET; i++) {
      const slot = bucket + ((hash + i) & (IN_BUCKET - 1));
      const seen = tags[slot];
      if (seen === tag) {
        if (this.matches(slot, i32, at, count, ports, kind, where)) return slot;
      } else if (seen === TAG_FREE && free < 0) free = slot;
    }
    if (free < 0 || this.used >= this.limit) return NO_ROOM;
    this.tag = tag;
    this.write(free, i32, at, count, ports, kind, where);
    return ~free;
  }

  private write(
    slot: number,
    i32: Int32Array,
    at: number,
    count: number,
    ports: number,
    kind: number,
    where: number,
  ): void {
    const { words } = this;
    const row = slot * FLOW_WORDS;
    words.fill(0, row, row + FLOW_WORDS);
    for (let i = 0; i < count; i++) words[row + i] = i32[at + i]!;
    words[row + FLOW_PORTS] = ports;
    words[row + FLOW_KIND] = kind;
    words[row + FLOW_WHERE] = where;
  }

  /** For the worker: the row that find() has made is one of the table's now. */
  publish(slot: number): void {
    const { head } = this;
    Atomics.store(head, WORD_OPENED, (head[WORD_OPENED]! + 1) | 0);
    // The control side loads the tag before it looks at the row.
    Atomics.store(this.tags, slot, this.tag);
  }

  /** For the control side: true when the row in a slot is in use, and not being closed. */
  isOpen(slot: number): boolean {
    return (Atomics.load(this.tags, slot) & -2) !== 0;
  }

  /** For the control side: no packet finds the row from the worker's next round on. */
  close(slot: number): void {
    Atomics.store(this.tags, slot, TAG_CLOSING);
  }

  /** For the control side: the row may be another flow's. Every worker has passed a quiescent point since close(). */
  free(slot: number): void {
    Atomics.store(this.tags, slot, TAG_FREE);
    Atomics.store(this.head, WORD_FREED, (this.head[WORD_FREED]! + 1) | 0);
  }
}

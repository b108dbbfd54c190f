// The routes of one VRF on the control side: (prefix, length) → adjacency, exact match.
//
// Open addressing with linear probing in one Int32Array, and no object per route: a million IPv4 routes
// take 16 MiB. Removal shifts later slots back, so there are no tombstones. A prefix is a key of as many
// words as an address, without bits beyond its length.
import { LEAF_ADJACENCY, LEAF_NONE, leafOf } from './fib-layout.js';

/** A table's content on its way to another thread. */
export interface RibTransfer {
  words: Int32Array<ArrayBuffer>;
  routesByLength: Uint32Array<ArrayBuffer>;
}

const SLOTS_MIN = 16;
/** A slot's last word: the prefix length above the adjacency, which is 0 in an unused slot only. */
const LENGTH_SHIFT = 24;
const UNUSED = 0;

function slotsFor(routes: number): number {
  let slots = SLOTS_MIN;
  while (slots * 3 < routes * 4) slots *= 2;
  return slots;
}

export class Rib {
  /** Words of a prefix; the slot has one more. */
  private readonly width: number;
  private words: Int32Array<ArrayBuffer>;
  private routesByLength = new Uint32Array(129);
  private routes = 0;
  private mask = 0;
  /** Right shift that makes a slot of a 32-bit hash. */
  private shift = 0;
  /** Scratch. */
  private readonly key: Int32Array;

  /** `width`: words of an address, 1 or 4. `expected` routes fit before the table has to grow. */
  constructor(width: number, expected = 0) {
    this.width = width;
    this.key = new Int32Array(width);
    this.words = this.resized(slotsFor(expected));
  }

  /** Takes over what another thread's transfer() gave. */
  static from(width: number, transfer: RibTransfer): Rib {
    const rib = new Rib(width);
    rib.resized(transfer.words.length / (width + 1));
    rib.words = transfer.words;
    rib.routesByLength = transfer.routesByLength;
    rib.routes = transfer.routesByLength.reduce((sum, count) => sum + count, 0);
    return rib;
  }

  /** The table's arrays, to be transferred; the table is not to be used after that. */
  transfer(): RibTransfer {
    return { words: this.words, routesByLength: this.routesByLength };
  }

  get size(): number {
    return this.routes;
  }

  /** The adjacency of exactly this prefix; 0 when it has no route. */
  get(key: Int32Array, length: number): number {
    return this.words[this.find(key, length) + this.width]! & LEAF_ADJACENCY;
  }

  /** Adds or changes a route, whose adjacency is not 0; returns the adjacency it had, or 0. */
  set(key: Int32Array, length: number, adjacency: number): number {
    const { width } = this;
    const at = this.find(key, length);
    const before = this.words[at + width]!;
    for (let i = 0; i < width; i++) this.words[at + i] = key[i]!;
    this.words[at + width] = (length << LENGTH_SHIFT) | adjacency;
    if (before === UNUSED) {
      this.routesByLength[length]!++;
      this.routes++;
      if (this.routes * 4 > (this.mask + 1) * 3) this.resize((this.mask + 1) * 2);
    }
    return before & LEAF_ADJACENCY;
  }

  /** Removes a route; returns the adjacency it had, or 0. */
  delete(key: Int32Array, length: number): number {
    const { words, width, mask } = this;
    const size = width + 1;
    const at = this.find(key, length);
    const before = words[at + width]!;
    if (before === UNUSED) return 0;
    let hole = at / size;
    for (let slot = (hole + 1) & mask; words[slot * size + width] !== UNUSED; slot = (slot + 1) & mask) {
      // A slot may move back to the hole unless its probe starts behind the hole.
      const home = this.homeOf(words, slot * size, words[slot * size + width]! >>> LENGTH_SHIFT);
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      words.copyWithin(hole * size, slot * size, slot * size + size);
      hole = slot;
    }
    words[hole * size + width] = UNUSED;
    this.routesByLength[length]!--;
    this.routes--;
    const slots = mask + 1;
    if (slots > SLOTS_MIN && this.routes * 8 < slots) this.resize(slots / 2);
    return before & LEAF_ADJACENCY;
  }

  /**
   * The leaf word of the longest prefix that holds this one and is shorter; LEAF_NONE when there is none
   * but the default route.
   */
  covering(key: Int32Array, length: number): number {
    const network = this.key;
    network.set(key);
    for (let shorter = length - 1; shorter > 0; shorter--) {
      if (this.routesByLength[shorter] === 0) continue;
      clearBeyond(network, shorter);
      const adjacency = this.get(network, shorter);
      if (adjacency !== 0) return leafOf(shorter, adjacency);
    }
    return LEAF_NONE;
  }

  /** Calls `visit` for each route in no order, with a key that is overwritten; allocates nothing. */
  forEach(visit: (key: Int32Array, length: number, adjacency: number) => void): void {
    const { words, width, key } = this;
    for (let at = 0; at < words.length; at += width + 1) {
      const word = words[at + width]!;
      if (word === UNUSED) continue;
      for (let i = 0; i < width; i++) key[i] = words[at + i]!;
      visit(key, word >>> LENGTH_SHIFT, word & LEAF_ADJACENCY);
    }
  }

  /**
   * The routes as of the call in prefix order: by address, a shorter prefix before a longer one.
   */
  *[Symbol.iterator](): Generator<{ key: Int32Array; length: number; adjacency: number }, void, undefined> {
    const { width } = this;
    const size = width + 1;
    const slots = new Uint32Array(this.routes);
    let count = 0;
    // A copy: slots move while the caller changes routes.
    const words = this.words.slice();
    for (let slot = 0; slot <= this.mask; slot++) {
      if (words[slot * size + width] !== UNUSED) slots[count++] = slot;
    }
    slots.sort((a, b) => compare(words, a * size, b * size, width));
    for (const slot of slots) {
      const key = words.slice(slot * size, slot * size + width);
      const length = words[slot * size + width]! >>> LENGTH_SHIFT;
      const adjacency = this.get(key, length);
      // Removed since the walk began.
      if (adjacency !== 0) yield { key, length, adjacency };
    }
  }

  /** Word offset of the slot of a prefix, or of the unused one where it would go. */
  private find(key: Int32Array, length: number): number {
    const { words, width, mask } = this;
    for (let slot = this.homeOf(key, 0, length); ; slot = (slot + 1) & mask) {
      const at = slot * (width + 1);
      const word = words[at + width]!;
      if (word === UNUSED) return at;
      if (word >>> LENGTH_SHIFT !== length) continue;
      let same = words[at] === key[0];
      for (let i = 1; i < width; i++) same &&= words[at + i] === key[i];
      if (same) return at;
    }
  }

  private homeOf(words: Int32Array, at: number, length: number): number {
    let hash = Math.imul(length, 0x85ebca6b);
    // Fibonacci hashing takes the high bits of the product: a prefix's low bits are zero.
    for (let i = 0; i < this.width; i++) hash = Math.imul(hash ^ (hash >>> 15) ^ words[at + i]!, 0x9e3779b1);
    return hash >>> this.shift;
  }

  private resized(slots: number): Int32Array<ArrayBuffer> {
    this.mask = slots - 1;
    this.shift = Math.clz32(this.mask);
    return new Int32Array((this.width + 1) * slots);
  }

  private resize(slots: number): void {
    const { width } = this;
    const before = this.words;
    this.words = this.resized(slots);
    const key = this.key;
    for (let from = 0; from < before.length; from += width + 1) {
      const word = before[from + width]!;
      if (word === UNUSED) continue;
      for (let i = 0; i < width; i++) key[i] = before[from + i]!;
      const at = this.find(key, word >>> LENGTH_SHIFT);
      for (let i = 0; i <= width; i++) this.words[at + i] = before[from + i]!;
    }
  }
}

/** Clears a key's bits behind the first `length`. */
export function clearBeyond(key: Int32Array, length: number): void {
  for (let i = 0; i < key.length; i++) {
    const bits = length - 32 * i;
    if (bits <= 0) key[i] = 0;
    else if (bits < 32) key[i]! &= -1 << (32 - bits);
  }
}

/** Prefix order of two slots at these word offsets: by address, then by length. */
function compare(words: Int32Array, a: number, b: number, width: number): number {
  for (let i = 0; i <= width; i++) {
    if (words[a + i] !== words[b + i]) return (words[a + i]! >>> 0) - (words[b + i]! >>> 0);
  }
  return 0;
}

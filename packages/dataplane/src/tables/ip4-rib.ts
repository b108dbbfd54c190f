// The routes of one VRF on the control side: (prefix, length) → adjacency, exact match.
//
// Open addressing with linear probing in one Int32Array, two words a slot and no object per route: a
// million routes take 16 MiB. Removal shifts later slots back, so there are no tombstones.
import { LEAF_ADJACENCY, LEAF_LENGTH_SHIFT, LEAF_NONE, leafOf } from './ip4-fib-layout.js';

export interface Ip4Route {
  /** Unsigned; no bits beyond the length. */
  address: number;
  /** 0 to 32. */
  length: number;
  adjacency: number;
}

/** A table's content on its way to another thread. */
export interface Ip4RibTransfer {
  words: Int32Array<ArrayBuffer>;
  routesByLength: Uint32Array<ArrayBuffer>;
}

const SLOTS_MIN = 16;

function slotsFor(routes: number): number {
  let slots = SLOTS_MIN;
  while (slots * 3 < routes * 4) slots *= 2;
  return slots;
}

export class Ip4Rib {
  /** Per slot: address, then the route's leaf (ip4-fib-layout.ts), which is 0 in an unused slot. */
  private words: Int32Array<ArrayBuffer>;
  private routesByLength = new Uint32Array(33);
  private routes = 0;
  private mask = 0;
  /** Right shift that makes a slot of a 32-bit hash. */
  private shift = 0;

  /** `expected` routes fit before the table has to grow. */
  constructor(expected = 0) {
    this.words = this.resized(slotsFor(expected));
  }

  /** Takes over what another thread's transfer() gave. */
  static from(transfer: Ip4RibTransfer): Ip4Rib {
    const rib = new Ip4Rib();
    rib.resized(transfer.words.length / 2);
    rib.words = transfer.words;
    rib.routesByLength = transfer.routesByLength;
    rib.routes = transfer.routesByLength.reduce((sum, count) => sum + count, 0);
    return rib;
  }

  /** The table's arrays, to be transferred; the table is not to be used after that. */
  transfer(): Ip4RibTransfer {
    return { words: this.words, routesByLength: this.routesByLength };
  }

  get size(): number {
    return this.routes;
  }

  /** The adjacency of exactly this prefix; 0 when it has no route. */
  get(address: number, length: number): number {
    return this.words[this.find(address | 0, length) + 1]! & LEAF_ADJACENCY;
  }

  /** Adds or changes a route, whose adjacency is not 0; returns the adjacency it had, or 0. */
  set(address: number, length: number, adjacency: number): number {
    const at = this.find(address | 0, length);
    const before = this.words[at + 1]!;
    this.words[at] = address;
    this.words[at + 1] = leafOf(length, adjacency);
    if (before === LEAF_NONE) {
      this.routesByLength[length]!++;
      this.routes++;
      if (this.routes * 4 > (this.mask + 1) * 3) this.resize((this.mask + 1) * 2);
    }
    return before & LEAF_ADJACENCY;
  }

  /** Removes a route; returns the adjacency it had, or 0. */
  delete(address: number, length: number): number {
    let hole = this.find(address | 0, length);
    const { words } = this;
    const before = words[hole + 1]!;
    if (before === LEAF_NONE) return 0;
    const wordMask = 2 * this.mask + 1;
    for (let at = (hole + 2) & wordMask; words[at + 1] !== LEAF_NONE; at = (at + 2) & wordMask) {
      // A slot may move back to the hole unless its probe starts behind the hole.
      const home = this.homeOf(words[at]!, words[at + 1]! >>> LEAF_LENGTH_SHIFT);
      if (((at - home) & wordMask) < ((at - hole) & wordMask)) continue;
      words[hole] = words[at]!;
      words[hole + 1] = words[at + 1]!;
      hole = at;
    }
    words[hole + 1] = LEAF_NONE;
    this.routesByLength[length]!--;
    this.routes--;
    const slots = this.mask + 1;
    if (slots > SLOTS_MIN && this.routes * 8 < slots) this.resize(slots / 2);
    return before & LEAF_ADJACENCY;
  }

  /** The leaf word of the longest prefix that holds this one and is shorter; LEAF_NONE when there is none. */
  covering(address: number, length: number): number {
    for (let shorter = length - 1; shorter >= 0; shorter--) {
      if (this.routesByLength[shorter] === 0) continue;
      const network = shorter === 0 ? 0 : address & (-1 << (32 - shorter));
      const leaf = this.words[this.find(network, shorter) + 1]!;
      if (leaf !== LEAF_NONE) return leaf;
    }
    return LEAF_NONE;
  }

  /** Calls `visit` for each route in no order; an allocation-free walk of the whole table. */
  forEach(visit: (address: number, length: number, adjacency: number) => void): void {
    const { words } = this;
    for (let at = 0; at < words.length; at += 2) {
      const leaf = words[at + 1]!;
      if (leaf !== LEAF_NONE) visit(words[at]! >>> 0, leaf >>> LEAF_LENGTH_SHIFT, leaf & LEAF_ADJACENCY);
    }
  }

  /** The routes as of the call in prefix order: by address, a shorter prefix before a longer one. */
  *[Symbol.iterator](): Generator<Ip4Route, void, undefined> {
    // 38 bits of prefix and length, 25 of adjacency do not fit a double's 53: look the adjacency up.
    const keys = new Float64Array(this.routes);
    let count = 0;
    this.forEach((address, length) => {
      keys[count++] = address * 64 + length;
    });
    keys.sort();
    for (const key of keys) {
      const length = key % 64;
      const address = (key - length) / 64;
      const adjacency = this.get(address, length);
      // Removed since the walk began.
      if (adjacency !== 0) yield { address, length, adjacency };
    }
  }

  /** Word offset of the slot of a prefix, or of the unused one where it would go. */
  private find(address: number, length: number): number {
    const { words } = this;
    const wordMask = 2 * this.mask + 1;
    for (let at = this.homeOf(address, length); ; at = (at + 2) & wordMask) {
      const leaf = words[at + 1]!;
      if (leaf === LEAF_NONE) return at;
      if (words[at] === address && leaf >>> LEAF_LENGTH_SHIFT === length) return at;
    }
  }

  private homeOf(address: number, length: number): number {
    // Fibonacci hashing takes the high bits of the product: a prefix's low bits are zero.
    return (Math.imul(address ^ Math.imul(length, 0x85ebca6b), 0x9e3779b1) >>> this.shift) * 2;
  }

  private resized(slots: number): Int32Array<ArrayBuffer> {
    this.mask = slots - 1;
    this.shift = Math.clz32(this.mask);
    return new Int32Array(2 * slots);
  }

  private resize(slots: number): void {
    const before = this.words;
    const after = this.resized(slots);
    this.words = after;
    for (let from = 0; from < before.length; from += 2) {
      const leaf = before[from + 1]!;
      if (leaf === LEAF_NONE) continue;
      const at = this.find(before[from]!, leaf >>> LEAF_LENGTH_SHIFT);
      after[at] = before[from]!;
      after[at + 1] = leaf;
    }
  }
}

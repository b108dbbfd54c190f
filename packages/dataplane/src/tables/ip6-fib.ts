// The IPv6 FIB as workers read it: longest-prefix match without locks or allocation. What ip4-fib.ts says
// of ordering and of the default route holds here as well.
import {
  BLOCK_SHIFT_MIN,
  ENTRY_INDEX,
  ENTRY_LEAP,
  type FibMemory,
  LEAF_ADJACENCY,
  LEAP_BIT,
  LEAP_CHILD,
  LEAP_ELSE,
  LEAP_MASK,
  LEAP_PATH,
} from './fib-layout.js';

export class Ip6Fib {
  /** See fib-layout.ts for the words. */
  readonly entries: Int32Array;
  /** A root word per VRF. */
  readonly roots: Int32Array;
  /** By a root's index >>> BLOCK_SHIFT_MIN: its default route, below a number that grows with each change. */
  readonly defaults: Int32Array;

  constructor(memory: Pick<FibMemory, 'entries' | 'roots' | 'defaults'>) {
    this.entries = new Int32Array(memory.entries);
    this.roots = new Int32Array(memory.roots);
    this.defaults = new Int32Array(memory.defaults);
  }

  /**
   * The adjacency of the longest prefix that holds an address; 0 when there is none, or no such VRF. The
   * address is four 32-bit words, the most significant first, signed or unsigned alike (signed ones are never
   * boxed as doubles); `vrf` is less than the number the memory was made for.
   */
  lookup(vrf: number, w0: number, w1: number, w2: number, w3: number): number {
    const { entries, defaults } = this;
    for (;;) {
      const root = this.roots[vrf]!;
      const home = (root ^ (root >> 31)) >>> BLOCK_SHIFT_MIN;
      const fallback = defaults[home]!;
      const leaf =
        root < 0
          ? descend6(entries, entries[~root + (w0 >>> 28)]!, 4, 0, w0, w1, w2, w3)
          : descend6(entries, entries[root + (w0 >>> 16)]!, 16, 32, w0, w1, w2, w3);
      const adjacency = leaf & LEAF_ADJACENCY;
      if (adjacency !== 0) return adjacency;
      if (defaults[home] === fallback) return fallback & LEAF_ADJACENCY;
    }
  }
}

/**
 * The leaf below an entry. `bit` is the first address bit that its block is indexed by; blocks before bit
 * `eights` are indexed by eight bits, others by four.
 */
export function descend6(
  entries: Int32Array,
  from: number,
  first: number,
  eights: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): number {
  let entry = from;
  let bit = first;
  while (entry < 0) {
    let block = entry & ENTRY_INDEX;
    if (entry & ENTRY_LEAP) {
      const differs =
        ((w0 ^ entries[block + LEAP_PATH]!) & entries[block + LEAP_MASK]!) |
        ((w1 ^ entries[block + LEAP_PATH + 1]!) & entries[block + LEAP_MASK + 1]!) |
        ((w2 ^ entries[block + LEAP_PATH + 2]!) & entries[block + LEAP_MASK + 2]!) |
        ((w3 ^ entries[block + LEAP_PATH + 3]!) & entries[block + LEAP_MASK + 3]!);
      if (differs !== 0) return entries[block + LEAP_ELSE]!;
      const child = entries[block + LEAP_CHILD]!;
      if (child >= 0) return child;
      bit = entries[block + LEAP_BIT]!;
      block = child & ENTRY_INDEX;
    }
    if (bit < eights) {
      entry = entries[block + ((w0 >>> (24 - bit)) & 0xff)]!;
      bit += 8;
    } else {
      const word = bit < 64 ? (bit < 32 ? w0 : w1) : bit < 96 ? w2 : w3;
      entry = entries[block + ((word >>> (28 - (bit & 31))) & 0xf)]!;
      bit += 4;
    }
  }
  return entry;
}

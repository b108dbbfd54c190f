// The IPv4 FIB as workers read it: longest-prefix match without locks or allocation.
//
// Loads are plain. A reader finds a block only through the entry that points at it, and the writer stores
// that entry (Atomics.store) after the whole block, so the address dependency orders them. A block that
// was unlinked stays as it was until every worker has passed a quiescent point (memory/epoch.ts): an
// answer is always one that was right at some moment during the lookup.
//
// That holds for the default route, too, which lies beside the trie: where the trie has no route, the
// default route answers only if its word stood still, by the number of its changes, since before the trie
// was read (x86 keeps loads in order; V8 keeps theirs among typed arrays).
import { BLOCK_SHIFT_MIN, ENTRY_INDEX, type FibMemory, LEAF_ADJACENCY } from './fib-layout.js';

export class Ip4Fib {
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
   * The adjacency of the longest prefix that holds an address; 0 when there is none, or no such VRF.
   * `address` is 32 bits, signed or unsigned alike; `vrf` is less than the number the memory was made for.
   */
  lookup(vrf: number, address: number): number {
    const { entries, defaults } = this;
    for (;;) {
      const root = this.roots[vrf]!;
      // The complement of a narrow root is its block.
      const home = (root ^ (root >> 31)) >>> BLOCK_SHIFT_MIN;
      const fallback = defaults[home]!;
      let entry: number;
      if (root < 0) {
        entry = lookupNarrow(entries, ~root, address);
      } else {
        entry = entries[root + (address >>> 16)]!;
        if (entry < 0) {
          entry = entries[(entry & ENTRY_INDEX) + ((address >>> 8) & 0xff)]!;
          if (entry < 0) entry = entries[(entry & ENTRY_INDEX) + (address & 0xff)]!;
        }
      }
      const adjacency = entry & LEAF_ADJACENCY;
      if (adjacency !== 0) return adjacency;
      if (defaults[home] === fallback) return fallback & LEAF_ADJACENCY;
    }
  }
}

/** The leaf in a narrow table, whose root block starts at entry `root`. */
function lookupNarrow(entries: Int32Array, root: number, address: number): number {
  let entry = entries[root + (address >>> 28)]!;
  for (let shift = 24; entry < 0; shift -= 4) {
    entry = entries[(entry & ENTRY_INDEX) + ((address >>> shift) & 0xf)]!;
  }
  return entry;
}

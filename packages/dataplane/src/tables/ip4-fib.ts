// The IPv4 FIB as workers read it: longest-prefix match without locks or allocation.
//
// Loads are plain. A reader finds a block only through the entry that points at it, and the writer stores
// that entry (Atomics.store) after the whole block, so the address dependency orders them. A block that
// was unlinked stays as it was until every worker has passed a quiescent point (memory/epoch.ts): an
// answer is always one that was right at some moment during the lookup.
import { ENTRY_INDEX, type Ip4FibMemory, LEAF_ADJACENCY } from './ip4-fib-layout.js';

export class Ip4Fib {
  /** See ip4-fib-layout.ts for the words, should a node want the lookup spelled out in its loop. */
  readonly entries: Int32Array;
  /** A root word per VRF. */
  readonly roots: Int32Array;

  constructor(memory: Pick<Ip4FibMemory, 'entries' | 'roots'>) {
    this.entries = new Int32Array(memory.entries);
    this.roots = new Int32Array(memory.roots);
  }

  /**
   * The adjacency of the longest prefix that holds an address; 0 when there is none, or no such VRF.
   * `address` is 32 bits, signed or unsigned alike; `vrf` is less than the number the memory was made for.
   */
  lookup(vrf: number, address: number): number {
    const { entries } = this;
    const root = this.roots[vrf]!;
    if (root < 0) return lookupNarrow(entries, ~root, address);
    let entry = entries[root + (address >>> 16)]!;
    if (entry < 0) {
      entry = entries[(entry & ENTRY_INDEX) + ((address >>> 8) & 0xff)]!;
      if (entry < 0) entry = entries[(entry & ENTRY_INDEX) + (address & 0xff)]!;
    }
    return entry & LEAF_ADJACENCY;
  }
}

/** The same in a narrow table, whose root block starts at entry `root`. */
function lookupNarrow(entries: Int32Array, root: number, address: number): number {
  let entry = entries[root + (address >>> 28)]!;
  for (let shift = 24; entry < 0; shift -= 4) {
    entry = entries[(entry & ENTRY_INDEX) + ((address >>> shift) & 0xf)]!;
  }
  return entry & LEAF_ADJACENCY;
}

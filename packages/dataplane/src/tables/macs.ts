// The MAC addresses behind the members of bridges, as workers read them; control/bridges.ts writes.
//
// A hash table leads from (bridge, address) to an entry. An entry has the row of the member behind which the address is,
// and a flag that workers set when a frame comes from there: 0 while the control side wants to know.
import { HashU32 } from './hash-u32.js';

/** Addresses of all bridges together. */
export const MACS_MAX = 65_536;

const ENTRY_SHIFT = 1;
export const MAC_MEMBER = 0;
export const MAC_SEEN = 1;

export interface MacMemory {
  index: SharedArrayBuffer;
  entries: SharedArrayBuffer;
}

export function allocateMacMemory(): MacMemory {
  return {
    index: HashU32.allocate(MACS_MAX),
    entries: new SharedArrayBuffer((MACS_MAX << ENTRY_SHIFT) * 4),
  };
}

/** The scope of a bridge's address in the hash table; its key is the last four octets. */
export function macScope(bridge: number, mac0: number): number {
  return (bridge << 16) | mac0;
}

export class MacTable {
  readonly words: Int32Array;
  private readonly index: HashU32;

  constructor(memory: MacMemory) {
    this.words = new Int32Array(memory.entries);
    this.index = new HashU32(memory.index);
  }

  /** Where an address's entry begins in `words`; -1 when it is not known. Its octets as tables/interfaces.ts has them. */
  lookup(bridge: number, mac0: number, mac2: number): number {
    const entry = this.index.lookup(mac2, macScope(bridge, mac0));
    return entry < 0 ? -1 : entry << ENTRY_SHIFT;
  }
}

export function wordOf(entry: number, word: number): number {
  return (entry << ENTRY_SHIFT) + word;
}

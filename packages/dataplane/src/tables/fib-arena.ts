// Allocator of FIB blocks. Control side only: no reader comes here.
//
// The arena is cut into slabs of 2^16 entries. A slab is free, one wide root, or blocks of one size. Its
// state lies in shared memory, so that a builder on another thread can fill slabs that were set aside for
// it and hand them back as they are; one thread owns a slab at any time.
import { type FibMemory, SLAB_ENTRIES, SLAB_SHIFT, SLAB_WORDS } from './fib-layout.js';

/** Words of a slab's state. SLAB_BLOCK: log2 of the entries of its blocks; 0 while the slab is free. */
const SLAB_BLOCK = 0;
/** Blocks that can be allocated. */
const SLAB_AVAILABLE = 1;
/** Blocks from this number on were never allocated: their pages are not touched before they are. */
const SLAB_FRESH = 2;
/** First block given back, plus one; each holds the next, plus one, in its first entry. */
const SLAB_GIVEN = 3;

const NONE = -1;

export interface ArenaStatistics {
  /** Blocks in use by log2 of their entries: 16 (wide roots), 8 (wide tables' blocks), 4 (narrow tables'). */
  readonly wideRoots: number;
  readonly wideBlocks: number;
  readonly narrowBlocks: number;
  /** Bytes of these blocks. */
  readonly bytesUsed: number;
  /** Bytes of slabs that belong to nobody. */
  readonly bytesFree: number;
}

export class FibArena {
  private readonly entries: Int32Array;
  private readonly state: Int32Array;
  private readonly freeSlabs: number[] = [];
  /** By log2 of block size: a slab of such blocks with one available, first of a doubly linked list. */
  private readonly partial = new Int32Array(SLAB_SHIFT + 1).fill(NONE);
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  /** By log2 of block size: blocks in use. */
  private readonly used = new Int32Array(SLAB_SHIFT + 1);

  /** An arena that allocates from these slabs only: all free, and this thread's. */
  constructor(memory: FibMemory, slabs: Iterable<number>) {
    this.entries = new Int32Array(memory.entries);
    this.state = new Int32Array(memory.slabs);
    this.next = new Int32Array(this.state.length / SLAB_WORDS);
    this.previous = new Int32Array(this.state.length / SLAB_WORDS);
    this.freeSlabs.push(...slabs);
    this.freeSlabs.reverse();
  }

  /** The numbers of all slabs of a FIB's memory. */
  static slabsOf(memory: FibMemory): number[] {
    return Array.from({ length: memory.slabs.byteLength / 4 / SLAB_WORDS }, (_, slab) => slab);
  }

  /** The entry index of a block of 2^shift entries with whatever content; -1 when the arena is exhausted. */
  allocate(shift: number): number {
    let slab = this.partial[shift]!;
    if (slab === NONE) {
      slab = this.open(shift);
      if (slab === NONE) return NONE;
    }
    const at = slab * SLAB_WORDS;
    const { state } = this;
    let block = state[at + SLAB_GIVEN]! - 1;
    if (block === NONE) block = state[at + SLAB_FRESH]!++;
    else state[at + SLAB_GIVEN] = this.entries[slab * SLAB_ENTRIES + (block << shift)]!;
    if (--state[at + SLAB_AVAILABLE]! === 0) this.unlink(slab, shift);
    this.used[shift]!++;
    return slab * SLAB_ENTRIES + (block << shift);
  }

  /** Takes back a block that no reader can see any more. */
  free(index: number, shift: number): void {
    const slab = index >>> SLAB_SHIFT;
    const at = slab * SLAB_WORDS;
    const { state } = this;
    this.used[shift]!--;
    const available = ++state[at + SLAB_AVAILABLE]!;
    if (available === SLAB_ENTRIES >>> shift) {
      if (available > 1) this.unlink(slab, shift);
      this.close(slab);
      return;
    }
    this.entries[index] = state[at + SLAB_GIVEN]!;
    state[at + SLAB_GIVEN] = ((index & (SLAB_ENTRIES - 1)) >>> shift) + 1;
    if (available === 1) this.link(slab, shift);
  }

  /** Sets free slabs aside for another arena: up to `count`, fewer when fewer are there. */
  setAside(count: number): Int32Array {
    return Int32Array.from(this.freeSlabs.splice(Math.max(0, this.freeSlabs.length - count)));
  }

  /** Takes over slabs that were set aside, with the blocks that the other arena allocated in them. */
  adopt(slabs: Int32Array): void {
    for (const slab of slabs) {
      const shift = this.state[slab * SLAB_WORDS + SLAB_BLOCK]!;
      if (shift === 0) {
        this.freeSlabs.push(slab);
        continue;
      }
      const available = this.state[slab * SLAB_WORDS + SLAB_AVAILABLE]!;
      this.used[shift]! += (SLAB_ENTRIES >>> shift) - available;
      if (available > 0) this.link(slab, shift);
    }
  }

  /** Takes back slabs that were set aside, and forgets what was allocated in them. */
  discard(slabs: Int32Array): void {
    for (const slab of slabs) this.close(slab);
  }

  statistics(): ArenaStatistics {
    const { used } = this;
    let entries = 0;
    for (let shift = 0; shift < used.length; shift++) entries += used[shift]! * 2 ** shift;
    return {
      wideRoots: used[16]!,
      wideBlocks: used[8]!,
      narrowBlocks: used[4]!,
      bytesUsed: entries * 4,
      bytesFree: this.freeSlabs.length * SLAB_ENTRIES * 4,
    };
  }

  private open(shift: number): number {
    const slab = this.freeSlabs.pop() ?? NONE;
    if (slab === NONE) return NONE;
    const at = slab * SLAB_WORDS;
    this.state[at + SLAB_BLOCK] = shift;
    this.state[at + SLAB_AVAILABLE] = SLAB_ENTRIES >>> shift;
    this.state[at + SLAB_FRESH] = 0;
    this.state[at + SLAB_GIVEN] = 0;
    this.link(slab, shift);
    return slab;
  }

  private close(slab: number): void {
    this.state[slab * SLAB_WORDS + SLAB_BLOCK] = 0;
    this.freeSlabs.push(slab);
  }

  private link(slab: number, shift: number): void {
    const first = this.partial[shift]!;
    this.next[slab] = first;
    this.previous[slab] = NONE;
    if (first !== NONE) this.previous[first] = slab;
    this.partial[shift] = slab;
  }

  private unlink(slab: number, shift: number): void {
    const next = this.next[slab]!;
    const previous = this.previous[slab]!;
    if (previous === NONE) this.partial[shift] = next;
    else this.next[previous] = next;
    if (next !== NONE) this.previous[next] = previous;
  }
}

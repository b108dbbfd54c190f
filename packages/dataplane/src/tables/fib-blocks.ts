// Makes blocks and leaps of a trie that no reader can reach yet, as one change: all of them, or none.
import type { FibArena } from './fib-arena.js';
import { BLOCK_SHIFT_MIN, ENTRY_CHILD, ENTRY_LEAP, type FibMemory, type Shape } from './fib-layout.js';
import { indexIn, writeLeap } from './fib-leap.js';

export class FibBlocks {
  readonly entries: Int32Array;
  /** Per smallest block: prefixes that end in the block that starts there, and its children. */
  readonly uses: Uint16Array;
  private readonly arena: FibArena;
  /** Allocated for the change at hand, index and shift in turn: given back if it does not fit. */
  private readonly taken: number[] = [];

  constructor(memory: FibMemory, arena: FibArena) {
    this.entries = new Int32Array(memory.entries);
    this.uses = new Uint16Array(memory.uses);
    this.arena = arena;
  }

  /** A block at `depth` with one leaf everywhere; -1 when the arena is exhausted. */
  block(shape: Shape, depth: number, leaf: number, uses: number): number {
    const shift = shape.blocks[depth]!;
    const block = this.take(shift);
    if (block < 0) return block;
    this.entries.fill(leaf, block, block + (1 << shift));
    this.uses[block >>> BLOCK_SHIFT_MIN] = uses;
    return block;
  }

  /**
   * An entry that leads from `depth` to `child` at depth `bottom`, along the path at words[at…]; all beside
   * the path has the leaf `above`. 0 when `child` is, or the arena is exhausted.
   */
  lead(
    shape: Shape,
    depth: number,
    bottom: number,
    child: number,
    words: Int32Array,
    at: number,
    above: number,
  ): number {
    if (depth === bottom || child === 0) return child;
    if (shape.leaps) return this.leap(shape.ends[bottom - 1]!, bottom, child, words, at, above);
    let to = child;
    for (let d = bottom - 1; d >= depth; d--) {
      const block = this.block(shape, d, above, 1);
      if (block < 0) return 0;
      this.entries[block + indexIn(shape, d, words, at)] = to;
      to = ENTRY_CHILD | block;
    }
    return to;
  }

  /** An entry that leads to the one prefix at words[at…], of `length` bits. 0 when the arena is exhausted. */
  lone(shape: Shape, words: Int32Array, at: number, length: number, leaf: number, above: number): number {
    return this.leap(length, homeOf(shape, length), leaf, words, at, above);
  }

  /** Ends a change whose result is to be linked; gives back what was allocated when that is 0. */
  commit(to: number): number {
    const { taken } = this;
    if (to === 0) {
      for (let i = 0; i < taken.length; i += 2) this.arena.free(taken[i]!, taken[i + 1]!);
    }
    taken.length = 0;
    return to;
  }

  private leap(
    bits: number,
    bottom: number,
    child: number,
    words: Int32Array,
    at: number,
    above: number,
  ): number {
    const line = this.take(BLOCK_SHIFT_MIN);
    if (line < 0) return 0;
    writeLeap(this.entries, line, bits, bottom, child, words, at, above);
    return ENTRY_CHILD | ENTRY_LEAP | line;
  }

  private take(shift: number): number {
    const block = this.arena.allocate(shift);
    if (block >= 0) this.taken.push(block, shift);
    return block;
  }
}

/** The depth at which a prefix of this length ends. */
export function homeOf(shape: Shape, length: number): number {
  let depth = 0;
  while (length > shape.ends[depth]!) depth++;
  return depth;
}

/**
 * Entries that routes need at most beside their root: to set memory aside for a load. `routesByLength` has
 * a count per prefix length.
 */
export function entriesNeeded(shape: Shape, routesByLength: ArrayLike<number>): number {
  const routes = Array.from(routesByLength).reduce((sum, count) => sum + count, 0);
  let entries = 0;
  let small = 0;
  for (let depth = 1; depth < shape.blocks.length; depth++) {
    const end = shape.ends[depth - 1]!;
    let deeper = 0;
    for (let length = end + 1; length < routesByLength.length; length++) deeper += routesByLength[length]!;
    const shift = shape.blocks[depth]!;
    const most = Math.min(deeper, 2 ** end) * 2 ** shift;
    if (shift === BLOCK_SHIFT_MIN) small += most;
    else entries += most;
  }
  // With leaps, a route has a leap, and a block where it branches off with one before it.
  return entries + (shape.leaps ? Math.min(small, 3 * routes * 2 ** BLOCK_SHIFT_MIN) : small);
}

// Changes to the tries of the IPv4 FIB, made so that a concurrent reader never meets a wrong answer:
// every entry goes from its old meaning to its new one by a single store.
import type { Ip4FibArena } from './ip4-fib-arena.js';
import {
  BLOCK_SHIFT_MIN,
  blockOf,
  DEPTH_MAX,
  ENTRY_CHILD,
  ENTRY_INDEX,
  type Ip4FibMemory,
  LEAF_LENGTH_SHIFT,
  LEAF_NONE,
  type Shape,
  shapeOf,
  WIDE,
} from './ip4-fib-layout.js';

/** What becomes of a block of 2^shift entries that was unlinked. */
export type ReleaseBlock = (index: number, shift: number) => void;

export class Ip4FibTrie {
  private readonly entries: Int32Array;
  private readonly uses: Uint16Array;
  private readonly arena: Ip4FibArena;
  private readonly release: ReleaseBlock;
  /** The walk of the change at hand, per depth: blocks, and the entry that leads to each. */
  private readonly path = new Int32Array(DEPTH_MAX);
  private readonly parents = new Int32Array(DEPTH_MAX);

  /** `release` is given blocks that readers may still be in. */
  constructor(memory: Ip4FibMemory, arena: Ip4FibArena, release: ReleaseBlock) {
    this.entries = new Int32Array(memory.entries);
    this.uses = new Uint16Array(memory.uses);
    this.arena = arena;
    this.release = release;
  }

  /** An empty table's root word; null when the arena is exhausted. */
  create(shape: Shape): number | null {
    const shift = shape.blocks[0]!;
    const block = this.arena.allocate(shift);
    if (block < 0) return null;
    this.entries.fill(LEAF_NONE, block, block + (1 << shift));
    return shape === WIDE ? block : ~block;
  }

  /**
   * Adds a prefix, or gives one its new leaf. `address` has no bits beyond `length`; `isNew` says whether
   * the prefix is not in the table yet. False, and nothing changed, when the arena is exhausted.
   */
  insert(root: number, address: number, length: number, leaf: number, isNew: boolean): boolean {
    const shape = shapeOf(root);
    const { entries, uses } = this;
    // A full fence: readers that meet the leaf below find what the caller wrote to its adjacency before.
    Atomics.add(uses, 0, 0);
    let block = blockOf(root);
    let depth = 0;
    while (length > shape.ends[depth]!) {
      const at = block + indexIn(shape, depth, address);
      const entry = entries[at]!;
      if (entry >= 0) {
        if (!this.graft(shape, depth + 1, at, address, length, leaf)) return false;
        if (depth > 0) uses[block >>> BLOCK_SHIFT_MIN]!++;
        return true;
      }
      block = entry & ENTRY_INDEX;
      depth++;
    }
    this.cover(shape, depth, block, address, length, leaf);
    // Nobody asks how much of a root is used, and a wide one's uses would not fit 16 bits.
    if (isNew && depth > 0) uses[block >>> BLOCK_SHIFT_MIN]!++;
    return true;
  }

  /**
   * Takes out a prefix that is in the table. `cover` is the leaf of the longest prefix that holds it, or
   * LEAF_NONE. Never needs memory.
   */
  remove(root: number, address: number, length: number, cover: number): void {
    const shape = shapeOf(root);
    const { entries, uses, path, parents } = this;
    let block = blockOf(root);
    let depth = 0;
    while (length > shape.ends[depth]!) {
      const at = block + indexIn(shape, depth, address);
      block = entries[at]! & ENTRY_INDEX;
      depth++;
      path[depth] = block;
      parents[depth] = at;
    }
    this.cover(shape, depth, block, address, length, cover);
    for (; depth > 0; depth--) {
      block = path[depth]!;
      if (--uses[block >>> BLOCK_SHIFT_MIN]! > 0) return;
      // Nothing ends in this block or below it, so all its entries are the same leaf from above.
      Atomics.store(entries, parents[depth]!, entries[block]!);
      this.release(block, shape.blocks[depth]!);
    }
  }

  /** Gives every block of a table to `release`, the root too. */
  dismantle(root: number, release: ReleaseBlock = this.release): void {
    this.dismantleBlock(shapeOf(root), 0, blockOf(root), release);
  }

  private dismantleBlock(shape: Shape, depth: number, block: number, release: ReleaseBlock): void {
    const end = block + (1 << shape.blocks[depth]!);
    if (depth + 1 < shape.blocks.length) {
      for (let at = block; at < end; at++) {
        const entry = this.entries[at]!;
        if (entry < 0) this.dismantleBlock(shape, depth + 1, entry & ENTRY_INDEX, release);
      }
    }
    release(block, shape.blocks[depth]!);
  }

  /** Writes a leaf to all entries of a prefix that ends in `block`, save those of longer prefixes. */
  private cover(
    shape: Shape,
    depth: number,
    block: number,
    address: number,
    length: number,
    leaf: number,
  ): void {
    const first = block + indexIn(shape, depth, address);
    this.overwrite(shape, depth, first, 1 << (shape.ends[depth]! - length), length, leaf);
  }

  private overwrite(
    shape: Shape,
    depth: number,
    first: number,
    count: number,
    length: number,
    leaf: number,
  ): void {
    const { entries } = this;
    const end = first + count;
    for (let at = first; at < end; at++) {
      const entry = entries[at]!;
      if (entry < 0) {
        const below = depth + 1;
        this.overwrite(shape, below, entry & ENTRY_INDEX, 1 << shape.blocks[below]!, length, leaf);
      } else if (entry >>> LEAF_LENGTH_SHIFT <= length) {
        entries[at] = leaf;
      }
    }
  }

  /** Builds the blocks from `depth` down to where a new prefix ends, then links them at entry `at`. */
  private graft(
    shape: Shape,
    depth: number,
    at: number,
    address: number,
    length: number,
    leaf: number,
  ): boolean {
    const { entries, uses, path } = this;
    let home = depth;
    while (length > shape.ends[home]!) home++;
    for (let d = depth; d <= home; d++) {
      const block = this.arena.allocate(shape.blocks[d]!);
      if (block < 0) {
        while (--d >= depth) this.arena.free(path[d]!, shape.blocks[d]!);
        return false;
      }
      path[d] = block;
    }
    const above = entries[at]!;
    for (let d = home; d >= depth; d--) {
      const block = path[d]!;
      entries.fill(above, block, block + (1 << shape.blocks[d]!));
      uses[block >>> BLOCK_SHIFT_MIN] = 1;
      if (d < home) entries[block + indexIn(shape, d, address)] = ENTRY_CHILD | path[d + 1]!;
      else this.cover(shape, d, block, address, length, leaf);
    }
    Atomics.store(entries, at, ENTRY_CHILD | path[depth]!);
    return true;
  }
}

function indexIn(shape: Shape, depth: number, address: number): number {
  return (address >>> shape.shifts[depth]!) & ((1 << shape.blocks[depth]!) - 1);
}

/** Blocks that routes need at most beside their root, if none shared any: to set memory aside for a load. */
export function blocksNeeded(shape: Shape, routesByLength: ArrayLike<number>): number {
  let blocks = 0;
  for (let depth = 0; depth + 1 < shape.ends.length; depth++) {
    let deeper = 0;
    for (let length = shape.ends[depth]! + 1; length <= 32; length++) deeper += routesByLength[length] ?? 0;
    blocks += Math.min(deeper, 2 ** shape.ends[depth]!);
  }
  return blocks;
}

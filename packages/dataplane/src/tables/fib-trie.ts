// Changes to the tries of a FIB, made so that a concurrent reader never meets a wrong answer: every entry
// goes from its old meaning to its new one by a single store.
//
// Keys are prefixes without bits beyond their length, of 1 to 128 bits: the default route is no part of a
// trie (fib-layout.ts).
import type { FibArena } from './fib-arena.js';
import {
  BLOCK_SHIFT_MIN,
  blockOf,
  ENTRY_CHILD,
  ENTRY_INDEX,
  ENTRY_LEAP,
  type FibFamily,
  type FibMemory,
  isCoveredBy,
  LEAF_NONE,
  LEAP_CHILD,
  LEAP_DEPTH,
  LEAP_ELSE,
  LEAP_PATH,
  type Shape,
} from './fib-layout.js';
import { branchOf, indexIn, writeLeap } from './fib-leap.js';

/** What becomes of a block of 2^shift entries that was unlinked. */
export type ReleaseBlock = (index: number, shift: number) => void;

export class FibTrie {
  private readonly family: FibFamily<unknown>;
  private readonly entries: Int32Array;
  private readonly uses: Uint16Array;
  private readonly arena: FibArena;
  private readonly release: ReleaseBlock;
  /** The walk of the change at hand, per block below the root: block, its depth, the entry leading to it. */
  private readonly path: Int32Array;
  private readonly depths: Int32Array;
  private readonly parents: Int32Array;
  /** Blocks allocated for the change at hand, index and shift in turn: given back if it does not fit. */
  private readonly taken: number[] = [];
  private readonly scratch: Int32Array;

  /** `release` is given blocks that readers may still be in. */
  constructor(family: FibFamily<unknown>, memory: FibMemory, arena: FibArena, release: ReleaseBlock) {
    this.family = family;
    this.entries = new Int32Array(memory.entries);
    this.uses = new Uint16Array(memory.uses);
    this.arena = arena;
    this.release = release;
    const depths = family.narrow.blocks.length;
    this.path = new Int32Array(depths);
    this.depths = new Int32Array(depths);
    this.parents = new Int32Array(depths);
    this.scratch = new Int32Array(family.words);
  }

  /** An empty table's root word; null when the arena is exhausted. */
  create(shape: Shape): number | null {
    const shift = shape.blocks[0]!;
    const block = this.arena.allocate(shift);
    if (block < 0) return null;
    this.entries.fill(LEAF_NONE, block, block + (1 << shift));
    return shape === this.family.wide ? block : ~block;
  }

  /**
   * Adds a prefix, or gives one its new leaf; `isNew` says whether it is not in the table yet. False, and
   * nothing changed, when the arena is exhausted.
   */
  insert(root: number, key: Int32Array, length: number, leaf: number, isNew: boolean): boolean {
    const shape = this.shapeOf(root);
    const { entries, uses } = this;
    // A full fence: readers that meet the leaf below find what the caller wrote to its adjacency before.
    Atomics.add(uses, 0, 0);
    let block = blockOf(root);
    let depth = 0;
    while (length > shape.ends[depth]!) {
      const at = block + indexIn(shape, depth, key, 0);
      const entry = entries[at]!;
      let to = 0;
      if (entry >= 0) {
        to = this.graft(shape, depth + 1, key, length, leaf, entry);
        if (to === 0) return false;
        Atomics.store(entries, at, to);
        // Nobody asks how much of a root is used, and a wide one's uses would not fit 16 bits.
        if (depth > 0) uses[block >>> BLOCK_SHIFT_MIN]!++;
        return true;
      }
      depth++;
      block = entry & ENTRY_INDEX;
      if ((entry & ENTRY_LEAP) === 0) continue;
      const line = block;
      if (branchOf(shape, depth, key, length, entries, line) < entries[line + LEAP_DEPTH]!) {
        to = this.branch(shape, depth, key, length, leaf, line);
        if (to === 0) return false;
        Atomics.store(entries, at, to);
        this.release(line, BLOCK_SHIFT_MIN);
        return true;
      }
      depth = entries[line + LEAP_DEPTH]!;
      block = entries[line + LEAP_CHILD]! & ENTRY_INDEX;
    }
    this.cover(shape, depth, block, key, length, leaf);
    if (isNew && depth > 0) uses[block >>> BLOCK_SHIFT_MIN]!++;
    return true;
  }

  /**
   * Takes out a prefix that is in the table. `cover` is the leaf of the longest prefix that holds it, or
   * LEAF_NONE. Needs no memory: without, a table is less compact than it might be.
   */
  remove(root: number, key: Int32Array, length: number, cover: number): void {
    const shape = this.shapeOf(root);
    const { entries, uses, path, depths, parents } = this;
    let block = blockOf(root);
    let depth = 0;
    let step = 0;
    while (length > shape.ends[depth]!) {
      const at = block + indexIn(shape, depth, key, 0);
      let entry = entries[at]!;
      depth++;
      if (entry & ENTRY_LEAP) {
        const line = entry & ENTRY_INDEX;
        depth = entries[line + LEAP_DEPTH]!;
        entry = entries[line + LEAP_CHILD]!;
      }
      block = entry & ENTRY_INDEX;
      path[step] = block;
      depths[step] = depth;
      parents[step] = at;
      step++;
    }
    this.cover(shape, depth, block, key, length, cover);
    while (step-- > 0) {
      block = path[step]!;
      depth = depths[step]!;
      const left = --uses[block >>> BLOCK_SHIFT_MIN]!;
      if (left > 1) return;
      const at = parents[step]!;
      const led = entries[at]!;
      const from = step === 0 ? 1 : depths[step - 1]! + 1;
      // Unused, all its entries are the same leaf from above.
      if (left === 0) Atomics.store(entries, at, entries[block]!);
      else if (!this.bypass(shape, from, at, depth, block, key)) return;
      if (led & ENTRY_LEAP) this.release(led & ENTRY_INDEX, BLOCK_SHIFT_MIN);
      this.release(block, shape.blocks[depth]!);
      if (left > 0) return;
    }
  }

  /** Gives every block of a table to `release`, the root too. */
  dismantle(root: number, release: ReleaseBlock = this.release): void {
    this.dismantleBlock(this.shapeOf(root), 0, blockOf(root), release);
  }

  private dismantleBlock(shape: Shape, depth: number, block: number, release: ReleaseBlock): void {
    const { entries } = this;
    const end = block + (1 << shape.blocks[depth]!);
    const isLast = depth + 1 === shape.blocks.length;
    for (let at = isLast ? end : block; at < end; at++) {
      const entry = entries[at]!;
      if (entry >= 0) continue;
      const index = entry & ENTRY_INDEX;
      if (entry & ENTRY_LEAP) {
        const below = entries[index + LEAP_CHILD]! & ENTRY_INDEX;
        this.dismantleBlock(shape, entries[index + LEAP_DEPTH]!, below, release);
        release(index, BLOCK_SHIFT_MIN);
      } else {
        this.dismantleBlock(shape, depth + 1, index, release);
      }
    }
    release(block, shape.blocks[depth]!);
  }

  /** Writes a leaf to all entries of a prefix that ends in `block`, save those of longer prefixes. */
  private cover(
    shape: Shape,
    depth: number,
    block: number,
    key: Int32Array,
    length: number,
    leaf: number,
  ): void {
    const first = block + indexIn(shape, depth, key, 0);
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
      if (entry >= 0) {
        if (isCoveredBy(entry, length)) entries[at] = leaf;
        continue;
      }
      let below = depth + 1;
      let child = entry;
      if (entry & ENTRY_LEAP) {
        const line = entry & ENTRY_INDEX;
        if (isCoveredBy(entries[line + LEAP_ELSE]!, length)) entries[line + LEAP_ELSE] = leaf;
        below = entries[line + LEAP_DEPTH]!;
        child = entries[line + LEAP_CHILD]!;
      }
      this.overwrite(shape, below, child & ENTRY_INDEX, 1 << shape.blocks[below]!, length, leaf);
    }
  }

  /**
   * What leads from `depth` to a new prefix where there was the leaf `above`: blocks that no reader can
   * reach yet, to be linked by one store. 0 when the arena is exhausted.
   */
  private graft(
    shape: Shape,
    depth: number,
    key: Int32Array,
    length: number,
    leaf: number,
    above: number,
  ): number {
    return this.commit(this.build(shape, depth, key, length, leaf, above));
  }

  private build(
    shape: Shape,
    depth: number,
    key: Int32Array,
    length: number,
    leaf: number,
    above: number,
  ): number {
    let home = depth;
    while (length > shape.ends[home]!) home++;
    const block = this.newBlock(shape, home, above, 1);
    if (block < 0) return 0;
    this.cover(shape, home, block, key, length, leaf);
    return this.lead(shape, depth, home, ENTRY_CHILD | block, key, 0, above);
  }

  /**
   * What takes the place of a leap at `depth` that a new prefix leaves: a block where the two part. The
   * leap stays as it is, for readers. 0 when the arena is exhausted.
   */
  private branch(
    shape: Shape,
    depth: number,
    key: Int32Array,
    length: number,
    leaf: number,
    line: number,
  ): number {
    const { entries } = this;
    const parting = branchOf(shape, depth, key, length, entries, line);
    const above = entries[line + LEAP_ELSE]!;
    const block = this.newBlock(shape, parting, above, 2);
    if (block < 0) return this.commit(0);
    const child = entries[line + LEAP_CHILD]!;
    const bottom = entries[line + LEAP_DEPTH]!;
    const old = this.lead(shape, parting + 1, bottom, child, entries, line + LEAP_PATH, above);
    const top = this.lead(shape, depth, parting, ENTRY_CHILD | block, key, 0, above);
    entries[block + indexIn(shape, parting, entries, line + LEAP_PATH)] = old;
    const ends = length <= shape.ends[parting]!;
    const own = ends ? 1 : this.build(shape, parting + 1, key, length, leaf, above);
    if (old === 0 || top === 0 || own === 0) return this.commit(0);
    // From here on nothing fails: covering writes to what readers see below the leap, too.
    if (ends) this.cover(shape, parting, block, key, length, leaf);
    else entries[block + indexIn(shape, parting, key, 0)] = own;
    return this.commit(top);
  }

  /**
   * An entry that leads from `depth` to `child` at depth `bottom`, along the path at words[at…]; all beside
   * the path has the leaf `above`. 0 when the arena is exhausted.
   */
  private lead(
    shape: Shape,
    depth: number,
    bottom: number,
    child: number,
    words: Int32Array,
    at: number,
    above: number,
  ): number {
    if (depth === bottom || child === 0) return child;
    const { entries } = this;
    if (shape.leaps) {
      const line = this.take(BLOCK_SHIFT_MIN);
      if (line < 0) return 0;
      writeLeap(shape, entries, line, bottom, child, words, at, above);
      return ENTRY_CHILD | ENTRY_LEAP | line;
    }
    let to = child;
    for (let d = bottom - 1; d >= depth; d--) {
      const block = this.newBlock(shape, d, above, 1);
      if (block < 0) return 0;
      entries[block + indexIn(shape, d, words, at)] = to;
      to = ENTRY_CHILD | block;
    }
    return to;
  }

  /**
   * Leads past a block with one child to that child: entry `parent` gets a leap from depth `from`. False
   * when there is no such child, or no memory for the leap, without which the table is right as well.
   */
  private bypass(
    shape: Shape,
    from: number,
    parent: number,
    depth: number,
    block: number,
    key: Int32Array,
  ): boolean {
    if (!shape.leaps) return false;
    const { entries, scratch } = this;
    const end = block + (1 << shape.blocks[depth]!);
    let at = block;
    while (at < end && entries[at]! >= 0) at++;
    // What is left is a prefix that ends here.
    if (at === end) return false;
    const above = entries[block + ((at - block) ^ 1)]!;
    const child = entries[at]!;
    let to = 0;
    if (child & ENTRY_LEAP) {
      const line = child & ENTRY_INDEX;
      const bottom = entries[line + LEAP_DEPTH]!;
      to = this.lead(shape, from, bottom, entries[line + LEAP_CHILD]!, entries, line + LEAP_PATH, above);
    } else {
      // The key's own path down to the block, then the child's index.
      const shift = shape.shifts[depth]!;
      const word = shape.words[depth]!;
      scratch.set(key);
      scratch[word]! &= ~((end - block - 1) << shift);
      scratch[word]! |= (at - block) << shift;
      to = this.lead(shape, from, depth + 1, child, scratch, 0, above);
    }
    if (this.commit(to) === 0) return false;
    Atomics.store(entries, parent, to);
    if (child & ENTRY_LEAP) this.release(child & ENTRY_INDEX, BLOCK_SHIFT_MIN);
    return true;
  }

  private newBlock(shape: Shape, depth: number, leaf: number, uses: number): number {
    const shift = shape.blocks[depth]!;
    const block = this.take(shift);
    if (block < 0) return block;
    this.entries.fill(leaf, block, block + (1 << shift));
    this.uses[block >>> BLOCK_SHIFT_MIN] = uses;
    return block;
  }

  private take(shift: number): number {
    const block = this.arena.allocate(shift);
    if (block >= 0) this.taken.push(block, shift);
    return block;
  }

  /** Ends a change whose result is to be linked; gives back what was allocated when that is 0. */
  private commit(to: number): number {
    const { taken } = this;
    if (to === 0) {
      for (let i = 0; i < taken.length; i += 2) this.arena.free(taken[i]!, taken[i + 1]!);
    }
    taken.length = 0;
    return to;
  }

  private shapeOf(root: number): Shape {
    return root < 0 ? this.family.narrow : this.family.wide;
  }
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
  // With leaps, a route has the block where it ends, one where it branches off, and a leap before each.
  return entries + (shape.leaps ? Math.min(small, 4 * routes * 2 ** BLOCK_SHIFT_MIN) : small);
}

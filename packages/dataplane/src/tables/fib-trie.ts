// Changes to the tries of a FIB, made so that a concurrent reader never meets a wrong answer: every entry
// goes from its old meaning to its new one by a single store.
//
// Keys are prefixes without bits beyond their length, of 1 to 128 bits: the default route is no part of a
// trie (fib-layout.ts).
import type { FibArena } from './fib-arena.js';
import { FibBlocks, homeOf } from './fib-blocks.js';
import {
  BLOCK_SHIFT_MIN,
  blockOf,
  ENTRY_CHILD,
  ENTRY_INDEX,
  ENTRY_LEAP,
  type FibFamily,
  type FibMemory,
  isCoveredBy,
  LEAF_LENGTH_SHIFT,
  LEAF_NONE,
  LEAP_BIT,
  LEAP_CHILD,
  LEAP_DEPTH,
  LEAP_ELSE,
  LEAP_PATH,
  type Shape,
} from './fib-layout.js';
import { branchOf, indexIn, isPrefixOf } from './fib-leap.js';
import { clearBeyond } from './rib.js';

/** What becomes of a block of 2^shift entries that was unlinked. */
export type ReleaseBlock = (index: number, shift: number) => void;

export class FibTrie {
  private readonly family: FibFamily<unknown>;
  private readonly blocks: FibBlocks;
  private readonly entries: Int32Array;
  private readonly uses: Uint16Array;
  private readonly arena: FibArena;
  private readonly release: ReleaseBlock;
  /** The walk of the change at hand, per block below the root: block, its depth, the entry leading to it. */
  private readonly path: Int32Array;
  private readonly depths: Int32Array;
  private readonly parents: Int32Array;
  private readonly scratch: Int32Array;

  /** `release` is given blocks that readers may still be in. */
  constructor(family: FibFamily<unknown>, memory: FibMemory, arena: FibArena, release: ReleaseBlock) {
    this.family = family;
    this.blocks = new FibBlocks(memory, arena);
    this.entries = this.blocks.entries;
    this.uses = this.blocks.uses;
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
      if (isPrefixOf(entries, line, key, length)) {
        Atomics.store(entries, line + LEAP_CHILD, leaf);
        return true;
      }
      const isLone = entries[line + LEAP_CHILD]! >= 0;
      if (isLone || branchOf(shape, depth, key, length, entries, line) < entries[line + LEAP_DEPTH]!) {
        to = this.branch(shape, depth, key, length, leaf, line);
        if (to === 0) return false;
        Atomics.store(entries, at, to);
        this.release(line, BLOCK_SHIFT_MIN);
        return true;
      }
      depth = entries[line + LEAP_DEPTH]!;
      block = entries[line + LEAP_CHILD]! & ENTRY_INDEX;
    }
    this.cover(shape, depth, block, key, 0, length, leaf);
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
    let isLone = false;
    while (length > shape.ends[depth]!) {
      const at = block + indexIn(shape, depth, key, 0);
      let entry = entries[at]!;
      depth++;
      if (entry & ENTRY_LEAP) {
        const line = entry & ENTRY_INDEX;
        depth = entries[line + LEAP_DEPTH]!;
        entry = entries[line + LEAP_CHILD]!;
        isLone = entry >= 0;
        if (isLone) {
          Atomics.store(entries, at, entries[line + LEAP_ELSE]!);
          this.release(line, BLOCK_SHIFT_MIN);
          break;
        }
      }
      block = entry & ENTRY_INDEX;
      path[step] = block;
      depths[step] = depth;
      parents[step] = at;
      step++;
    }
    if (!isLone) this.cover(shape, depth, block, key, 0, length, cover);
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
        const child = entries[index + LEAP_CHILD]!;
        const below = entries[index + LEAP_DEPTH]!;
        if (child < 0) this.dismantleBlock(shape, below, child & ENTRY_INDEX, release);
        release(index, BLOCK_SHIFT_MIN);
      } else {
        this.dismantleBlock(shape, depth + 1, index, release);
      }
    }
    release(block, shape.blocks[depth]!);
  }

  /** Writes a leaf to all entries of the prefix at words[at…], which ends in `block`, save those of longer ones. */
  private cover(
    shape: Shape,
    depth: number,
    block: number,
    words: Int32Array,
    at: number,
    length: number,
    leaf: number,
  ): void {
    const first = block + indexIn(shape, depth, words, at);
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
        // A single prefix, which is longer.
        if (child >= 0) continue;
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
    return this.blocks.commit(this.build(shape, depth, key, length, leaf, above));
  }

  private build(
    shape: Shape,
    depth: number,
    key: Int32Array,
    length: number,
    leaf: number,
    above: number,
  ): number {
    const { blocks } = this;
    if (shape.leaps) return blocks.lone(shape, key, 0, length, leaf, above);
    const home = homeOf(shape, length);
    const block = blocks.block(shape, home, above, 1);
    if (block < 0) return 0;
    this.cover(shape, home, block, key, 0, length, leaf);
    return blocks.lead(shape, depth, home, ENTRY_CHILD | block, key, 0, above);
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
    const { entries, blocks } = this;
    const parting = branchOf(shape, depth, key, length, entries, line);
    const above = entries[line + LEAP_ELSE]!;
    const block = blocks.block(shape, parting, above, 2);
    if (block < 0) return blocks.commit(0);
    const top = blocks.lead(shape, depth, parting, ENTRY_CHILD | block, key, 0, above);
    const path = line + LEAP_PATH;
    const child = entries[line + LEAP_CHILD]!;
    let fits = top !== 0;
    if (child < 0) {
      const bottom = entries[line + LEAP_DEPTH]!;
      const old = blocks.lead(shape, parting + 1, bottom, child, entries, path, above);
      entries[block + indexIn(shape, parting, entries, path)] = old;
      fits &&= old !== 0;
    }
    // The shorter prefix first: the other may lie inside it.
    const oldLength = child < 0 ? 0 : entries[line + LEAP_BIT]!;
    const oldFirst = oldLength < length;
    if (child >= 0 && oldFirst) fits &&= this.place(shape, parting, block, entries, path, oldLength, child);
    // Nothing fails behind this when the prefix ends in the block: covering writes to what readers see, too.
    fits &&= this.place(shape, parting, block, key, 0, length, leaf);
    if (child >= 0 && !oldFirst) fits &&= this.place(shape, parting, block, entries, path, oldLength, child);
    return blocks.commit(fits ? top : 0);
  }

  /** Puts the prefix at words[at…] into a block that readers cannot reach yet. False when the arena is exhausted. */
  private place(
    shape: Shape,
    depth: number,
    block: number,
    words: Int32Array,
    at: number,
    length: number,
    leaf: number,
  ): boolean {
    if (length <= shape.ends[depth]!) {
      this.cover(shape, depth, block, words, at, length, leaf);
      return true;
    }
    const { entries } = this;
    const index = block + indexIn(shape, depth, words, at);
    const to = this.blocks.lone(shape, words, at, length, leaf, entries[index]!);
    entries[index] = to;
    return to !== 0;
  }

  /**
   * Leads past a block of one use: entry `parent` gets what leads from depth `from` to its child or its prefix. False
   * when shapes have no leaps, or there is no memory for one, without which the table is right as well.
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
    const { entries, scratch, blocks } = this;
    const start = shape.ends[depth - 1]!;
    // The one entry that is not a leaf from above, or the first of the prefix's.
    let at = block;
    while (entries[at]! >= 0 && isCoveredBy(entries[at]!, start)) at++;
    const use = entries[at]!;
    // A leap's path begins at the first bit: it holds from here, too.
    let to = use;
    if ((use & ENTRY_LEAP) === 0 || use >= 0) {
      // The key's own path down to the block, then the index.
      const shift = shape.shifts[depth]!;
      const word = shape.words[depth]!;
      scratch.set(key);
      clearBeyond(scratch, start);
      scratch[word]! |= (at - block) << shift;
      let other = block;
      while (entries[other]! < 0 || !isCoveredBy(entries[other]!, start)) other++;
      const above = entries[other]!;
      const length = (use >>> LEAF_LENGTH_SHIFT) + 1;
      to =
        use < 0
          ? blocks.lead(shape, from, depth + 1, use, scratch, 0, above)
          : blocks.lone(shape, scratch, 0, length, use, above);
      if (blocks.commit(to) === 0) return false;
    }
    Atomics.store(entries, parent, to);
    return true;
  }

  private shapeOf(root: number): Shape {
    return root < 0 ? this.family.narrow : this.family.wide;
  }
}

// Indexes and leaps of the FIB's tries: see fib-layout.ts for their words.
import {
  LEAP_BIT,
  LEAP_CHILD,
  LEAP_DEPTH,
  LEAP_ELSE,
  LEAP_MASK,
  LEAP_PATH,
  type Shape,
} from './fib-layout.js';

/** Words of a path in a leap, as many as the longest address has. */
const PATH_WORDS = 4;

/** The index in a block at `depth` of the address at words[at…]. */
export function indexIn(shape: Shape, depth: number, words: Int32Array, at: number): number {
  return (words[at + shape.words[depth]!]! >>> shape.shifts[depth]!) & ((1 << shape.blocks[depth]!) - 1);
}

/**
 * Writes a leap for the addresses that share their first `bits` with those at words[at…]. `child` leads to a block
 * at depth `bottom`, which is indexed from that bit on, or is the leaf of a prefix of so many bits that ends there.
 */
export function writeLeap(
  entries: Int32Array,
  line: number,
  bits: number,
  bottom: number,
  child: number,
  words: Int32Array,
  at: number,
  above: number,
): void {
  for (let i = 0; i < PATH_WORDS; i++) {
    const left = bits - 32 * i;
    const mask = left >= 32 ? -1 : left <= 0 ? 0 : -1 << (32 - left);
    entries[line + LEAP_MASK + i] = mask;
    entries[line + LEAP_PATH + i] = mask === 0 ? 0 : words[at + i]! & mask;
  }
  entries[line + LEAP_CHILD] = child;
  entries[line + LEAP_ELSE] = above;
  entries[line + LEAP_BIT] = bits;
  entries[line + LEAP_DEPTH] = bottom;
}

/**
 * Where a prefix leaves a leap that starts at `depth`: the depth of the block in which it ends or takes
 * another way; the leap's own LEAP_DEPTH when it follows to its end.
 */
export function branchOf(
  shape: Shape,
  depth: number,
  key: Int32Array,
  length: number,
  entries: Int32Array,
  line: number,
): number {
  const bottom = entries[line + LEAP_DEPTH]!;
  let at = depth;
  while (
    at < bottom &&
    length > shape.ends[at]! &&
    indexIn(shape, at, key, 0) === indexIn(shape, at, entries, line + LEAP_PATH)
  ) {
    at++;
  }
  return at;
}

/** True when a leap stands for this very prefix. */
export function isPrefixOf(entries: Int32Array, line: number, key: Int32Array, length: number): boolean {
  if (entries[line + LEAP_CHILD]! < 0 || entries[line + LEAP_BIT] !== length) return false;
  return key.every((word, i) => word === entries[line + LEAP_PATH + i]);
}

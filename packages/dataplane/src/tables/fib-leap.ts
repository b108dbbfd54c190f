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

/** Writes a leap along the path at words[at…] to the block that `child` leads to, at depth `bottom`. */
export function writeLeap(
  shape: Shape,
  entries: Int32Array,
  line: number,
  bottom: number,
  child: number,
  words: Int32Array,
  at: number,
  above: number,
): void {
  const bit = shape.ends[bottom - 1]!;
  for (let i = 0; i < PATH_WORDS; i++) {
    const bits = bit - 32 * i;
    const mask = bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
    entries[line + LEAP_MASK + i] = mask;
    entries[line + LEAP_PATH + i] = mask === 0 ? 0 : words[at + i]! & mask;
  }
  entries[line + LEAP_CHILD] = child;
  entries[line + LEAP_ELSE] = above;
  entries[line + LEAP_BIT] = bit;
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

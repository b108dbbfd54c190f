// What the words of the IPv4 FIB mean, and the shared memory that they lie in.
//
// A VRF's table is a multibit trie whose leaves are pushed down: each entry of a block is either a leaf,
// which answers for all addresses below it, or the index of a child block. There are two shapes:
//   wide:   a root of 2^16 entries, then blocks of 2^8: 3 loads at most, 256 KiB for the root;
//   narrow: blocks of 2^4, one cache line each: 8 loads at most, some 25 KiB for 100 scattered routes.
// Few VRFs are large; a thousand small ones would need 256 MiB for wide roots alone.
import { allocateWasmMemory } from '../memory/wasm-memory.js';

/** Bit 31 of an entry: it is a child, and the other bits are the entry index of the child's block. */
export const ENTRY_CHILD = 1 << 31;
export const ENTRY_INDEX = 0x7fffffff;

// A leaf: bits 25 to 30 are the length of the prefix that it belongs to, bits 0 to 24 the adjacency.
// Readers ignore the length; the writer needs it to know which entries a change may overwrite.
export const LEAF_ADJACENCY = (1 << 25) - 1;
export const LEAF_LENGTH_SHIFT = 25;
/** No route: adjacency 0, length 0. */
export const LEAF_NONE = 0;

/** The word of a route's leaf. `length` is 0 to 32, `adjacency` 1 to LEAF_ADJACENCY. */
export function leafOf(length: number, adjacency: number): number {
  return (length << LEAF_LENGTH_SHIFT) | adjacency;
}

/**
 * A root word: the entry index of a wide root, or the complement of that of a narrow one, so that the sign
 * tells readers the shape. ROOT_NONE is the narrow block at index 0, which stays without routes.
 */
export const ROOT_NONE = ~0;

export interface Shape {
  /** Per depth: how far an address is shifted right to index a block. */
  readonly shifts: readonly number[];
  /** Per depth: log2 of the entries of a block. */
  readonly blocks: readonly number[];
  /** Per depth: the longest prefix length that ends in a block. */
  readonly ends: readonly number[];
}

export const WIDE: Shape = { shifts: [16, 8, 0], blocks: [16, 8, 8], ends: [16, 24, 32] };
export const NARROW: Shape = {
  shifts: [28, 24, 20, 16, 12, 8, 4, 0],
  blocks: [4, 4, 4, 4, 4, 4, 4, 4],
  ends: [4, 8, 12, 16, 20, 24, 28, 32],
};
export const DEPTH_MAX = NARROW.shifts.length;

export function shapeOf(root: number): Shape {
  return root < 0 ? NARROW : WIDE;
}

/** The entry index of a root's block. */
export function blockOf(root: number): number {
  return root < 0 ? ~root : root;
}

/** Entries of a slab, the unit that the arena hands out: one wide root, or blocks of one size. */
export const SLAB_SHIFT = 16;
export const SLAB_ENTRIES = 1 << SLAB_SHIFT;
/** The smallest block: `uses` has a word for each that could exist. */
export const BLOCK_SHIFT_MIN = 4;
/** Int32 words of state per slab; see ip4-fib-arena.ts. */
export const SLAB_WORDS = 4;

/** The FIB's memory. Readers need `entries` and `roots`; the rest is the control side's. */
export interface Ip4FibMemory {
  /** Int32 entries; page aligned, so that the caller can ask the kernel for huge pages. */
  readonly entries: SharedArrayBuffer;
  /** An Int32 root word per VRF. */
  readonly roots: SharedArrayBuffer;
  /** A Uint16 per smallest block: prefixes and children that live in the block that starts there. */
  readonly uses: SharedArrayBuffer;
  /** SLAB_WORDS Int32 per slab. */
  readonly slabs: SharedArrayBuffer;
}

const SLAB_BYTES = SLAB_ENTRIES * 4;
const BYTES_MAX = 0xffffffff + 1 - SLAB_BYTES;

/** Room for a full internet table of 1 million routes twice: one in use, one being built. */
const DEFAULT_BYTES = 512 << 20;
const DEFAULT_VRFS = 4096;

/**
 * Reserves the memory of a FIB. `bytes` bounds the entries of all VRFs together, rounded up to 256 KiB;
 * the kernel commits a page when it is first written, so a generous bound costs address space only.
 * `vrfs` bounds the VRF numbers: 0 to vrfs - 1.
 */
export function allocateIp4FibMemory(options: { bytes?: number; vrfs?: number } = {}): Ip4FibMemory {
  const { bytes = DEFAULT_BYTES, vrfs = DEFAULT_VRFS } = options;
  if (!(bytes > 0 && bytes <= BYTES_MAX)) {
    throw new RangeError(`the FIB's memory must be from 1 to ${BYTES_MAX} bytes: ${bytes}`);
  }
  const slabs = Math.ceil(bytes / SLAB_BYTES);
  const roots = new SharedArrayBuffer(vrfs * 4);
  new Int32Array(roots).fill(ROOT_NONE);
  return {
    // Page aligned: a narrow block is then one cache line.
    entries: allocateWasmMemory(slabs * SLAB_BYTES).buffer,
    roots,
    uses: new SharedArrayBuffer(((slabs * SLAB_ENTRIES) >>> BLOCK_SHIFT_MIN) * 2),
    slabs: new SharedArrayBuffer(slabs * SLAB_WORDS * 4),
  };
}

// What the words of a FIB mean, for both address families, and the shared memory that they lie in.
//
// A VRF's table is a multibit trie whose leaves are pushed down: each entry of a block is either a leaf,
// which answers for all addresses below it, or leads to a block further down. The default route is not
// pushed down, because it would have to be written all over a large table: it is a word of its own, which
// answers where a leaf says that there is no route.
import { allocateWasmMemory } from '../memory/wasm-memory.js';

/** Bit 31 of an entry: it leads on, and ENTRY_INDEX is the entry index of what it leads to. */
export const ENTRY_CHILD = 1 << 31;
/** Blocks are aligned to the smallest of them, so the low bits of an index are free for this flag. */
export const ENTRY_INDEX = 0x7ffffff0;
/** With ENTRY_CHILD: it leads to a leap, see below; without, to a block. */
export const ENTRY_LEAP = 1;

// A leaf: bits 24 to 30 are the length of the prefix that it belongs to less one, bits 0 to 23 the
// adjacency. Readers ignore the length; the writer needs it to know which entries a change may overwrite.
export const LEAF_ADJACENCY = (1 << 24) - 1;
export const LEAF_LENGTH_SHIFT = 24;
/** No route but perhaps the default one: adjacency 0, below any length. */
export const LEAF_NONE = 0;

/** The word of a route's leaf. `length` is 1 to 128, `adjacency` 1 to LEAF_ADJACENCY. */
export function leafOf(length: number, adjacency: number): number {
  return ((length - 1) << LEAF_LENGTH_SHIFT) | adjacency;
}

/** True when a leaf belongs to a prefix no longer than this. */
export function isCoveredBy(leaf: number, length: number): boolean {
  return leaf >>> LEAF_LENGTH_SHIFT < length;
}

// A leap stands for blocks that would have one child, or one prefix, and nothing else: IPv6 tables are sparse, and a
// host route would need a block for every few of its 128 bits. It is a line of the smallest block's size. An address
// that has the leap's bits goes on in its block, at LEAP_BIT, or has its leaf; any other has the leaf LEAP_ELSE.
/** Four words: the bits that an address must have… */
export const LEAP_PATH = 0;
/** …where this mask of four words has ones: the first LEAP_BIT. */
export const LEAP_MASK = 4;
/** An entry that leads to a block, or the leaf of a prefix of LEAP_BIT bits. */
export const LEAP_CHILD = 8;
export const LEAP_ELSE = 9;
/** How many bits an address must have; the block is indexed by those behind. */
export const LEAP_BIT = 10;
/** The depth of the block, or of the one in which the prefix would end: for the writer. */
export const LEAP_DEPTH = 11;

/**
 * A root word: the entry index of a wide root, or the complement of that of a narrow one, so that the sign
 * tells readers the shape. ROOT_NONE is the narrow block at index 0, which stays without routes.
 */
export const ROOT_NONE = ~0;

/** How addresses are cut into the indexes of blocks, from a table's root down. */
export interface Shape {
  /** Per depth: log2 of the entries of a block. */
  readonly blocks: readonly number[];
  /** Per depth: the longest prefix length that ends in a block. */
  readonly ends: readonly number[];
  /** Per depth: the address word that has a block's index, and how far it is shifted right. */
  readonly words: readonly number[];
  readonly shifts: readonly number[];
  /** Whether leaps take the place of blocks with one child. */
  readonly leaps: boolean;
}

/** The shape of these block sizes; no index may lie across two address words. */
export function makeShape(blocks: readonly number[], leaps: boolean): Shape {
  const ends = blocks.map((_, depth) => blocks.slice(0, depth + 1).reduce((sum, bits) => sum + bits, 0));
  const words = ends.map((end) => (end - 1) >>> 5);
  const shifts = ends.map((end, depth) => 32 * (words[depth]! + 1) - end);
  if (ends.some((end, depth) => (end - blocks[depth]!) >>> 5 !== words[depth]!)) {
    throw new RangeError(`a block's index would lie across two words: ${blocks.join('-')}`);
  }
  return { blocks, ends, words, shifts, leaps };
}

/** What sets the FIBs of the two address families apart. */
export interface FibFamily<Address> {
  readonly name: 'IPv4' | 'IPv6';
  /** Bits of an address, and its 32-bit words. */
  readonly bits: 32 | 128;
  readonly words: 1 | 4;
  /** Shape of tables with a root of 2^16 entries: fewer loads. */
  readonly wide: Shape;
  /** Shape of tables of the smallest blocks: less memory for few routes. */
  readonly narrow: Shape;
  /** Wide roots that VRFs get without having grown: speed from the first route on. */
  readonly wideFromStart: number;
  /** Writes an address to the words of a key, most significant first, and back. */
  toKey(address: Address, key: Int32Array): void;
  fromKey(key: Int32Array): Address;
}

/** The entry index of a root's block. */
export function blockOf(root: number): number {
  return root < 0 ? ~root : root;
}

/** Entries of a slab, the unit that the arena hands out: one wide root, or blocks of one size. */
export const SLAB_SHIFT = 16;
export const SLAB_ENTRIES = 1 << SLAB_SHIFT;
/** The smallest block: one cache line. `uses` and `defaults` have a word for each that could exist. */
export const BLOCK_SHIFT_MIN = 4;
/** Int32 words of state per slab; see fib-arena.ts. */
export const SLAB_WORDS = 4;

// A root's word in `defaults`: the adjacency of the table's default route, or 0, below a number that grows
// with each change, so that a reader can tell whether the word stood still during its lookup.
export const DEFAULT_CHANGE = 1 << 24;

/** A FIB's memory. Readers need `entries`, `roots` and `defaults`; the rest is the control side's. */
export interface FibMemory {
  /** Int32 entries; page aligned, so that the caller can ask the kernel for huge pages. */
  readonly entries: SharedArrayBuffer;
  /** An Int32 root word per VRF. */
  readonly roots: SharedArrayBuffer;
  /** An Int32 per smallest block, at a table's root its default route. */
  readonly defaults: SharedArrayBuffer;
  /** A Uint16 per smallest block: prefixes and children that live in the block that starts there. */
  readonly uses: SharedArrayBuffer;
  /** SLAB_WORDS Int32 per slab. */
  readonly slabs: SharedArrayBuffer;
}

const SLAB_BYTES = SLAB_ENTRIES * 4;
const BYTES_MAX = 0xffffffff + 1 - SLAB_BYTES;
const DEFAULT_VRFS = 4096;

/**
 * Reserves the memory of a FIB. `bytes` bounds the entries of all VRFs together, rounded up to 256 KiB;
 * the kernel commits a page when it is first written, so a generous bound costs address space only.
 * `vrfs` bounds the VRF numbers: 0 to vrfs - 1.
 */
export function allocateFibMemory({
  bytes,
  vrfs = DEFAULT_VRFS,
}: {
  bytes: number;
  vrfs?: number;
}): FibMemory {
  if (!(bytes > 0 && bytes <= BYTES_MAX)) {
    throw new RangeError(`a FIB's memory must be from 1 to ${BYTES_MAX} bytes: ${bytes}`);
  }
  const slabs = Math.ceil(bytes / SLAB_BYTES);
  const blocks = (slabs * SLAB_ENTRIES) >>> BLOCK_SHIFT_MIN;
  const roots = new SharedArrayBuffer(vrfs * 4);
  new Int32Array(roots).fill(ROOT_NONE);
  return {
    // Page aligned: a narrow block is then one cache line.
    entries: allocateWasmMemory(slabs * SLAB_BYTES).buffer,
    roots,
    defaults: new SharedArrayBuffer(blocks * 4),
    uses: new SharedArrayBuffer(blocks * 2),
    slabs: new SharedArrayBuffer(slabs * SLAB_WORDS * 4),
  };
}

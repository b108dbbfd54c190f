// The shapes of the IPv4 FIB's tables, and its memory.
import { allocateFibMemory, type FibFamily, type FibMemory, makeShape } from './fib-layout.js';

/**
 *   wide:   a root of 2^16 entries, then blocks of 2^8: 3 loads at most, 256 KiB for the root;
 *   narrow: blocks of 2^4, one cache line each: 8 loads at most, some 25 KiB for 100 scattered routes.
 * Few VRFs are large; a thousand small ones would need 256 MiB for wide roots alone.
 */
export const IP4_FIB: FibFamily<number> = {
  name: 'IPv4',
  bits: 32,
  words: 1,
  wide: makeShape([16, 8, 8], false),
  narrow: makeShape(new Array<number>(8).fill(4), false),
  // 16 MiB.
  wideFromStart: 64,
  toKey(address, key) {
    key[0] = address;
  },
  fromKey: (key) => key[0]! >>> 0,
};

/** Room for a full internet table of 1 million routes twice: one in use, one being built. */
const DEFAULT_BYTES = 512 << 20;

/** Reserves the memory of an IPv4 FIB; see allocateFibMemory. */
export function allocateIp4FibMemory(options: { bytes?: number; vrfs?: number } = {}): FibMemory {
  return allocateFibMemory({ bytes: DEFAULT_BYTES, ...options });
}

// The shapes of the IPv6 FIB's tables, and its memory.
import type { Ip6Words } from '@sluice/shared/net';
import { allocateFibMemory, type FibFamily, type FibMemory, makeShape } from './fib-layout.js';

const fours = (count: number): number[] => new Array<number>(count).fill(4);

/**
 *   wide:   a root of 2^16 entries, two levels of 2^8 down to /32, then blocks of 2^4, one cache line each;
 *   narrow: blocks of 2^4 from the root on.
 * Leaps take the place of levels where nothing branches. Of a full table, a lookup reads five cache lines on
 * average (four to six), and 23 MB hold 200,000 routes; blocks of 2^4 from /24 on would take 13 MB, and a line more.
 */
export const IP6_FIB: FibFamily<Ip6Words> = {
  name: 'IPv6',
  bits: 128,
  words: 4,
  wide: makeShape([16, 8, 8, ...fours(24)], true),
  narrow: makeShape(fours(32), true),
  // Leaps keep small narrow tables shallow.
  wideFromStart: 0,
  toKey(address, key) {
    for (let i = 0; i < 4; i++) key[i] = address[i]!;
  },
  fromKey: (key) => [key[0]! >>> 0, key[1]! >>> 0, key[2]! >>> 0, key[3]! >>> 0],
};

/** Room for a full internet table of 200,000 routes twice: one in use, one being built. */
const DEFAULT_BYTES = 128 << 20;

/** Reserves the memory of an IPv6 FIB; see allocateFibMemory. */
export function allocateIp6FibMemory(options: { bytes?: number; vrfs?: number } = {}): FibMemory {
  return allocateFibMemory({ bytes: DEFAULT_BYTES, ...options });
}

// What the tests of the IPv6 FIB share. The oracle compares addresses as 128-bit numbers.
import type { Ip6Words } from '@sluice/shared/net';
import fc from 'fast-check';
import { allocateEpoch, EpochControl, EpochReader } from '../../src/memory/epoch.js';
import { Ip6Fib } from '../../src/tables/ip6-fib.js';
import { allocateIp6FibMemory } from '../../src/tables/ip6-fib-layout.js';
import { Ip6FibWriter } from '../../src/tables/ip6-fib-writer.js';
import type { AnyTestFib, Model } from './fib-model.js';

const BITS = 128n;
const ALL = (1n << BITS) - 1n;

export function bigOf(words: ArrayLike<number>): bigint {
  let value = 0n;
  for (let i = 0; i < 4; i++) value = (value << 32n) | BigInt(words[i]! >>> 0);
  return value;
}

export function wordsOf(value: bigint): Ip6Words {
  const word = (at: bigint): number => Number((value >> at) & 0xffffffffn);
  return [word(96n), word(64n), word(32n), word(0n)];
}

function maskOf(length: number): bigint {
  return ALL ^ (ALL >> BigInt(length));
}

const BASE = bigOf([0x20010db8, 0x00010000, 0, 0]);

/** A few places, and hosts that share any number of their first bits with them. */
const address: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(
    0n,
    ALL,
    1n << 127n,
    BASE,
    BASE + 1n,
    BASE | 0xffffn,
    BASE + (1n << 64n),
    bigOf([0xfe800000, 0, 0, 1]),
  ),
  fc
    .tuple(fc.integer({ min: 0, max: 128 }), fc.bigInt({ min: 0n, max: ALL }))
    .map(([same, random]) => (BASE & maskOf(same)) | (random & ~maskOf(same) & ALL)),
  fc.bigInt({ min: 0n, max: ALL }),
);

const length = fc.oneof(
  fc.constantFrom(0, 3, 16, 24, 29, 32, 36, 44, 48, 56, 63, 64, 65, 96, 127, 128),
  fc.integer({ min: 0, max: 128 }),
);

export const ip6Model: Model<Ip6Words> = {
  address: address.map(wordsOf),
  prefix: fc
    .tuple(address, length)
    .map(([host, length]) => ({ address: wordsOf(host & maskOf(length)), length })),
  contains: (prefix, address) => ((bigOf(prefix.address) ^ bigOf(address)) & maskOf(prefix.length)) === 0n,
  edges(prefix) {
    const first = bigOf(prefix.address);
    const last = first | (ALL >> BigInt(prefix.length));
    return [first, last, first - 1n, last + 1n, (first + last) / 2n].map((value) => wordsOf(value & ALL));
  },
};

export interface Test6Fib extends AnyTestFib<Ip6Words> {
  fib: Ip6Fib;
}

/** An IPv6 FIB in one thread. */
export function makeFib6(options: { bytes?: number; vrfs?: number } = {}): Test6Fib {
  const memory = allocateIp6FibMemory({ bytes: 64 << 20, ...options });
  const buffer = allocateEpoch(1);
  const epoch = new EpochControl(buffer);
  const fib = new Ip6Fib(memory);
  return {
    fib,
    roots: fib.roots,
    writer: new Ip6FibWriter(memory, epoch),
    epoch,
    reader: new EpochReader(buffer, 0),
    // Half of the words signed, as they come from packets.
    lookup: (vrf, [w0, w1, w2, w3]) => fib.lookup(vrf, w0, w1 | 0, w2, w3 | 0),
  };
}

/** Routes like an internet table's, and some of a site's own; four words a route. */
export function realisticRoutes(
  count: number,
  random: () => number,
): { addresses: Uint32Array; lengths: Uint8Array } {
  const addresses = new Uint32Array(4 * count);
  const lengths = new Uint8Array(count);
  // Registries give out /32s close together in their /12s; holders announce some of their /36 to /48.
  const registries = [0x20010000, 0x24000000, 0x26000000, 0x28000000, 0x2a000000, 0x2c0f0000];
  const holders = Uint32Array.from({ length: Math.max(1, count >>> 3) }, () => {
    const registry = registries[random() % registries.length]!;
    const spread = registry === 0x20010000 || registry === 0x2c0f0000 ? 0xffff : 0x13ffff;
    return registry + (random() % spread);
  });
  for (let i = 0; i < count; i++) {
    const dice = random() % 1000;
    const length =
      dice < 460
        ? 48
        : dice < 590
          ? 32
          : dice < 690
            ? 44
            : dice < 790
              ? 40
              : dice < 840
                ? 36
                : dice < 980
                  ? 29 + (dice % 19)
                  : dice < 990
                    ? 56 + (dice % 9)
                    : dice < 995
                      ? 127
                      : 128;
    addresses[4 * i] = i < holders.length ? holders[i]! : holders[random() % holders.length]!;
    addresses[4 * i + 1] = random();
    addresses[4 * i + 2] = length > 64 ? random() : 0;
    addresses[4 * i + 3] = length > 64 ? random() : 0;
    lengths[i] = i < holders.length ? 32 : length;
  }
  return { addresses, lengths };
}

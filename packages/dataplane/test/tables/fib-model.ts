// What the tests of the IPv4 FIB share: prefixes that nest, and the slow, obvious longest-prefix match.
import { contains, ip4Mask } from '@sluice/shared';
import fc from 'fast-check';
import { allocateEpoch, EpochControl, EpochReader } from '../../src/memory/epoch.js';
import { Ip4Fib } from '../../src/tables/ip4-fib.js';
import { allocateIp4FibMemory } from '../../src/tables/ip4-fib-layout.js';
import { Ip4FibWriter } from '../../src/tables/ip4-fib-writer.js';

export interface Prefix {
  address: number;
  length: number;
}

export interface Route extends Prefix {
  adjacency: number;
}

/** Few addresses, close together, so that random prefixes of them nest. */
export const address = fc.oneof(
  fc.constantFrom(0, 0x0a000000, 0x0a010203, 0x0a0102ff, 0x0a01ff00, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat(0x3ff).map((low) => 0x0a010000 + low),
  fc.integer({ min: 0, max: 0xffffffff }),
);

export const prefix: fc.Arbitrary<Prefix> = fc
  .tuple(
    address,
    fc.oneof(fc.constantFrom(0, 8, 16, 17, 23, 24, 25, 31, 32), fc.integer({ min: 0, max: 32 })),
  )
  .map(([host, length]) => ({ address: (host & ip4Mask(length)) >>> 0, length }));

/** Longest-prefix match by looking at every route. */
export class Oracle {
  readonly routes: Route[] = [];

  add(route: Route): void {
    this.remove(route);
    this.routes.push(route);
  }

  remove({ address, length }: Prefix): boolean {
    const at = this.routes.findIndex((route) => route.address === address && route.length === length);
    if (at >= 0) this.routes.splice(at, 1);
    return at >= 0;
  }

  lookup(address: number): number {
    let best: Route | null = null;
    for (const route of this.routes) {
      if (contains(route, address) && route.length >= (best?.length ?? 0)) best = route;
    }
    return best?.adjacency ?? 0;
  }
}

/** Addresses where an error about a prefix would show: its ends, and what lies beside them. */
export function edges({ address, length }: Prefix): number[] {
  const last = address + 2 ** (32 - length) - 1;
  return [address, last, address - 1, last + 1, address + Math.floor((last - address) / 2)].map(
    (x) => x >>> 0,
  );
}

export interface TestFib {
  fib: Ip4Fib;
  writer: Ip4FibWriter;
  epoch: EpochControl;
  reader: EpochReader;
}

/** A FIB in one thread, whose one reader is offline. */
export function makeFib(options: { bytes?: number; vrfs?: number } = {}): TestFib {
  const memory = allocateIp4FibMemory({ bytes: 64 << 20, ...options });
  const buffer = allocateEpoch(1);
  const epoch = new EpochControl(buffer);
  return {
    fib: new Ip4Fib(memory),
    writer: new Ip4FibWriter(memory, epoch),
    epoch,
    reader: new EpochReader(buffer, 0),
  };
}

/** Creates VRFs up to the number from which they begin narrow; returns the first such. */
export function firstNarrowVrf({ writer, fib }: Pick<TestFib, 'writer' | 'fib'>): number {
  for (let vrf = 0; ; vrf++) {
    writer.createVrf(vrf);
    if (fib.roots[vrf]! < 0) return vrf;
  }
}

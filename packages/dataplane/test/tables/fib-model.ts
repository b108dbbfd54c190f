// What the tests of the FIBs share: prefixes that nest, and the slow, obvious longest-prefix match.
import assert from 'node:assert/strict';
import { contains, ip4Mask } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { allocateEpoch, EpochControl, EpochReader } from '../../src/memory/epoch.js';
import type { FibWriter } from '../../src/tables/fib-writer.js';
import { Ip4Fib } from '../../src/tables/ip4-fib.js';
import { allocateIp4FibMemory } from '../../src/tables/ip4-fib-layout.js';
import { Ip4FibWriter } from '../../src/tables/ip4-fib-writer.js';

export interface Prefix<Address = number> {
  address: Address;
  length: number;
}

export interface Route<Address = number> extends Prefix<Address> {
  adjacency: number;
}

/** What an address family's tests need. */
export interface Model<Address> {
  /** Few addresses, close together, so that random prefixes of them nest. */
  address: fc.Arbitrary<Address>;
  /** Without host bits. */
  prefix: fc.Arbitrary<Prefix<Address>>;
  contains(prefix: Prefix<Address>, address: Address): boolean;
  /** Addresses where an error about a prefix would show: its ends, and what lies beside them. */
  edges(prefix: Prefix<Address>): Address[];
}

/** A FIB in one thread, whose one reader is offline. */
export interface AnyTestFib<Address> {
  writer: FibWriter<Address>;
  epoch: EpochControl;
  reader: EpochReader;
  roots: Int32Array;
  lookup(vrf: number, address: Address): number;
}

const address = fc.oneof(
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

export const ip4Model: Model<number> = {
  address,
  prefix,
  contains,
  edges({ address, length }) {
    const last = address + 2 ** (32 - length) - 1;
    return [address, last, address - 1, last + 1, address + Math.floor((last - address) / 2)].map(
      (x) => x >>> 0,
    );
  },
};

/** Longest-prefix match by looking at every route. */
export class Oracle<Address> {
  readonly routes: Route<Address>[] = [];

  constructor(private readonly contains: Model<Address>['contains']) {}

  add(route: Route<Address>): void {
    this.remove(route);
    this.routes.push(route);
  }

  remove({ address, length }: Prefix<Address>): boolean {
    const at = this.routes.findIndex(
      (route) => String(route.address) === String(address) && route.length === length,
    );
    if (at >= 0) this.routes.splice(at, 1);
    return at >= 0;
  }

  lookup(address: Address): number {
    let best: Route<Address> | null = null;
    for (const route of this.routes) {
      if (this.contains(route, address) && route.length >= (best?.length ?? 0)) best = route;
    }
    return best?.adjacency ?? 0;
  }
}

/** Runs random changes on a VRF and compares every answer; then removes all, and looks at the memory. */
export function againstOracle<Address>(
  model: Model<Address>,
  test: AnyTestFib<Address>,
  vrf: number,
  numRuns = 150,
): void {
  const { writer, epoch } = test;
  const operation = fc.record({
    kind: fc.constantFrom('add', 'add', 'remove', 'remove known'),
    prefix: model.prefix,
    adjacency: fc.integer({ min: 1, max: 0xffffff }),
    pick: fc.nat(1000),
  });
  epoch.reclaim();
  const before = writer.statistics();
  const property = fc.property(
    fc.array(operation, { maxLength: 60, size: 'max' }),
    fc.array(model.address, { minLength: 5, maxLength: 20 }),
    (operations, probes) => {
      const oracle = new Oracle(model.contains);
      const looked = new Map(probes.map((probe) => [String(probe), probe]));
      for (const { kind, prefix, adjacency, pick } of operations) {
        let subject = prefix;
        if (kind === 'add') {
          writer.add(vrf, prefix.address, prefix.length, adjacency);
          oracle.add({ ...prefix, adjacency });
        } else {
          if (kind === 'remove known') subject = oracle.routes[pick % (oracle.routes.length || 1)] ?? prefix;
          assert.equal(writer.remove(vrf, subject.address, subject.length), oracle.remove(subject));
        }
        for (const edge of model.edges(subject)) looked.set(String(edge), edge);
        for (const [text, address] of looked) {
          assert.equal(test.lookup(vrf, address), oracle.lookup(address), text);
        }
      }
      for (const route of oracle.routes) {
        assert.equal(writer.get(vrf, route.address, route.length), route.adjacency);
      }
      assert.equal(writer.routeCount(vrf), oracle.routes.length);
      for (const { address, length } of oracle.routes) assert.ok(writer.remove(vrf, address, length));
      for (const address of looked.values()) assert.equal(test.lookup(vrf, address), 0);
      epoch.reclaim();
      assert.deepEqual(writer.statistics(), before, 'memory is where it was');
    },
  );
  fc.assert(property, { seed, numRuns });
}

export interface TestFib extends AnyTestFib<number> {
  fib: Ip4Fib;
}

/** An IPv4 FIB in one thread. A lookup asks for the address signed and unsigned. */
export function makeFib(options: { bytes?: number; vrfs?: number } = {}): TestFib {
  const memory = allocateIp4FibMemory({ bytes: 64 << 20, ...options });
  const buffer = allocateEpoch(1);
  const epoch = new EpochControl(buffer);
  const fib = new Ip4Fib(memory);
  return {
    fib,
    roots: fib.roots,
    writer: new Ip4FibWriter(memory, epoch),
    epoch,
    reader: new EpochReader(buffer, 0),
    lookup(vrf, address) {
      const adjacency = fib.lookup(vrf, address >>> 0);
      assert.equal(fib.lookup(vrf, address | 0), adjacency, `${address} signed`);
      return adjacency;
    },
  };
}

/** Creates VRFs up to the number from which they begin narrow; returns the first such. */
export function firstNarrowVrf({
  writer,
  roots,
}: {
  writer: { createVrf(vrf: number): void };
  roots: Int32Array;
}): number {
  for (let vrf = 0; ; vrf++) {
    writer.createVrf(vrf);
    if (roots[vrf]! < 0) return vrf;
  }
}

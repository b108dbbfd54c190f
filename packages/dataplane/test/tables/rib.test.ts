import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { type FibFamily, LEAF_NONE, leafOf } from '../../src/tables/fib-layout.js';
import { IP4_FIB } from '../../src/tables/ip4-fib-layout.js';
import { IP6_FIB } from '../../src/tables/ip6-fib-layout.js';
import { Rib } from '../../src/tables/rib.js';
import { ip4Model, type Model, type Prefix } from './fib-model.js';
import { ip6Model } from './ip6-fib-model.js';

function keyOf<Address>(family: FibFamily<Address>, address: Address): Int32Array {
  const key = new Int32Array(family.words);
  family.toKey(address, key);
  return key;
}

/** Text in prefix order. */
function textOf<Address>(family: FibFamily<Address>, { address, length }: Prefix<Address>): string {
  const words = [...keyOf(family, address)].map((word) => (word >>> 0).toString(16).padStart(8, '0'));
  return `${words.join('')}/${String(length).padStart(3, '0')}`;
}

function isAMapOfPrefixes<Address>(family: FibFamily<Address>, model: Model<Address>): void {
  const operation = fc.record({ prefix: model.prefix, adjacency: fc.integer({ min: 0, max: 0xffffff }) });
  const run = (
    operations: { prefix: Prefix<Address>; adjacency: number }[],
    probe: Prefix<Address>,
  ): void => {
    const rib = new Rib(family.words);
    const map = new Map<string, Prefix<Address> & { adjacency: number }>();
    const text = (prefix: Prefix<Address>): string => textOf(family, prefix);
    for (const { prefix, adjacency } of operations) {
      const before = map.get(text(prefix))?.adjacency ?? 0;
      const key = keyOf(family, prefix.address);
      if (adjacency % 3 === 0) {
        assert.equal(rib.delete(key, prefix.length), before);
        map.delete(text(prefix));
      } else {
        assert.equal(rib.set(key, prefix.length, adjacency), before);
        map.set(text(prefix), { ...prefix, adjacency });
      }
      assert.equal(rib.size, map.size);
    }
    const sorted = [...map.keys()].sort().map((key) => map.get(key)!);
    const listed = [...rib].map(({ key, length, adjacency }) => ({
      address: family.fromKey(key),
      length,
      adjacency,
    }));
    assert.deepEqual(listed, sorted);
    for (const of of [probe, ...operations.map((operation) => operation.prefix)]) {
      const key = keyOf(family, of.address);
      assert.equal(rib.get(key, of.length), map.get(text(of))?.adjacency ?? 0);
      const covering = sorted
        .filter((route) => route.length > 0 && route.length < of.length && model.contains(route, of.address))
        .sort((a, b) => b.length - a.length)[0];
      const expected = covering === undefined ? LEAF_NONE : leafOf(covering.length, covering.adjacency);
      assert.equal(rib.covering(key, of.length), expected);
      assert.deepEqual(key, keyOf(family, of.address));
    }
  };
  const operations = fc.array(operation, { maxLength: 200, size: 'max' });
  fc.assert(fc.property(operations, model.prefix, run), { seed, numRuns: 100 });
}

describe('rib', () => {
  it(`is a map of exact IPv4 prefixes, in prefix order, with covering prefixes (seed ${seed})`, () => {
    isAMapOfPrefixes(IP4_FIB, ip4Model);
  });

  it(`is a map of exact IPv6 prefixes, in prefix order, with covering prefixes (seed ${seed})`, () => {
    isAMapOfPrefixes(IP6_FIB, ip6Model);
  });

  it('tells the default route from an empty slot, and lengths of one address from each other', () => {
    for (const { words, bits } of [IP4_FIB, IP6_FIB]) {
      const rib = new Rib(words);
      const zero = new Int32Array(words);
      assert.equal(rib.get(zero, 0), 0);
      rib.set(zero, 0, 7);
      rib.set(zero, bits, 8);
      assert.deepEqual([rib.get(zero, 0), rib.get(zero, bits), rib.get(zero, 16)], [7, 8, 0]);
      assert.deepEqual(
        [...rib].map((route) => route.length),
        [0, bits],
      );
    }
  });

  it('grows and shrinks, and survives the way to another thread', () => {
    const rib = new Rib(1);
    const keyAt = (i: number): Int32Array => Int32Array.of(Math.imul(i, 0x9e3779b1) & ~0xff);
    for (let i = 0; i < 50_000; i++) rib.set(keyAt(i), 24, i + 1);
    const size = rib.size;
    const copy = Rib.from(1, structuredClone(rib.transfer()));
    assert.equal(copy.size, size);
    assert.equal(copy.get(keyAt(49_999), 24), 50_000);
    const full = copy.transfer().words.length;
    for (const { key, length } of [...copy]) assert.notEqual(copy.delete(key, length), 0);
    assert.equal(copy.size, 0);
    assert.ok(copy.transfer().words.length < full / 1000);
  });
});

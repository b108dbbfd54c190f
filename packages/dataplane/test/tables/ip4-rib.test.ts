import assert from 'node:assert/strict';
import { contains } from '@sluice/shared';
import fc from 'fast-check';
import { LEAF_NONE, leafOf } from '../../src/tables/ip4-fib-layout.js';
import { Ip4Rib } from '../../src/tables/ip4-rib.js';
import { seed } from '../memory/seed.js';
import { type Prefix, prefix } from './fib-model.js';

const key = ({ address, length }: Prefix): number => address * 64 + length;

describe('ip4 rib', () => {
  it(`is a map of exact prefixes, in prefix order, with covering prefixes (seed ${seed})`, () => {
    const operation = fc.record({ prefix, adjacency: fc.integer({ min: 0, max: 0x1ffffff }) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), prefix, (operations, probe) => {
        const rib = new Ip4Rib();
        const model = new Map<number, Prefix & { adjacency: number }>();
        for (const { prefix, adjacency } of operations) {
          const before = model.get(key(prefix))?.adjacency ?? 0;
          if (adjacency % 3 === 0) {
            assert.equal(rib.delete(prefix.address, prefix.length), before);
            model.delete(key(prefix));
          } else {
            assert.equal(rib.set(prefix.address, prefix.length, adjacency), before);
            model.set(key(prefix), { ...prefix, adjacency });
          }
          assert.equal(rib.size, model.size);
        }
        const sorted = [...model.values()].sort((a, b) => key(a) - key(b));
        assert.deepEqual([...rib], sorted);
        for (const of of [probe, ...operations.map((operation) => operation.prefix)]) {
          assert.equal(rib.get(of.address, of.length), model.get(key(of))?.adjacency ?? 0);
          const covering = sorted
            .filter((route) => route.length < of.length && contains(route, of.address))
            .sort((a, b) => b.length - a.length)[0];
          const expected = covering === undefined ? LEAF_NONE : leafOf(covering.length, covering.adjacency);
          assert.equal(rib.covering(of.address, of.length), expected);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  it('tells 0.0.0.0/0 from an empty slot, and lengths of one address from each other', () => {
    const rib = new Ip4Rib();
    assert.equal(rib.get(0, 0), 0);
    rib.set(0, 0, 7);
    rib.set(0, 32, 8);
    assert.deepEqual([rib.get(0, 0), rib.get(0, 32), rib.get(0, 16)], [7, 8, 0]);
    assert.deepEqual(
      [...rib].map((route) => route.length),
      [0, 32],
    );
  });

  it('grows and shrinks, and survives the way to another thread', () => {
    const rib = new Ip4Rib();
    for (let i = 0; i < 50_000; i++) rib.set(Math.imul(i, 0x9e3779b1) & ~0xff, 24, i + 1);
    const size = rib.size;
    const copy = Ip4Rib.from(structuredClone(rib.transfer()));
    assert.equal(copy.size, size);
    assert.equal(copy.get(Math.imul(49_999, 0x9e3779b1) & ~0xff, 24), 50_000);
    const full = copy.transfer().words.length;
    for (const { address, length } of [...copy]) assert.notEqual(copy.delete(address, length), 0);
    assert.equal(copy.size, 0);
    assert.ok(copy.transfer().words.length < full / 1000);
  });
});

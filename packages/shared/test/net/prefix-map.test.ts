import assert from 'node:assert/strict';
import fc from 'fast-check';
import { contains, contains6, type Ip6Words, PrefixMap } from '../../src/index.js';

type Address = number | Ip6Words;

const word = fc.constantFrom(0, 1, 0x0a000000, 0x0a010203, 0x80000000, 0xffffffff);
const address: fc.Arbitrary<Address> = fc.oneof(word, fc.tuple(word, word, word, word));
const prefix = fc
  .tuple(address, fc.integer({ min: 0, max: 128 }))
  .map(([address, length]) => ({ address, length: typeof address === 'number' ? length % 33 : length }));

function holds({ address, length }: { address: Address; length: number }, host: Address): boolean {
  if (typeof address === 'number') return typeof host === 'number' && contains({ address, length }, host);
  return typeof host !== 'number' && contains6({ address, length }, host);
}

describe('prefix map', () => {
  it('finds the longest prefix as a list would, of either family', () => {
    const operations = fc.array(fc.tuple(prefix, fc.nat(3)), { maxLength: 40 });
    fc.assert(
      fc.property(operations, fc.array(address, { minLength: 1 }), (steps, hosts) => {
        const map = new PrefixMap<number>();
        let list: { address: Address; length: number; value: number }[] = [];
        for (const [prefix, value] of steps) {
          const same = (other: typeof prefix): boolean =>
            other.length === prefix.length &&
            typeof other.address === typeof prefix.address &&
            holds(other, prefix.address);
          const there = list.some(same);
          list = list.filter((other) => !same(other));
          if (value === 0) assert.equal(map.delete(prefix.address, prefix.length), there);
          else {
            map.set(prefix.address, prefix.length, value);
            list.push({ ...prefix, value });
          }
        }
        assert.equal(map.size, list.length);
        assert.deepEqual([...map].sort(), list.map((entry) => entry.value).sort());
        list.sort((a, b) => b.length - a.length);
        for (const host of hosts) {
          assert.equal(map.longest(host), list.find((entry) => holds(entry, host))?.value);
          const odd = list.find((entry) => holds(entry, host) && entry.value % 2 === 1 && entry.length > 0);
          assert.equal(
            map.longest(host, (value, length) => value % 2 === 1 && length > 0),
            odd?.value,
          );
        }
        for (const { address, length, value } of list) assert.equal(map.get(address, length), value);
      }),
    );
  });
});

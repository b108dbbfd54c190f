// Workloads: what both sides of a benchmark read.
import assert from 'node:assert/strict';
import { internetRoutes, NEXT_HOPS, oneRoute, readWorkload, writeWorkload } from '../src/memory/workload.js';
import { withFolder } from '../src/run/with-folder.js';

const key = (address: number, length: number): string =>
  `${(length === 0 ? 0 : address & -(2 ** (32 - length))) >>> 0}/${length}`;

describe('workloads', () => {
  it('have different routes, and destinations that each have one', () => {
    const { addresses, lengths, nextHops, destinations } = internetRoutes(5_000, 5_000, 11);
    const routes = new Set(Array.from(addresses, (address, i) => key(address, lengths[i]!)));
    assert.equal(routes.size, 5_000);
    for (const hop of nextHops) assert.ok(hop < NEXT_HOPS);
    for (const destination of destinations) {
      const found = Array.from({ length: 33 }, (_, length) => key(destination, length)).some((prefix) =>
        routes.has(prefix),
      );
      assert.ok(found, `${destination} has no route`);
    }
    const long = lengths.filter((length) => length === 24).length;
    assert.ok(long > 2_500 && long < 3_500, `${long} routes are /24: more than half, and not all`);
  });

  it('are the same from the same seed, and others from another', () => {
    const [a, b, c] = [internetRoutes(100, 100, 1), internetRoutes(100, 100, 1), internetRoutes(100, 100, 2)];
    assert.deepEqual(a, b);
    assert.notDeepEqual(a.destinations, c.destinations);
  });

  it('are read as they were written', () =>
    withFolder(async (folder) => {
      for (const workload of [oneRoute(100, 3), internetRoutes(50, 70, 3)]) {
        writeWorkload(`${folder}/workload`, workload);
        assert.deepEqual(readWorkload(`${folder}/workload`), workload);
      }
    }));
});

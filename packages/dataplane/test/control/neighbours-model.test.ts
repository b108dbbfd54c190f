// Random lives of neighbours: whatever happens, states, adjacencies and host routes say the same.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Address, addressKey } from '../../src/control/address.js';
import { isUsable } from '../../src/control/neighbour-states.js';
import { ADJ_INCOMPLETE, ADJ_NEIGHBOUR } from '../../src/tables/adjacencies.js';
import { NeighbourBench } from './support/neighbour-bench.js';

const row = fc.integer({ min: 1, max: 2 });
/** Four of each family. */
const host = fc.integer({ min: 1, max: 8 });

function addressOf(host: number): Address {
  return host <= 4 ? host : [0x20010db8, 0, 0, host - 4];
}

type Step =
  | { do: 'resolve' | 'reference' | 'release'; row: number; host: number }
  | { do: 'heard'; row: number; host: number; flags: number; mac: number }
  | { do: 'clear' | 'prune' | 'unlink' | 'use'; row: number }
  | { do: 'pass'; ms: number }
  | { do: 'quiesce' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('resolve', 'reference', 'release'), row, host }),
  fc.record({
    do: fc.constant('heard'),
    row,
    host,
    // Every flag of a message but its family; 0 stands for no MAC address.
    flags: fc.integer({ min: 0, max: 31 }).map((flags) => flags << 1),
    mac: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ do: fc.constantFrom('clear', 'prune', 'unlink', 'use'), row }),
  fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(250, 1000, 5000, 30_000) }),
  fc.record({ do: fc.constant('quiesce') }),
) as fc.Arbitrary<Step>;

function check(bench: NeighbourBench): void {
  const entries = bench.neighbours.list();
  const keys = new Set(entries.map((entry) => `${entry.row} ${addressKey(entry.address)}`));
  assert.equal(keys.size, entries.length, 'two live entries for one address');
  assert.equal(new Set(entries.map((entry) => entry.adjacency)).size, entries.length, 'a shared adjacency');
  const routed = new Map<string, number>();
  for (const entry of entries) {
    const kind = bench.adjacencies.kind(entry.adjacency);
    const known = isUsable(entry.state);
    assert.equal(entry.mac !== null, known, `${entry.state} with MAC ${entry.mac}`);
    if (known) routed.set(`${entry.row} ${addressKey(entry.address)}`, entry.adjacency);
    if (!known || bench.retiring === 0) {
      assert.equal(kind, known ? ADJ_NEIGHBOUR : ADJ_INCOMPLETE, `${entry.state} has adjacency kind ${kind}`);
    }
    if (kind === ADJ_NEIGHBOUR) {
      assert.deepEqual(bench.destination(entry.adjacency), [...entry.mac!]);
    }
  }
  assert.deepEqual([...bench.routes].sort(), [...routed].sort());
  assert.ok(bench.adjacencies.used >= entries.length);
  if (bench.retiring === 0) assert.equal(bench.adjacencies.used, entries.length);
}

describe('neighbours, whatever happens', () => {
  it('keep states, adjacencies and host routes the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new NeighbourBench();
        bench.onLink = (_, address) => address !== 4;
        let now = 0;
        for (const action of steps) {
          const { neighbours } = bench;
          if (action.do === 'resolve') neighbours.resolve(action.row, addressOf(action.host), now);
          else if (action.do === 'reference') neighbours.reference(action.row, addressOf(action.host), now);
          else if (action.do === 'release') neighbours.release(action.row, addressOf(action.host));
          else if (action.do === 'clear') neighbours.clear(action.row);
          else if (action.do === 'prune') neighbours.prune(action.row);
          else if (action.do === 'unlink') neighbours.unlink(action.row, now);
          else if (action.do === 'quiesce') bench.quiesce();
          else if (action.do === 'use') {
            for (const { row, adjacency } of neighbours.list()) if (row === action.row) bench.use(adjacency);
          } else if (action.do === 'heard') {
            const mac = action.mac === 0 ? null : new Uint8Array(6).fill(action.mac * 2);
            neighbours.heard(action.row, addressOf(action.host), { flags: action.flags, mac }, now);
          } else if (action.do === 'pass') now += action.ms;
          neighbours.tick(now);
          check(bench);
        }
        for (const each of [1, 2]) bench.neighbours.clear(each);
        bench.quiesce();
        assert.equal(bench.adjacencies.used, 0, 'an adjacency leaked');
        assert.equal(bench.routes.size, 0);
      }),
      { numRuns: 500 },
    );
  });
});

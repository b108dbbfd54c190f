// Tests of what a node refuses: a line of a table each.
import assert from 'node:assert/strict';
import type { Bench } from './bench.js';
import { isDrop, type Moved } from './counters.js';

/** What is refused, the packets, and all the counters that move. */
export type Refused = readonly [what: string, packets: readonly Uint8Array[], moved: Moved];

/**
 * A test for each: nobody gets anything of the packets, these counters move and no others, and the interfaces that the
 * packets are received by, one behind the other, have that many drops. `give` has a bench receive packets.
 */
export function itRefuses(
  cases: readonly Refused[],
  receivers: readonly string[],
  give: (...packets: Uint8Array[]) => Bench,
): void {
  for (const [what, packets, moved] of cases) {
    it(`refuses ${what}`, () => {
      const bench = give(...packets);
      assert.deepEqual([bench.sent('lan'), bench.sent('wan'), bench.punted()], [[], [], []]);
      bench.expect(moved);
      const drops = receivers.map((name) => bench.interface(name).drops);
      assert.equal(sum(drops), dropsOf(moved));
    });
  }
}

/** Packets that ended under these counters. */
export function dropsOf(moved: Moved): number {
  return sum(Object.entries(moved).map(([path, by]) => (isDrop(path) ? by : 0)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

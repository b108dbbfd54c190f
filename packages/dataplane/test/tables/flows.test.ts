// The table of flows against a Map: whatever is opened, counted, closed and freed, no figure is lost or doubled.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { allocateFlows, FLOW_DOUBLES, FLOW_OCTETS, FlowTable, NO_ROOM } from '../../src/tables/flows.js';

const LIMIT = 48;

/** A packet of one of 80 flows, or the end of one row of those that are open. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ flow: fc.nat(79), octets: fc.integer({ min: 20, max: 1500 }) }) },
  { weight: 2, arbitrary: fc.record({ close: fc.nat(LIMIT) }) },
  { weight: 1, arbitrary: fc.constant({ free: true }) },
);

interface Open {
  flow: number;
  octets: number;
}

describe('the table of flows', () => {
  it('counts what a Map counts, with rows closed and used again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new FlowTable(allocateFlows(LIMIT), 7);
        const addresses = new Int32Array(8);
        const open = new Map<number, Open>();
        const closed: number[] = [];
        for (const each of steps) {
          if ('flow' in each) {
            const { flow, octets } = each;
            // Half of them are IPv6, and differ in the last word only.
            const count = flow % 2 === 0 ? 2 : 8;
            addresses[count - 1] = flow;
            const found = table.find(addresses, 0, count, flow >> 3, 17, 5);
            addresses[count - 1] = 0;
            const known = [...open].find(([, row]) => row.flow === flow);
            if (found === NO_ROOM) {
              assert.equal(known, undefined);
              continue;
            }
            const slot = found < 0 ? ~found : found;
            assert.equal(found < 0, known === undefined, `flow ${flow} has a row already, or lost it`);
            if (found < 0) {
              assert.ok(!open.has(slot) && !closed.includes(slot), `slot ${slot} is another flow's`);
              open.set(slot, { flow, octets: 0 });
              table.publish(slot);
            }
            table.doubles[slot * FLOW_DOUBLES + FLOW_OCTETS]! += octets;
            open.get(slot)!.octets += octets;
          } else if ('close' in each) {
            const row = [...open][each.close];
            if (row === undefined) continue;
            const [slot, { octets }] = row;
            table.close(slot);
            assert.equal(table.doubles[slot * FLOW_DOUBLES + FLOW_OCTETS], octets);
            open.delete(slot);
            closed.push(slot);
          } else {
            for (const slot of closed.splice(0)) table.free(slot);
          }
          assert.equal(table.used, open.size + closed.length);
          assert.ok(table.used <= LIMIT);
        }
        for (let slot = 0; slot < table.slots; slot++) assert.equal(table.isOpen(slot), open.has(slot));
      }),
      { seed: 20_261_123, numRuns: 100 },
    );
  });

  it('takes all flows that it is made for, but for a few whose bucket is full', () => {
    const table = new FlowTable(allocateFlows(4096), 7);
    const addresses = new Int32Array(2);
    let rows = 0;
    for (let i = 0; i < 4096; i++) {
      addresses[0] = i;
      const found = table.find(addresses, 0, 2, 0, 17, 5);
      if (found === NO_ROOM) continue;
      table.publish(~found);
      rows++;
    }
    assert.equal(table.used, rows);
    // Always the same figure: the hash has the same seed.
    assert.ok(rows > 4050, `${rows} rows`);
    addresses[0] = 5000;
    for (let i = rows; i < 4096; i++) table.publish(~table.find(addresses.fill(i + 10_000), 0, 2, 0, 17, 5));
    assert.equal(table.find(Int32Array.of(1, 2), 0, 2, 9, 17, 5), NO_ROOM);
  });
});

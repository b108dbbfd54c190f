// What nobody asked for is asked for: a forged claim of an address does not last.
import assert from 'node:assert/strict';
import type { Address } from '../../src/control/address.js';
import type { Neighbour } from '../../src/control/neighbours.js';
import { ADJ_NEIGHBOUR } from '../../src/tables/adjacencies.js';
import { HEARD_ADVERTISEMENT, HEARD_OVERRIDE, HEARD_SOLICITED } from '../../src/tables/neighbour-records.js';
import { MAC_A, MAC_B, NeighbourBench } from './support/neighbour-bench.js';

const ROW = 3;
const ASKS = 0;
const ANSWERS = HEARD_ADVERTISEMENT | HEARD_SOLICITED | HEARD_OVERRIDE;
const ANNOUNCES = HEARD_ADVERTISEMENT | HEARD_OVERRIDE;

const families: [string, Address][] = [
  ['IPv4', 0x0a010014],
  ['IPv6', [0x20010db8, 1, 0, 0x14]],
];

for (const [family, HOST] of families) {
  describe(`a claim of an address by ${family}`, () => {
    let bench: NeighbourBench;

    beforeEach(() => {
      bench = new NeighbourBench();
    });

    function only(): Neighbour {
      const entries = bench.neighbours.list();
      assert.equal(entries.length, 1);
      return entries[0]!;
    }

    function says(flags: number, mac: Uint8Array, now: number): void {
      bench.neighbours.heard(ROW, HOST, { flags, mac }, now);
    }

    /** Answered at 0. */
    function reachable(): Neighbour {
      bench.neighbours.resolve(ROW, HOST, 0);
      says(ANSWERS, MAC_A, 0);
      bench.asked();
      return only();
    }

    it('is believed at once; when it is used, everyone is asked', () => {
      for (const claim of [ASKS, ANNOUNCES, ANSWERS]) {
        bench = new NeighbourBench();
        const { adjacency } = reachable();
        bench.use(adjacency);
        says(claim, MAC_B, 5000);
        bench.quiesce();
        assert.deepEqual(bench.destination(adjacency), [...MAC_B], 'a failover takes no time');
        bench.neighbours.tick(5250);
        assert.deepEqual(bench.asked(), [], 'not used since');
        bench.use(adjacency);
        bench.neighbours.tick(5500);
        assert.equal(only().state, 'probe');
        assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
        assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR, 'it sends on');

        says(ANSWERS, MAC_A, 5600);
        bench.quiesce();
        assert.equal(only().state, 'reachable');
        assert.deepEqual(bench.destination(adjacency), [...MAC_A]);
        bench.use(adjacency);
        for (let now = 5750; now < 30_000; now += 250) bench.neighbours.tick(now);
        assert.deepEqual(bench.asked(), [], 'an answer is believed');
        assert.equal(bench.neighbours.moved, 2);
      }
    });

    it('holds when the claimant answers, and is given up when nobody does', () => {
      const { adjacency } = reachable();
      bench.neighbours.reference(ROW, HOST, 0);
      for (const answers of [true, false]) {
        const at = answers ? 5000 : 20_000;
        says(ANNOUNCES, answers ? MAC_B : MAC_A, at);
        bench.quiesce();
        bench.use(adjacency);
        bench.neighbours.tick(at + 250);
        assert.equal(bench.asked().length, 1);
        if (answers) says(ANSWERS, MAC_B, at + 260);
        for (let now = at + 500; now < at + 5000; now += 250) bench.neighbours.tick(now);
        assert.equal(only().state, answers ? 'reachable' : 'failed');
        assert.deepEqual(
          bench.asked().map(({ mac }) => mac),
          answers ? [] : [null, null],
        );
      }
    });

    it('is asked about once a second, however many there are, and ends at the owner', () => {
      const { adjacency } = reachable();
      let questions = 0;
      for (let now = 5000; now < 15_000; now += 50) {
        // Two of three messages are forged, among them answers; the owner's comes after a forged one.
        const forged = Uint8Array.from(MAC_B);
        forged[5] = (now / 50) & 0x7f;
        says((now / 50) % 3 === 0 ? ASKS : ANSWERS, forged, now);
        bench.quiesce();
        bench.use(adjacency);
        if (now % 250 === 0) bench.neighbours.tick(now);
        const asked = bench.asked();
        questions += asked.length;
        if (asked.length > 0) {
          says(ANSWERS, forged, now);
          says(ANSWERS, MAC_A, now);
        }
      }
      assert.ok(questions >= 8 && questions <= 11, `${questions} questions in ten seconds`);
      for (let now = 15_000; now <= 16_250; now += 250) {
        bench.quiesce();
        bench.use(adjacency);
        bench.neighbours.tick(now);
        if (bench.asked().length > 0) says(ANSWERS, MAC_A, now);
      }
      bench.quiesce();
      assert.equal(only().state, 'reachable');
      assert.deepEqual(bench.destination(adjacency), [...MAC_A]);
    });

    it('is not doubted of who speaks first, nor of who names the same MAC address', () => {
      says(ASKS, MAC_A, 0);
      const { adjacency } = only();
      says(ANNOUNCES, MAC_A, 10);
      for (let now = 250; now < 5000; now += 250) {
        bench.use(adjacency);
        bench.neighbours.tick(now);
      }
      assert.deepEqual(bench.asked(), []);
    });

    it('is an answer that comes too late, too', () => {
      bench.neighbours.reference(ROW, HOST, 0);
      for (let now = 0; now <= 3000; now += 250) bench.neighbours.tick(now);
      assert.equal(only().state, 'failed');
      bench.asked();
      says(ANSWERS, MAC_B, 3500);
      bench.use(only().adjacency);
      bench.neighbours.tick(3750);
      assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
    });
  });
}

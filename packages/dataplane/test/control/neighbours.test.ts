import assert from 'node:assert/strict';
import { type Address, addressKey, isIp4 } from '../../src/control/address.js';
import type { Neighbour } from '../../src/control/neighbours.js';
import {
  INCOMPLETE_PER_INTERFACE,
  macOfWords,
  NEIGHBOURS_MAX,
  NEIGHBOURS_PER_INTERFACE,
} from '../../src/control/neighbours.js';
import {
  ADJ_INCOMPLETE,
  ADJ_MTU,
  ADJ_NEIGHBOUR,
  ADJ_NEXT_HOP6,
  ADJ_NO_ROUTE,
} from '../../src/tables/adjacencies.js';
import { HEARD_ADVERTISEMENT, HEARD_OVERRIDE, HEARD_SOLICITED } from '../../src/tables/neighbour-records.js';
import { MAC_A, MAC_B, MTU, NeighbourBench } from './support/neighbour-bench.js';

const ROW = 3;
const ASKS = 0;
const ANSWERS = HEARD_ADVERTISEMENT | HEARD_SOLICITED | HEARD_OVERRIDE;
const ANNOUNCES = HEARD_ADVERTISEMENT | HEARD_OVERRIDE;

/** The address `i` behind the family's first. */
const families: [string, (i: number) => Address, number][] = [
  ['IPv4', (i) => 0x0a010014 + i, 0x0800],
  ['IPv6', (i) => [0x20010db8, 1, 0, 0x14 + i], 0x86dd],
];

for (const [family, nth, etherType] of families) {
  describe(`neighbours by ${family}`, () => {
    const HOST = nth(0);
    const ROUTE = `${ROW} ${addressKey(HOST)}`;
    let bench: NeighbourBench;

    beforeEach(() => {
      bench = new NeighbourBench();
    });

    function only(): Neighbour {
      const entries = bench.neighbours.list();
      assert.equal(entries.length, 1);
      return entries[0]!;
    }

    function says(flags: number, mac: Uint8Array, now: number, address = HOST, row = ROW): void {
      bench.neighbours.heard(row, address, { flags, mac }, now);
    }

    function reachable(now = 0): Neighbour {
      bench.neighbours.resolve(ROW, HOST, now);
      says(ANSWERS, MAC_A, now);
      bench.asked();
      return only();
    }

    it('asks everyone at the first packet, and parks until the answer', () => {
      bench.neighbours.resolve(ROW, HOST, 1000);
      assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
      const { adjacency, state } = only();
      assert.equal(state, 'incomplete');
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_INCOMPLETE);
      if (isIp4(HOST)) assert.equal(bench.adjacencies.nextHop(adjacency), HOST);
      else {
        const at = adjacency * 16 + ADJ_NEXT_HOP6;
        assert.deepEqual([...bench.adjacencies.words.subarray(at, at + 4)], [...HOST]);
      }
      assert.equal(bench.routes.size, 0);

      bench.neighbours.resolve(ROW, HOST, 1100);
      assert.deepEqual(bench.asked(), [], 'a second packet asks nothing');

      says(ANSWERS, MAC_A, 1200);
      assert.equal(only().state, 'reachable');
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR);
      assert.deepEqual(bench.destination(adjacency), [...MAC_A]);
      assert.equal(bench.etherType(adjacency), etherType);
      assert.equal(bench.routes.get(ROUTE), adjacency);
      assert.equal(bench.changes, 1);
    });

    it('asks three times a second apart, fails, is left alone for five seconds and forgotten', () => {
      bench.neighbours.resolve(ROW, HOST, 0);
      for (const now of [1000, 2000]) {
        bench.neighbours.tick(now - 1);
        assert.equal(bench.requests.length, now / 1000);
        bench.neighbours.tick(now);
        assert.equal(bench.requests.length, now / 1000 + 1);
      }
      bench.neighbours.tick(3000);
      assert.equal(only().state, 'failed');
      assert.equal(bench.asked().length, 3);

      bench.neighbours.resolve(ROW, HOST, 7999);
      assert.deepEqual(bench.asked(), [], 'not asked again while it is left alone');

      const { adjacency } = only();
      bench.neighbours.tick(8000);
      assert.deepEqual(bench.neighbours.list(), []);
      assert.equal(bench.adjacencies.used, 1, 'a worker may hold the adjacency still');
      bench.quiesce();
      assert.equal(bench.adjacencies.used, 0);
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_NO_ROUTE);
    });

    it('asks as often as a router of the link wants, within bounds', () => {
      bench.neighbours.setTimers(ROW, 0, 2500);
      bench.neighbours.resolve(ROW, HOST, 0);
      bench.neighbours.tick(2499);
      assert.equal(bench.requests.length, 1);
      bench.neighbours.tick(2500);
      assert.equal(bench.requests.length, 2);
      bench.neighbours.setTimers(ROW, 0, 1);
      assert.equal(bench.neighbours.retransmitMs(ROW), 100);
      bench.neighbours.setTimers(ROW, 0, 4_294_967_295);
      assert.equal(bench.neighbours.retransmitMs(ROW), 60_000);
      bench.neighbours.setTimers(ROW, 0, 0);
      assert.equal(bench.neighbours.retransmitMs(ROW), 60_000, '0 says nothing');
      assert.equal(bench.neighbours.retransmitMs(ROW + 1), 1000, 'another link has its own');
    });

    it('keeps a failed next hop of a route, and asks it again for a packet after the hold-down', () => {
      const adjacency = bench.neighbours.reference(ROW, HOST, 0);
      for (let now = 0; now <= 20_000; now += 250) bench.neighbours.tick(now);
      assert.equal(only().state, 'failed');
      assert.equal(bench.asked().length, 3);

      bench.neighbours.resolve(ROW, HOST, 20_000);
      assert.equal(only().state, 'incomplete');
      assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
      says(ANSWERS, MAC_A, 20_001);
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR, 'the route needs no change');
      assert.deepEqual(bench.told.splice(0), [`${ROUTE} usable`]);

      // Its way is used all the time, and nobody answers any more.
      for (let now = 20_001; now <= 80_000; now += 250) {
        bench.use(adjacency);
        bench.neighbours.tick(now);
      }
      assert.deepEqual(bench.told, [`${ROUTE} lost`]);

      bench.neighbours.release(ROW, HOST);
      for (let now = 80_000; now <= 90_000; now += 250) bench.neighbours.tick(now);
      assert.deepEqual(bench.neighbours.list(), [], 'without the route it is forgotten');
    });

    it('counts references: two routes share a next hop', () => {
      assert.equal(bench.neighbours.reference(ROW, HOST, 0), bench.neighbours.reference(ROW, HOST, 0));
      assert.equal(only().references, 2);
      for (let i = 0; i < 3; i++) bench.neighbours.release(ROW, HOST);
      assert.equal(only().references, 0);
      bench.neighbours.release(ROW, nth(1));
    });

    it('is stale after thirty seconds, and not asked while nobody uses it', () => {
      const { adjacency } = reachable();
      bench.use(adjacency);
      bench.neighbours.tick(29_999);
      assert.equal(only().state, 'reachable');
      bench.neighbours.tick(30_000);
      assert.equal(only().state, 'stale');
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR, 'it sends on');
      for (let now = 30_000; now < 630_000; now += 250) bench.neighbours.tick(now);
      assert.deepEqual(bench.asked(), []);
      assert.equal(only().state, 'stale');
      bench.neighbours.tick(630_000);
      assert.deepEqual(bench.neighbours.list(), [], 'ten minutes unused: forgotten');
      assert.equal(bench.routes.size, 0);
    });

    it('once used when stale, is asked alone after five seconds, sending meanwhile; an answer refreshes it', () => {
      const { adjacency } = reachable();
      bench.neighbours.tick(30_000);
      bench.use(adjacency);
      bench.neighbours.tick(30_250);
      assert.equal(only().state, 'delay');
      bench.neighbours.tick(35_249);
      assert.deepEqual(bench.asked(), []);
      bench.neighbours.tick(35_250);
      assert.equal(only().state, 'probe');
      assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: MAC_A }]);
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR);
      assert.ok(bench.routes.has(ROUTE));

      says(ANSWERS, MAC_A, 35_300);
      assert.equal(only().state, 'reachable');
      assert.equal(bench.changes, 1, 'workers have nothing new to look for');
      bench.neighbours.tick(65_299);
      assert.equal(only().state, 'reachable');
    });

    it('believes an answer for a random time between half and one and a half of what the link says', () => {
      for (const [random, ms] of [
        [0, 15_000],
        [0.999999, 45_000],
      ] as const) {
        bench = new NeighbourBench();
        bench.random = random;
        reachable();
        bench.neighbours.tick(ms - 1);
        assert.equal(only().state, 'reachable');
        bench.neighbours.tick(ms);
        assert.equal(only().state, 'stale');
      }
      bench = new NeighbourBench();
      bench.neighbours.setTimers(ROW, 60_000, 0);
      reachable();
      bench.neighbours.tick(59_999);
      assert.equal(only().state, 'reachable');
      bench.neighbours.tick(60_000);
      assert.equal(only().state, 'stale');
    });

    it('takes the route back when three probes stay without an answer, and asks everyone at the next packet', () => {
      const { adjacency } = reachable();
      bench.neighbours.tick(30_000);
      bench.use(adjacency);
      for (const now of [30_000, 35_000, 36_000, 37_000]) bench.neighbours.tick(now);
      assert.equal(bench.asked().length, 3);
      assert.ok(bench.routes.has(ROUTE));
      bench.neighbours.tick(38_000);
      assert.equal(only().state, 'failed');
      assert.equal(only().mac, null);
      assert.equal(bench.routes.size, 0);
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_INCOMPLETE);
      bench.neighbours.resolve(ROW, HOST, 38_001);
      assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
    });

    it('rewrites a moved address only when no worker reads its adjacency', () => {
      const { adjacency } = reachable();
      says(ANNOUNCES, MAC_B, 10);
      assert.equal(only().state, 'stale', 'it said so itself: nobody asked');
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_INCOMPLETE, 'packets park meanwhile');
      assert.deepEqual(bench.destination(adjacency), [...MAC_A], 'a worker may be reading this');
      assert.equal(bench.changes, 1);
      says(ANNOUNCES, Uint8Array.from(MAC_B), 11);
      bench.quiesce();
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR);
      assert.deepEqual(bench.destination(adjacency), [...MAC_B]);
      assert.equal(bench.changes, 2);
      assert.equal(bench.routes.get(ROUTE), adjacency);
    });

    it('ends at the last of several moves, and at none when it failed or went meanwhile', () => {
      const { adjacency } = reachable();
      says(ANNOUNCES, MAC_B, 10);
      says(ANNOUNCES, MAC_A, 11);
      bench.quiesce();
      assert.deepEqual(bench.destination(adjacency), [...MAC_A]);

      says(ANNOUNCES, MAC_B, 12);
      bench.neighbours.unlink(ROW, 13);
      assert.deepEqual(bench.neighbours.list(), []);
      bench.quiesce();
      assert.equal(bench.adjacencies.used, 0);
      assert.equal(bench.adjacencies.kind(adjacency), ADJ_NO_ROUTE);

      reachable(20);
      says(ANNOUNCES, MAC_B, 21);
      bench.neighbours.clear(ROW);
      bench.quiesce();
      assert.equal(bench.adjacencies.used, 0);
    });

    it('has to find a next hop again when the link was gone', () => {
      bench.neighbours.reference(ROW, HOST, 0);
      says(ANSWERS, MAC_A, 1);
      says(ASKS, MAC_B, 1, nth(1));
      bench.neighbours.unlink(ROW, 2);
      assert.equal(only().state, 'failed');
      assert.equal(bench.routes.size, 0);
      assert.deepEqual(bench.told, [`${ROUTE} usable`, `${ROUTE} lost`]);
      bench.asked();
      bench.neighbours.resolve(ROW, HOST, 2);
      assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
    });

    it('hears and resolves only what is on the link; who speaks first is not asked', () => {
      bench.onLink = (row, address) => row === ROW && addressKey(address) === addressKey(HOST);
      says(ASKS, MAC_A, 0, nth(1));
      says(ASKS, MAC_A, 0, HOST, ROW + 1);
      bench.neighbours.resolve(ROW, nth(1), 0);
      assert.deepEqual(bench.neighbours.list(), []);
      says(ANNOUNCES, MAC_A, 0);
      assert.deepEqual(bench.neighbours.list(), [], 'nobody asked for an announcement');
      says(ASKS, MAC_A, 0);
      assert.equal(only().state, 'stale');
      assert.equal(bench.adjacencies.kind(only().adjacency), ADJ_NEIGHBOUR);
      assert.deepEqual(bench.asked(), []);
    });

    it('forgets what is on no network of its interface any more', () => {
      reachable();
      says(ASKS, MAC_B, 0, nth(1));
      says(ASKS, MAC_B, 0, HOST, ROW + 1);
      bench.neighbours.reference(ROW, nth(2), 0);
      bench.onLink = (row, address) => row !== ROW || addressKey(address) === addressKey(nth(1));
      bench.neighbours.prune(ROW);
      assert.deepEqual(
        bench.neighbours.list().map(({ row, address }) => [row, address]),
        [
          [ROW, nth(1)],
          [ROW + 1, HOST],
          [ROW, nth(2)],
        ],
        'a next hop stays for as long as its route',
      );
      assert.equal(bench.routes.has(ROUTE), false);
      bench.quiesce();
      assert.equal(bench.adjacencies.used, 3);
    });

    it('gives its neighbours the MTU that an interface changes to', () => {
      const { adjacency } = reachable();
      says(ASKS, MAC_B, 0, HOST, ROW + 1);
      const other = bench.neighbours.list()[1]!.adjacency;
      bench.mtus.set(ROW, 1300);
      bench.neighbours.updateMtu(ROW);
      assert.equal(bench.adjacencies.words[adjacency * 16 + ADJ_MTU], 1300);
      assert.equal(bench.adjacencies.words[other * 16 + ADJ_MTU], MTU);
    });

    it('bounds what a scan makes, and still hears who speaks, resolves next hops, and serves other links', () => {
      for (let i = 0; i < 5000; i++) bench.neighbours.resolve(ROW, nth(i), 0);
      assert.equal(bench.neighbours.list().length, INCOMPLETE_PER_INTERFACE);
      assert.equal(bench.neighbours.refused, 5000 - INCOMPLETE_PER_INTERFACE);

      says(ASKS, MAC_A, 0, nth(9000));
      assert.equal(bench.neighbours.list().at(-1)?.state, 'stale');
      bench.neighbours.reference(ROW, nth(9001), 0);
      bench.neighbours.resolve(ROW + 1, nth(0), 0);
      assert.equal(bench.neighbours.list().at(-1)?.row, ROW + 1);
      assert.equal(bench.neighbours.refused, 5000 - INCOMPLETE_PER_INTERFACE);

      // Once they have failed, others may be asked.
      for (let now = 0; now <= 3000; now += 250) bench.neighbours.tick(now);
      bench.neighbours.resolve(ROW, nth(9002), 3000);
      assert.deepEqual(bench.neighbours.list().at(-1)?.address, nth(9002));
      for (let now = 3000; now <= 20_000; now += 250) bench.neighbours.tick(now);
      bench.quiesce();
      assert.equal(bench.neighbours.list().length, 2);
      assert.equal(bench.adjacencies.used, 2);
    });

    it('has a flood of speakers take the place of the idle, never of those in use', () => {
      reachable();
      const next = bench.neighbours.reference(ROW, nth(1), 0);
      says(ASKS, MAC_A, 0, nth(1));
      says(ASKS, MAC_A, 0, HOST, ROW + 1);
      for (let i = 0; i < 20_000; i++) says(ASKS, MAC_A, 1, nth(10 + i));
      assert.equal(bench.neighbours.list().filter(({ row }) => row === ROW).length, NEIGHBOURS_PER_INTERFACE);
      assert.equal(bench.neighbours.evicted, 20_000 + 2 - NEIGHBOURS_PER_INTERFACE);
      assert.equal(bench.neighbours.refused, 0);
      assert.equal(bench.neighbours.get(ROW, HOST)?.state, 'reachable');
      assert.equal(bench.neighbours.get(ROW, nth(1))?.adjacency, next);
      assert.equal(bench.neighbours.get(ROW + 1, HOST)?.state, 'stale');
      assert.ok(bench.neighbours.get(ROW, nth(20_009)), 'the newest is there');
      bench.quiesce();
      assert.equal(bench.adjacencies.used, NEIGHBOURS_PER_INTERFACE + 1);
    });

    it('bounds those of all links together', () => {
      for (let row = 1; row <= 3; row++) {
        for (let i = 0; i < NEIGHBOURS_PER_INTERFACE; i++) says(ASKS, MAC_A, row, nth(i), row);
      }
      assert.equal(bench.neighbours.list().length, NEIGHBOURS_MAX);
      bench.quiesce();
      assert.equal(bench.adjacencies.used, NEIGHBOURS_MAX);
    });

    it('refuses when all are in use', () => {
      for (let i = 0; i < NEIGHBOURS_PER_INTERFACE; i++) bench.neighbours.reference(ROW, nth(i), 0);
      says(ASKS, MAC_A, 0, nth(10_000));
      assert.equal(bench.neighbours.refused, 1);
      assert.throws(() => bench.neighbours.reference(ROW, nth(10_001), 0), /all 8192 neighbours/);
    });
  });
}

it('reads the MAC address of a record', () => {
  assert.deepEqual([...macOfWords(0x0102, 0x7b0504ff | 0)], [0x02, 0x01, 0xff, 0x04, 0x05, 0x7b]);
});

import assert from 'node:assert/strict';
import type { Neighbour } from '../../src/control/neighbours.js';
import { macOfWords } from '../../src/control/neighbours.js';
import { ADJ_INCOMPLETE, ADJ_MTU, ADJ_NEIGHBOUR, ADJ_NO_ROUTE } from '../../src/tables/adjacencies.js';
import { MAC_A, MAC_B, MTU, NeighbourBench } from './support/neighbour-bench.js';

const ROW = 3;
const HOST = 0x0a010014;
const ROUTE = `${ROW} ${HOST}`;

describe('neighbours', () => {
  let bench: NeighbourBench;

  beforeEach(() => {
    bench = new NeighbourBench();
  });

  function only(): Neighbour {
    const entries = bench.neighbours.list();
    assert.equal(entries.length, 1);
    return entries[0]!;
  }

  function reachable(now = 0): Neighbour {
    bench.neighbours.resolve(ROW, HOST, now);
    bench.neighbours.learn(ROW, HOST, MAC_A, now);
    bench.asked();
    return only();
  }

  it('asks everyone at the first packet, and parks until the answer', () => {
    bench.neighbours.resolve(ROW, HOST, 1000);
    assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
    assert.equal(only().state, 'incomplete');
    assert.equal(bench.adjacencies.kind(only().adjacency), ADJ_INCOMPLETE);
    assert.equal(bench.adjacencies.nextHop(only().adjacency), HOST);
    assert.equal(bench.routes.size, 0);

    bench.neighbours.resolve(ROW, HOST, 1100);
    assert.deepEqual(bench.asked(), [], 'a second packet asks nothing');

    bench.neighbours.learn(ROW, HOST, MAC_A, 1200);
    assert.equal(only().state, 'reachable');
    assert.equal(bench.adjacencies.kind(only().adjacency), ADJ_NEIGHBOUR);
    assert.deepEqual(bench.destination(only().adjacency), [...MAC_A]);
    assert.equal(bench.routes.get(ROUTE), only().adjacency);
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

  it('keeps a failed next hop of a route, and asks it again for a packet after the hold-down', () => {
    const adjacency = bench.neighbours.reference(ROW, HOST, 0);
    for (let now = 0; now <= 20_000; now += 250) bench.neighbours.tick(now);
    assert.equal(only().state, 'failed');
    assert.equal(bench.asked().length, 3);

    bench.neighbours.resolve(ROW, HOST, 20_000);
    assert.equal(only().state, 'incomplete');
    assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: null }]);
    bench.neighbours.learn(ROW, HOST, MAC_A, 20_001);
    assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR, 'the route needs no change');

    bench.neighbours.release(ROW, HOST);
    for (let now = 20_001; now <= 80_000; now += 250) bench.neighbours.tick(now);
    assert.deepEqual(bench.neighbours.list(), [], 'without the route it is forgotten');
  });

  it('counts references: two routes share a next hop', () => {
    assert.equal(bench.neighbours.reference(ROW, HOST, 0), bench.neighbours.reference(ROW, HOST, 0));
    assert.equal(only().references, 2);
    bench.neighbours.release(ROW, HOST);
    bench.neighbours.release(ROW, HOST);
    bench.neighbours.release(ROW, HOST);
    assert.equal(only().references, 0);
    bench.neighbours.release(ROW, HOST + 1);
  });

  it('probes by unicast after thirty seconds, sending meanwhile; an answer refreshes it', () => {
    reachable();
    bench.neighbours.tick(29_999);
    assert.equal(only().state, 'reachable');
    bench.neighbours.tick(30_000);
    assert.equal(only().state, 'probe');
    assert.deepEqual(bench.asked(), [{ row: ROW, address: HOST, mac: MAC_A }]);
    assert.equal(bench.adjacencies.kind(only().adjacency), ADJ_NEIGHBOUR);
    assert.ok(bench.routes.has(ROUTE));

    bench.neighbours.learn(ROW, HOST, MAC_A, 30_100);
    assert.equal(only().state, 'reachable');
    assert.equal(bench.changes, 1, 'workers have nothing new to look for');
    bench.neighbours.tick(60_099);
    assert.equal(only().state, 'reachable');
  });

  it('takes the route back when three probes stay without an answer', () => {
    const { adjacency } = reachable();
    for (const now of [30_000, 31_000, 32_000]) bench.neighbours.tick(now);
    assert.equal(bench.asked().length, 3);
    assert.ok(bench.routes.has(ROUTE));
    bench.neighbours.tick(33_000);
    assert.equal(only().state, 'failed');
    assert.equal(only().mac, null);
    assert.equal(bench.routes.size, 0);
    assert.equal(bench.adjacencies.kind(adjacency), ADJ_INCOMPLETE);
  });

  it('rewrites a moved address only when no worker reads its adjacency', () => {
    const { adjacency } = reachable();
    bench.neighbours.learn(ROW, HOST, MAC_B, 10);
    assert.equal(bench.adjacencies.kind(adjacency), ADJ_INCOMPLETE, 'packets park meanwhile');
    assert.deepEqual(bench.destination(adjacency), [...MAC_A], 'a worker may be reading this');
    assert.equal(bench.changes, 1);
    bench.quiesce();
    assert.equal(bench.adjacencies.kind(adjacency), ADJ_NEIGHBOUR);
    assert.deepEqual(bench.destination(adjacency), [...MAC_B]);
    assert.equal(bench.changes, 2);
    assert.equal(bench.routes.get(ROUTE), adjacency);
  });

  it('ends at the last of several moves, and at none when it failed or went meanwhile', () => {
    const { adjacency } = reachable();
    bench.neighbours.learn(ROW, HOST, MAC_B, 10);
    bench.neighbours.learn(ROW, HOST, MAC_A, 11);
    bench.quiesce();
    assert.deepEqual(bench.destination(adjacency), [...MAC_A]);

    bench.neighbours.learn(ROW, HOST, MAC_B, 12);
    for (let now = 30_000; now <= 34_000; now += 250) bench.neighbours.tick(now);
    assert.equal(only().state, 'failed');
    bench.quiesce();
    assert.equal(bench.adjacencies.kind(adjacency), ADJ_INCOMPLETE);

    bench.neighbours.learn(ROW, HOST, MAC_A, 34_000);
    bench.neighbours.learn(ROW, HOST, MAC_B, 34_001);
    bench.neighbours.clear(ROW);
    bench.quiesce();
    assert.equal(bench.adjacencies.used, 0);
    assert.equal(bench.adjacencies.kind(adjacency), ADJ_NO_ROUTE);
  });

  it('learns and resolves only what is on the link', () => {
    bench.onLink = (row, address) => row === ROW && address === HOST;
    bench.neighbours.learn(ROW, HOST + 1, MAC_A, 0);
    bench.neighbours.learn(ROW + 1, HOST, MAC_A, 0);
    bench.neighbours.resolve(ROW, HOST + 1, 0);
    assert.deepEqual(bench.neighbours.list(), []);
    bench.neighbours.learn(ROW, HOST, MAC_A, 0);
    assert.equal(only().state, 'reachable');
    assert.deepEqual(bench.asked(), [], 'who speaks first is not asked');
  });

  it('forgets what is on no network of its interface any more', () => {
    reachable();
    bench.neighbours.learn(ROW, HOST + 1, MAC_B, 0);
    bench.neighbours.learn(ROW + 1, HOST, MAC_B, 0);
    bench.neighbours.reference(ROW, HOST + 2, 0);
    bench.onLink = (row, address) => row !== ROW || address === HOST + 1;
    bench.neighbours.prune(ROW);
    assert.deepEqual(
      bench.neighbours.list().map(({ row, address }) => [row, address]),
      [
        [ROW, HOST + 1],
        [ROW + 1, HOST],
        [ROW, HOST + 2],
      ],
      'a next hop stays for as long as its route',
    );
    assert.equal(bench.routes.has(ROUTE), false);
    bench.quiesce();
    assert.equal(bench.adjacencies.used, 3);
  });

  it('gives its neighbours the MTU that an interface changes to', () => {
    const { adjacency } = reachable();
    bench.neighbours.learn(ROW + 1, HOST, MAC_B, 0);
    const other = bench.neighbours.list()[1]!.adjacency;
    bench.neighbours.setMtu(ROW, 1300);
    assert.equal(bench.adjacencies.words[adjacency * 16 + ADJ_MTU], 1300);
    assert.equal(bench.adjacencies.words[other * 16 + ADJ_MTU], MTU);
  });

  it('bounds what a scan makes, and still hears who speaks and resolves next hops', () => {
    for (let i = 0; i < 5000; i++) bench.neighbours.resolve(ROW, HOST + i, 0);
    assert.equal(bench.neighbours.list().length, 1024);
    assert.equal(bench.neighbours.refused, 5000 - 1024);

    bench.neighbours.learn(ROW, HOST + 9000, MAC_A, 0);
    assert.equal(bench.neighbours.list().at(-1)?.state, 'reachable');
    bench.neighbours.reference(ROW, HOST + 9001, 0);
    assert.equal(bench.neighbours.refused, 5000 - 1024);

    // Once they have failed, others may be asked.
    for (let now = 0; now <= 3000; now += 250) bench.neighbours.tick(now);
    bench.neighbours.resolve(ROW, HOST + 9002, 3000);
    assert.equal(bench.neighbours.list().at(-1)?.address, HOST + 9002);
    for (let now = 3000; now <= 20_000; now += 250) bench.neighbours.tick(now);
    bench.quiesce();
    assert.equal(bench.neighbours.list().length, 2);
    assert.equal(bench.adjacencies.used, 2);
  });

  it('bounds what a flood of announcements makes', () => {
    for (let i = 0; i < 20_000; i++) bench.neighbours.learn(ROW, HOST + i, MAC_A, 0);
    assert.equal(bench.neighbours.list().length, 16_384);
    assert.equal(bench.neighbours.refused, 20_000 - 16_384);
    assert.throws(() => bench.neighbours.reference(ROW, HOST + 30_000, 0), /16384 neighbours/);
    bench.neighbours.learn(ROW, HOST, MAC_B, 1);
    bench.quiesce();
    assert.deepEqual(bench.destination(bench.neighbours.list()[0]!.adjacency), [...MAC_B]);
  });

  it('reads the MAC address of a record', () => {
    assert.deepEqual([...macOfWords(0x0102, 0x7b0504ff | 0)], [0x02, 0x01, 0xff, 0x04, 0x05, 0x7b]);
  });
});

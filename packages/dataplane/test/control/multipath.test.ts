import assert from 'node:assert/strict';
import { parseIp4, type RouteSection } from '@sluice/shared';
import { ADJ_MTU, ADJ_MULTIPATH, ADJ_NEXT_HOP, ADJ_SHIFT } from '../../src/tables/adjacencies.js';
import { TableBench, via } from './support/table-bench.js';

const MAC = Uint8Array.of(2, 0, 0, 0, 9, 9);
const HEARD = { flags: 0, mac: MAC };

/** A route with several next hops: addresses, or names of tunnels, with weights. */
function several(prefix: string, ...hops: [to: string, weight: number][]): RouteSection {
  return {
    prefix,
    vrf: '0',
    next_hops: hops.map(([to, weight]) =>
      /^[\d.]+$/.test(to) ? { address: to, weight } : { interface: to, weight },
    ),
  };
}

describe('routes with several next hops', () => {
  let bench: TableBench;
  beforeEach(() => {
    bench = new TableBench();
  });

  /** The buckets of an address's route, each as the adjacency that it leads to. */
  const buckets = (address: string): number[] => {
    const row = bench.lookup(address) << ADJ_SHIFT;
    const { words } = bench.adjacencies;
    assert.equal(bench.adjacencies.kind(row >> ADJ_SHIFT), ADJ_MULTIPATH);
    const first = words[row + ADJ_NEXT_HOP]!;
    return [...bench.pathTable.words.subarray(first, first + words[row + ADJ_MTU]! + 1)];
  };
  /** How many buckets each path has, by its next hop or interface. */
  const shares = (address: string): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const adjacency of buckets(address)) {
      const hop = bench.adjacencies.nextHop(adjacency);
      const entry = bench.interfaces.ofRow(bench.adjacencies.interface(adjacency))!;
      const name =
        hop === 0 ? entry.name : `${hop >>> 24}.${(hop >> 16) & 255}.${(hop >> 8) & 255}.${hop & 255}`;
      found[name] = (found[name] ?? 0) + 1;
    }
    return found;
  };
  const answer = (row: number, address: string): void =>
    bench.neighbours.heard(row, parseIp4(address)!, HEARD, 0);
  const THREE: [string, number][] = [
    ['10.1.0.7', 1],
    ['10.1.0.8', 1],
    ['10.1.0.9', 2],
  ];

  it('share the flows by weight', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    assert.deepEqual(bench.route(several('10.6.0.0/16', ...THREE)), []);
    for (const [address] of THREE) answer(lan.row, address);
    assert.deepEqual(shares('10.6.0.1'), { '10.1.0.7': 16, '10.1.0.8': 16, '10.1.0.9': 32 });
  });

  it('leave out whoever does not answer, and take it back; other flows stay where they are', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    bench.route(several('10.6.0.0/16', ...THREE));
    assert.equal(Object.keys(shares('10.6.0.1')).length, 3, 'none answers yet: all are asked');
    answer(lan.row, '10.1.0.7');
    assert.deepEqual(Object.keys(shares('10.6.0.1')), ['10.1.0.7']);
    answer(lan.row, '10.1.0.8');
    answer(lan.row, '10.1.0.9');
    const before = buckets('10.6.0.1');
    bench.neighbours.unlink(lan.row, 0);
    answer(lan.row, '10.1.0.7');
    answer(lan.row, '10.1.0.9');
    bench.paths.tick(0);
    const after = buckets('10.6.0.1');
    assert.deepEqual(Object.keys(shares('10.6.0.1')).sort(), ['10.1.0.7', '10.1.0.9']);
    answer(lan.row, '10.1.0.8');
    assert.deepEqual(shares('10.6.0.1'), { '10.1.0.7': 16, '10.1.0.8': 16, '10.1.0.9': 32 });
    assert.equal(after.length, before.length);
  });

  it('ask for a neighbour whose packets go another way meanwhile', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    bench.route(several('10.6.0.0/16', ...THREE));
    answer(lan.row, '10.1.0.7');
    const state = (): string => bench.neighbours.get(lan.row, parseIp4('10.1.0.8')!)!.state;
    for (let now = 0; state() !== 'failed'; now += 250) {
      assert.ok(now < 60_000);
      bench.neighbours.tick(now);
    }
    bench.paths.tick(100_000);
    assert.equal(state(), 'incomplete');
    assert.deepEqual(Object.keys(shares('10.6.0.1')), ['10.1.0.7']);
  });

  it('follow interfaces that go down and up, and tunnels that get their SA', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const tunnel = bench.tunnel('tun', []);
    bench.route(several('10.6.0.0/16', ['10.1.0.7', 1], ['tun', 1]));
    answer(lan.row, '10.1.0.7');
    assert.deepEqual(Object.keys(shares('10.6.0.1')), ['10.1.0.7'], 'the tunnel has no SA');
    Atomics.store(bench.table.tunnelSa, tunnel.row, 5);
    bench.paths.tick(0);
    assert.deepEqual(shares('10.6.0.1'), { '10.1.0.7': 32, tun: 32 });
    bench.interfaces.update(lan, ['10.1.0.1/24'], 1500, false);
    bench.paths.tick(0);
    assert.deepEqual(shares('10.6.0.1'), { tun: 64 });
    bench.interfaces.update(tunnel, [], 1400, false);
    bench.paths.tick(0);
    assert.deepEqual(shares('10.6.0.1'), { '10.1.0.7': 32, tun: 32 }, 'nothing is up: as if all were');
    bench.interfaces.update(lan, ['10.1.0.1/24'], 1500, true);
    bench.paths.tick(0);
    assert.deepEqual(shares('10.6.0.1'), { '10.1.0.7': 64 });
  });

  it('keep flows on the paths that a changed route still has', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    bench.route(several('10.6.0.0/16', ['10.1.0.7', 1], ['10.1.0.8', 1]));
    for (const address of ['10.1.0.7', '10.1.0.8', '10.1.0.9']) answer(lan.row, address);
    bench.paths.tick(0);
    const before = buckets('10.6.0.1');
    bench.route(several('10.6.0.0/16', ['10.1.0.7', 1], ['10.1.0.8', 1], ['10.1.0.9', 2]));
    const after = buckets('10.6.0.1');
    const moved = after.filter((adjacency, i) => adjacency !== before[i]).length;
    assert.equal(moved, 32, 'the new path has taken its half, and nothing else moved');
  });

  it('share one set of buckets among routes, and give all back', () => {
    bench.port('lan', ['10.1.0.1/24']);
    const { used } = bench.adjacencies;
    bench.route(several('10.6.0.0/16', ...THREE), several('10.7.0.0/16', ...[...THREE].reverse()));
    assert.equal(bench.lookup('10.6.0.1'), bench.lookup('10.7.0.1'));
    assert.equal(bench.pathTable.used, 64);
    bench.route(several('10.7.0.0/16', ...THREE));
    bench.epoch.reclaim();
    assert.equal(bench.pathTable.used, 64);
    bench.route();
    bench.epoch.reclaim();
    assert.equal(bench.pathTable.used, 0);
    assert.equal(bench.adjacencies.used, used + 3, 'the neighbours stay until they are forgotten');
    assert.deepEqual(
      bench.neighbours.list().map((each) => each.references),
      [0, 0, 0],
    );
  });

  it('go on by the others when the interface of one goes away', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const tunnel = bench.tunnel('tun', []);
    const wanted = [several('10.6.0.0/16', ['10.1.0.7', 1], ['tun', 1]), via('10.7.0.0/16', '10.1.0.7')];
    bench.route(...wanted);
    bench.statics.forgetInterface(lan.row, 0);
    assert.equal(bench.lookup('10.6.0.1'), tunnel.adjacency);
    assert.equal(bench.lookup('10.7.0.1'), 0);
    bench.neighbours.clear(lan.row);
    bench.interfaces.remove(lan);
    assert.deepEqual(bench.route(...wanted), [
      'route 10.6.0.0/16 waits for an interface that reaches 10.1.0.7',
      'route 10.7.0.0/16 waits for an interface that reaches 10.1.0.7',
    ]);
    assert.equal(bench.lookup('10.6.0.1'), tunnel.adjacency);
    bench.port('lan', ['10.1.0.1/24']);
    assert.deepEqual(bench.route(...wanted), []);
    assert.equal(buckets('10.6.0.1').length, 64);
  });

  it('refuse more than fit, by a sentence, and keep what was', () => {
    bench.port('lan', ['10.1.0.1/16']);
    const hops = (from: number, count: number): [string, number][] =>
      Array.from({ length: count }, (_, i) => [`10.1.${from}.${i + 2}`, 1]);
    const inner = [1, 2, 3].map((i) => several(`10.${20 + i}.0.0/16`, ...hops(i, 30)));
    const outer = (count: number): RouteSection =>
      several(
        '10.6.0.0/16',
        ...Array.from({ length: count }, (_, i): [string, number] => [`10.${21 + i}.0.1`, 1]),
      );
    assert.deepEqual(bench.route(...inner, outer(2)), []);
    const before = bench.lookup('10.6.0.1');
    assert.deepEqual(bench.route(...inner, outer(3)), [
      'route 10.6.0.0/16: its next hops come to 90 paths: at most 64 share a route',
    ]);
    assert.equal(bench.lookup('10.6.0.1'), before);
  });
});

import assert from 'node:assert/strict';
import { type Ip6Words, parseIp4, parseIp6, type RouteSection } from '@sluice/shared';
import type { Interface } from '../../src/control/interface.js';
import {
  ADJ_INTERFACE,
  ADJ_LOOKUP,
  ADJ_PROHIBIT,
  ADJ_SHIFT,
  ADJ_UNREACHABLE,
} from '../../src/tables/adjacencies.js';
import { TableBench, through, via } from './support/table-bench.js';

describe('routes that lead through others', () => {
  let bench: TableBench;
  let lan: Interface;
  beforeEach(() => {
    bench = new TableBench();
    lan = bench.port('lan', ['10.1.0.1/24']);
  });

  /** The next hop that an address's packets go to. */
  const nextHop = (address: string): number => bench.adjacencies.nextHop(bench.lookup(address));

  it('end at a neighbour, in whatever order they come', () => {
    const wanted = [
      via('10.8.0.0/16', '10.7.0.1'),
      via('10.7.0.0/16', '10.6.0.1'),
      via('10.6.0.0/16', '10.1.0.254'),
    ];
    for (const order of [wanted, [...wanted].reverse()]) {
      assert.deepEqual(bench.route(...order), []);
      for (const host of ['10.6.0.9', '10.7.0.9', '10.8.0.9']) {
        assert.equal(nextHop(host), parseIp4('10.1.0.254'));
      }
      bench.route();
    }
  });

  it('are found anew when what they lead through changes', () => {
    const tunnel = bench.tunnel('tun', []);
    const behind = via('10.8.0.0/16', '10.7.0.1');
    bench.route(behind, via('10.7.0.0/16', '10.1.0.254'));
    bench.changes();
    assert.deepEqual(bench.route(behind, via('10.7.0.0/16', '10.1.0.253')), []);
    assert.equal(nextHop('10.8.0.1'), parseIp4('10.1.0.253'));
    bench.route(behind, through('10.7.0.0/16', 'tun'));
    assert.equal(bench.lookup('10.8.0.1'), tunnel.adjacency);
    bench.route(behind, through('10.7.0.0/16', 'tun'), via('10.7.0.1/32', '10.1.0.9'));
    assert.equal(nextHop('10.8.0.1'), parseIp4('10.1.0.9'), 'a longer prefix');
    assert.ok(
      bench.changes().every((change) => change.startsWith('+') || change === '-static/32'),
      'no prefix was ever without a route',
    );
    assert.deepEqual(bench.route(behind), ['route 10.8.0.0/16 waits for an interface that reaches 10.7.0.1']);
    assert.equal(bench.lookup('10.8.0.1'), 0);
  });

  it('share the flows as the route does that they lead through', () => {
    const balanced: RouteSection = {
      prefix: '10.7.0.0/16',
      vrf: '0',
      next_hops: [
        { address: '10.1.0.7', weight: 1 },
        { address: '10.1.0.8', weight: 3 },
      ],
    };
    bench.route(via('10.8.0.0/16', '10.7.0.1'), balanced);
    assert.equal(bench.lookup('10.8.0.1'), bench.lookup('10.7.0.1'));
    const both: RouteSection = {
      prefix: '10.9.0.0/16',
      vrf: '0',
      next_hops: [
        { address: '10.7.0.1', weight: 1 },
        { address: '10.1.0.9', weight: 1 },
      ],
    };
    assert.deepEqual(bench.route(both, balanced), []);
    const members = bench.paths.membersOf(bench.lookup('10.9.0.1'))!;
    assert.deepEqual(members.map(({ address, weight }) => [(address as number) & 255, weight]).sort(), [
      [7, 0.25],
      [8, 0.75],
      [9, 1],
    ]);
  });

  it('refuse as the route does that they lead through', () => {
    bench.route(via('10.8.0.0/16', '192.0.2.1'), { prefix: '192.0.2.1/32', vrf: '0', prohibit: true });
    assert.equal(bench.adjacencies.kind(bench.lookup('10.8.0.1')), ADJ_PROHIBIT);
  });

  it('never lead through the default route, nor in a circle, nor to the box itself', () => {
    assert.deepEqual(
      bench.route(
        via('0.0.0.0/0', '10.1.0.254'),
        via('10.8.0.0/16', '172.16.0.1'),
        via('10.20.0.0/16', '10.21.0.1'),
        via('10.21.0.0/16', '10.20.0.1'),
        via('10.22.0.0/16', '10.22.0.1'),
        via('10.23.0.0/16', '10.1.0.1'),
      ),
      [
        'route 10.8.0.0/16 waits for an interface that reaches 172.16.0.1',
        'route 10.20.0.0/16 waits for a next hop other than 10.20.0.1, which leads in a circle through 10.20.0.0/16',
        'route 10.21.0.0/16 waits for a next hop other than 10.21.0.1, which leads in a circle through 10.21.0.0/16',
        'route 10.22.0.0/16 waits for a next hop other than 10.22.0.1, which leads in a circle through 10.22.0.0/16',
        'route 10.23.0.0/16 waits for a next hop other than 10.1.0.1, which is an address of this device itself',
      ],
    );
    for (const network of [8, 20, 21, 22, 23]) {
      assert.equal(nextHop(`10.${network}.0.9`), parseIp4('10.1.0.254'), 'the default route');
    }
  });

  it('lead through eight others at most', () => {
    const chain = (length: number): RouteSection[] =>
      Array.from({ length }, (_, i) =>
        via(`10.${20 + i}.0.0/16`, i + 1 === length ? '10.1.0.254' : `10.${21 + i}.0.1`),
      );
    assert.deepEqual(bench.route(...chain(8)), []);
    assert.deepEqual(bench.route(...chain(10)), [
      'route 10.20.0.0/16 waits for a next hop that does not lead through more than 8 routes',
    ]);
  });

  it('of IPv6 do the same, and take a link-local next hop on its link', () => {
    const ip = (text: string): Ip6Words => parseIp6(text)!;
    bench.routes.set(0, ip('2001:db8::'), 64, 'connected', lan.adjacency);
    bench.routes.set(0, ip('2001:db8::1'), 128, 'local', 900);
    const wanted: RouteSection[] = [
      via('2001:db8:8::/48', '2001:db8:7::1'),
      via('2001:db8:7::/48', '2001:db8::fe'),
      { prefix: '::/0', vrf: '0', next_hops: [{ address: 'fe80::1', interface: 'lan', weight: 1 }] },
      { prefix: '2001:db8:9::/48', vrf: '0', unreachable: true },
    ];
    assert.deepEqual(bench.route(...wanted), []);
    assert.equal(bench.lookup('2001:db8:8::5'), bench.lookup('2001:db8:7::5'));
    assert.deepEqual(
      bench.neighbours
        .list()
        .map(({ address }) => address)
        .sort(),
      [ip('2001:db8::fe'), ip('fe80::1')].sort(),
    );
    assert.equal(bench.lookup('3000::1'), bench.neighbours.get(lan.row, ip('fe80::1'))?.adjacency);
    assert.equal(bench.adjacencies.kind(bench.lookup('2001:db8:9::1')), ADJ_UNREACHABLE);
    assert.deepEqual(bench.route(via('2001:db8:8::/48', '2001:db8::1')), [
      'route 2001:db8:8::/48 waits for a next hop other than 2001:db8::1, which is an address of this device itself',
    ]);
  });

  it('look up in another VRF', () => {
    const other = (vrf: string): RouteSection => ({ prefix: '10.8.0.0/16', vrf: '0', vrf_lookup: vrf });
    assert.deepEqual(bench.route(other('1')), []);
    const row = bench.lookup('10.8.0.1');
    assert.equal(bench.adjacencies.kind(row), ADJ_LOOKUP);
    assert.equal(bench.adjacencies.words[(row << ADJ_SHIFT) + ADJ_INTERFACE], 1);
    assert.deepEqual(bench.route(other('1'), via('10.9.0.0/16', '10.8.0.1')), [
      'route 10.9.0.0/16 waits for a way to 10.8.0.1 that ends at an interface',
    ]);
  });

  it('wait for a network of the interface that they name', () => {
    bench.port('wan', ['192.0.2.1/24']);
    const route: RouteSection = {
      prefix: '10.8.0.0/16',
      vrf: '0',
      next_hops: [{ address: '10.1.0.254', interface: 'wan', weight: 1 }],
    };
    assert.deepEqual(bench.route(route), [
      'route 10.8.0.0/16 waits for a network of wan that holds 10.1.0.254',
    ]);
  });
});

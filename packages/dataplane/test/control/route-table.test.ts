import assert from 'node:assert/strict';
import { type Ip6Words, parseIp6 } from '@sluice/shared';
import fc from 'fast-check';
import { ROUTE_SOURCES, type RouteSource, RouteTable } from '../../src/control/route-table.js';
import { ip4Model, makeFib, Oracle, type Prefix, prefix } from '../tables/fib-model.js';
import { makeFib6 } from '../tables/ip6-fib-model.js';

const VRF = 0;

function table(): {
  routes: RouteTable;
  lookup(address: number): number;
  lookup6(address: string): number;
} {
  const { fib, writer } = makeFib();
  const six = makeFib6();
  const routes = new RouteTable(writer, six.writer);
  routes.addVrf(VRF);
  return {
    routes,
    lookup: (host) => fib.lookup(VRF, host),
    lookup6: (host) => six.lookup(VRF, parseIp6(host)!),
  };
}

interface Offer extends Prefix {
  source: RouteSource;
  adjacency: number;
}

/** The preferred offers of each prefix, by looking at all. */
function inForce(offers: readonly Offer[]): Oracle<number> {
  const oracle = new Oracle(ip4Model.contains);
  for (const source of [...ROUTE_SOURCES].reverse()) {
    for (const offer of offers) if (offer.source === source) oracle.add(offer);
  }
  return oracle;
}

describe('route table', () => {
  it('has a local address before a broadcast, a network, a neighbour and a static route', () => {
    const { routes, lookup } = table();
    const offered = [...ROUTE_SOURCES].reverse();
    offered.forEach((source, i) => {
      routes.set(VRF, 0x0a000001, 32, source, i + 1);
      assert.equal(lookup(0x0a000001), i + 1, `${source} wins over ${offered.slice(0, i)}`);
    });
    for (let i = offered.length - 1; i > 0; i--) {
      routes.unset(VRF, 0x0a000001, 32, offered[i]!, i + 1);
      assert.equal(lookup(0x0a000001), i);
    }
  });

  it('keeps IPv6 beside IPv4: preferred offers, the longest of one source, and a list in order', () => {
    const { routes, lookup, lookup6 } = table();
    const ip = (text: string): Ip6Words => parseIp6(text)!;
    routes.set(VRF, ip('2001:db8::77'), 32, 'static', 1);
    routes.set(VRF, ip('2001:db8::'), 32, 'connected', 2);
    routes.set(VRF, ip('2001:db8:1::'), 48, 'static', 3);
    routes.set(VRF, ip('::'), 0, 'static', 4);
    routes.set(VRF, 0, 0, 'static', 5);
    assert.deepEqual(
      [lookup6('2001:db8::1'), lookup6('2001:db8:1::1'), lookup6('3000::'), lookup(9)],
      [2, 3, 4, 5],
    );
    assert.equal(routes.longest(VRF, ip('2001:db8:1::1'), 'connected')?.adjacency, 2);
    assert.equal(routes.longest(VRF, ip('2001:db9::1'), 'connected'), undefined);
    assert.deepEqual(
      routes.list(VRF).map(({ network, length }) => [typeof network, length]),
      [
        ['number', 0],
        ['object', 0],
        ['object', 32],
        ['object', 48],
      ],
    );
    routes.unset(VRF, ip('2001:db8::'), 32, 'connected', 2);
    assert.equal(lookup6('2001:db8::1'), 1);
    routes.unset(VRF, ip('2001:db8::'), 32, 'static', 1);
    assert.equal(lookup6('2001:db8::1'), 4);
    routes.removeVrf(VRF);
    assert.equal(lookup6('2001:db8:1::1'), 0);
  });

  it('ignores host bits', () => {
    const { routes, lookup } = table();
    routes.set(VRF, 0x0a0000ff, 24, 'connected', 7);
    assert.deepEqual(
      routes.list(VRF).map(({ network, length }) => [network, length]),
      [[0x0a000000, 24]],
    );
    routes.unset(VRF, 0x0a000001, 24, 'connected', 7);
    assert.equal(lookup(0x0a000001), 0);
    assert.deepEqual(routes.list(VRF), []);
  });

  it('keeps the offer of an interface that a network moved to, when the old one withdraws', () => {
    const { routes, lookup } = table();
    routes.set(VRF, 0x0a000000, 24, 'connected', 7);
    routes.set(VRF, 0x0a000000, 24, 'connected', 8);
    routes.unset(VRF, 0x0a000000, 24, 'connected', 7);
    assert.equal(lookup(0x0a000009), 8);
  });

  it('withdraws nothing of a VRF, prefix or source that it does not have', () => {
    const { routes, lookup } = table();
    routes.set(VRF, 0x0a000000, 24, 'static', 7);
    routes.unset(VRF + 1, 0x0a000000, 24, 'static', 7);
    routes.unset(VRF, 0x0a000000, 25, 'static', 7);
    routes.unset(VRF, 0x0a000000, 24, 'connected', 7);
    assert.equal(lookup(0x0a000009), 7);
    assert.throws(() => routes.set(9, 0, 0, 'static', 1), /no VRF 9/);
  });

  it('agrees with a slow table, in whatever order routes come and go', () => {
    const offer = fc.record({
      prefix,
      source: fc.constantFrom(...ROUTE_SOURCES),
      adjacency: fc.integer({ min: 1, max: 65_535 }),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 40 }), fc.array(ip4Model.address), (steps, hosts) => {
        const { routes, lookup } = table();
        let offers: Offer[] = [];
        for (const { prefix: network, source, adjacency, remove } of steps) {
          const same = (other: Offer): boolean =>
            other.address === network.address && other.length === network.length && other.source === source;
          const old = offers.find(same);
          offers = offers.filter((other) => !same(other));
          if (remove) routes.unset(VRF, network.address, network.length, source, old?.adjacency ?? 0);
          else {
            offers.push({ ...network, source, adjacency });
            routes.set(VRF, network.address, network.length, source, adjacency);
          }
        }
        const oracle = inForce(offers);
        for (const host of [...hosts, ...steps.flatMap((step) => ip4Model.edges(step.prefix))]) {
          assert.equal(lookup(host), oracle.lookup(host), `lookup of ${host}`);
        }
        assert.deepEqual(
          routes.list(VRF).map((route) => [route.network, route.length, route.adjacency]),
          oracle.routes
            .map((route) => [route.address, route.length, route.adjacency])
            .sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!),
        );
      }),
      { numRuns: 200 },
    );
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ROUTE_SOURCES, type RouteSource, RouteTable } from '../../src/control/route-table.js';
import { ip4Model, makeFib, Oracle, type Prefix, prefix } from '../tables/fib-model.js';

const VRF = 0;

function table(): { routes: RouteTable; lookup(address: number): number } {
  const { fib, writer } = makeFib();
  const routes = new RouteTable(writer);
  routes.addVrf(VRF);
  return { routes, lookup: (host) => fib.lookup(VRF, host) };
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

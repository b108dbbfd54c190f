// A flow keeps to one of several next hops, whichever way its packets go through the graph, and flows share them evenly.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Bench } from '../support/bench.js';
import { ip4, pattern, udp } from '../support/packets.js';
import { FAR, HOST, site } from '../support/site.js';

const HOPS = [1, 2, 3, 4].map((n) => ({
  interface: 'wan',
  address: `192.0.2.1${n}`,
  mac: `02:00:00:00:cc:0${n}`,
}));

function benchOfPaths(): Bench {
  const via = HOPS.map(({ address }) => address);
  return site({
    neighbours: HOPS,
    routes: [
      { prefix: `${FAR}/32`, via },
      { prefix: '198.18.0.0/16', via },
    ],
  });
}

/** The next hop that each packet was sent to, by its identification. */
function hopsOf(bench: Bench): Map<number, number> {
  return new Map(bench.sent('wan').map((frame) => [(frame[18]! << 8) | frame[19]!, frame[5]!]));
}

const flow = fc.record({
  protocol: fc.constantFrom(17, 6, 132, 1, 50),
  source: fc.nat(0xffff),
  destination: fc.nat(0xffff),
  octets: fc.integer({ min: 0, max: 30 }),
  host: fc.nat(255),
  deep: fc.boolean(),
  special: fc.constantFrom('none', 'none', 'options', 'first', 'later'),
});

describe('several next hops', () => {
  let plain: Bench;
  let traced: Bench;
  beforeEach(() => {
    plain = benchOfPaths();
    traced = benchOfPaths();
  });
  afterEach(() => {
    plain.close();
    traced.close();
  });

  it('take the same flows when every packet meets every node', () => {
    traced.forwarders[0]!.tracer.prepare({ count: 1 }, -1);
    fc.assert(
      fc.property(fc.array(flow, { minLength: 1, maxLength: 20 }), (flows) => {
        const packets = flows.map(({ protocol, source, destination, octets, host, deep, special }, id) =>
          ip4({
            src: HOST,
            dst: deep ? FAR : `198.18.3.${host}`,
            id,
            protocol,
            payload: udp(source, destination, pattern(22)).subarray(0, octets),
            ...(special === 'options' ? { options: Uint8Array.of(1, 1, 1, 1) } : {}),
            ...(special === 'first' ? { mf: true } : {}),
            ...(special === 'later' ? { fragmentOffset: 80 } : {}),
          }),
        );
        for (const bench of [plain, traced]) {
          bench.pushIp('lan', ...packets);
          bench.run();
        }
        const hops = hopsOf(plain);
        assert.equal(hops.size, packets.length);
        assert.deepEqual(hops, hopsOf(traced));
        plain.expect({});
        traced.expect({});
      }),
      { numRuns: 60 },
    );
  });

  it('share flows of one pair of hosts, which differ in a port, evenly', () => {
    const taken = new Map<number, number>();
    const flows = 4000;
    for (let from = 0; from < flows; from += 200) {
      const packets = Array.from({ length: 200 }, (_, i) =>
        ip4({
          src: HOST,
          dst: '198.18.3.3',
          id: i,
          protocol: 17,
          payload: udp(1024 + from + i, 53, pattern(8)),
        }),
      );
      plain.pushIp('lan', ...packets);
      plain.run();
      for (const hop of hopsOf(plain).values()) taken.set(hop, (taken.get(hop) ?? 0) + 1);
    }
    assert.equal(taken.size, HOPS.length);
    // Eight standard deviations of a binomial distribution around a quarter.
    for (const count of taken.values()) assert.ok(Math.abs(count - flows / 4) < 220, [...taken].join(' '));
  });
});

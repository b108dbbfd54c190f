import assert from 'node:assert/strict';
import { reportFlows } from '../../../src/control/flows/flow-reports.js';
import { FLOW_METER_BIT } from '../../../src/graph/idle-features.js';
import type { Bench } from '../../support/bench.js';
import { icmp, ip4, pattern, udp } from '../../support/packets.js';
import { ip6 } from '../../support/packets6.js';
import { FAR, FAR6, HOST, HOST6, LAN, site6 } from '../../support/site.js';

describe('what is shown of flows', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site6();
    const { interfaces } = bench.control;
    interfaces.features4[bench.row('lan')] = 1 << FLOW_METER_BIT;
    interfaces.features6[bench.row('lan')] = 1 << FLOW_METER_BIT;
  });
  afterEach(() => bench.close());

  const names = {
    interface: (row: number) => ['lan', 'wan'].find((name) => bench.row(name) === row) ?? null,
    vrf: (id: number) => (id === 0 ? 'default' : null),
  };
  const datagram = (port: number, octets: number): Uint8Array =>
    ip4({ src: HOST, dst: FAR, protocol: 17, payload: udp(port, 53, pattern(octets)) });
  const give = (...packets: Uint8Array[]): void => {
    bench.pushIp('lan', ...packets);
    bench.run();
    bench.sent('wan');
    bench.sent('lan');
  };

  it('is each flow as it was metered, with names', () => {
    give(ip4({ src: HOST, dst: LAN, protocol: 1, payload: icmp(8, 0, 0, pattern(8)), tos: 4 }));
    bench.pushIp6('lan', ip6({ src: HOST6, dst: FAR6, nextHeader: 17, payload: udp(4000, 53, pattern(4)) }));
    bench.run();
    bench.sent('wan');
    const common = {
      ...{ interface: 'lan', vrf: 'default', tcp_flags: 0, packets: 1 },
      ...{ first_ms: bench.now, last_ms: bench.now },
    };
    assert.deepEqual(reportFlows(bench.flows, [], 10, names), {
      flows: [
        {
          ...common,
          ...{ egress_interface: 'wan', src: HOST6, dst: FAR6, protocol: 17, tos: 0 },
          ...{ src_port: 4000, dst_port: 53, icmp: null, octets: 52 },
        },
        {
          ...common,
          ...{ egress_interface: null, src: HOST, dst: LAN, protocol: 1, tos: 4 },
          ...{ src_port: 0, dst_port: 0, icmp: 0x0800, octets: 36 },
        },
      ],
      total: 2,
      max_flows: 65_536,
      collectors: [],
    });
  });

  it('is the largest flows first, as many as are asked for', () => {
    // From the smallest to the largest and back, so that every cut has to keep some and give some up.
    const octets = Array.from({ length: 40 }, (_, i) => ((i * 17) % 40) * 4);
    give(...octets.map((size, i) => datagram(1000 + i, size)));
    const largest = (limit: number): number[] =>
      reportFlows(bench.flows, [], limit, names).flows.map((flow) => flow.octets);
    const all = octets.map((size) => size + 28).sort((a, b) => b - a);
    for (const limit of [0, 1, 3, 40, 100]) assert.deepEqual(largest(limit), all.slice(0, limit));
  });
});

// The suite of a node that meters flows: they differ in family only.
import assert from 'node:assert/strict';
import { FLOW_METER_BIT, VIRTUAL_REASSEMBLY_BIT } from '../../src/graph/idle-features.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { type MeteredFlow, meteredFlows } from '../support/flows.js';
import { concat, forwarded, icmp, ip4, pattern, udp } from '../support/packets.js';
import { extension, forwarded6, fragmentHeader, icmp6, ip6 } from '../support/packets6.js';
import { FAR, FAR6, HOST, HOST6, LAN, LAN6, site6 } from '../support/site.js';

interface Suite {
  name: string;
  family: 4 | 6;
}

function tcp(flags: number, octets = 20): Uint8Array {
  const segment = pattern(Math.max(20, octets));
  segment.set([0x9c, 0x40, 0x01, 0xbb], 0);
  segment.set([0x50, flags], 12);
  return segment.subarray(0, octets);
}

export function flowMeterSuite({ name, family }: Suite): void {
  const four = family === 4;
  const [host, far, own] = four ? [HOST, FAR, LAN] : [HOST6, FAR6, LAN6];
  const header = four ? 20 : 40;

  const wrap = (
    protocol: number,
    payload: Uint8Array,
    more: { tos?: number; dst?: string } = {},
  ): Uint8Array => {
    const { tos = 0, dst = far } = more;
    if (four) return ip4({ src: host, dst, protocol, payload, tos });
    const packet = ip6({ src: host, dst, nextHeader: protocol, payload });
    packet[0] = 0x60 | (tos >> 4);
    packet[1] = ((tos & 15) << 4) | (packet[1]! & 15);
    return packet;
  };
  const fragment = (payload: Uint8Array, offset: number, more: boolean): Uint8Array =>
    four
      ? ip4({ src: host, dst: far, protocol: 17, id: 7, fragmentOffset: offset, mf: more, payload })
      : ip6({
          src: host,
          dst: far,
          nextHeader: 44,
          payload: concat(fragmentHeader(17, offset, more), payload),
        });

  describeNode(name, () => {
    let bench: Bench;
    const make = (more: Parameters<typeof site6>[0] = {}, features = 1 << FLOW_METER_BIT): void => {
      bench = site6(more);
      left = [];
      const { interfaces } = bench.control;
      (four ? interfaces.features4 : interfaces.features6)[bench.row('lan')] = features;
    };
    afterEach(() => bench.close());

    const give = (...packets: Uint8Array[]): void => {
      if (four) bench.pushIp('lan', ...packets);
      else bench.pushIp6('lan', ...packets);
      bench.run();
      left.push(...(four ? bench.sentIp('wan') : bench.sentIp6('wan')));
      bench.punted();
    };
    /** What has left by wan. */
    let left: Uint8Array[] = [];
    const hop = (packet: Uint8Array): Uint8Array => (four ? forwarded(packet) : forwarded6(packet));
    const began = (flows: number): Record<string, number> => ({ [`${name}/flows`]: flows });
    const flow = (more: Partial<MeteredFlow>): MeteredFlow => ({
      interface: bench.row('lan'),
      vrf: 0,
      egress: bench.row('wan'),
      family,
      src: host,
      dst: far,
      protocol: 17,
      tos: 0,
      ports: [4000, 5000],
      tcpFlags: 0,
      packets: 1,
      octets: 0,
      first: bench.now,
      last: bench.now,
      ...more,
    });

    it('counts packets and octets of a flow, IP header included, and lets them pass as they are', () => {
      make();
      const [short, long] = [wrap(17, udp(4000, 5000, pattern(10))), wrap(17, udp(4000, 5000, pattern(700)))];
      give(short, long);
      const first = bench.now;
      bench.now += 1_500;
      give(short);
      assert.deepEqual(left, [short, long, short].map(hop));
      const octets = 2 * short.length + long.length;
      assert.deepEqual(meteredFlows(bench), [flow({ packets: 3, octets, first })]);
      bench.expect(began(1));
    });

    it('tells flows apart by address, ports, protocol and traffic class', () => {
      make();
      const packets = [
        wrap(17, udp(4000, 5000, pattern(4))),
        wrap(17, udp(4000, 5001, pattern(4))),
        wrap(17, udp(4001, 5000, pattern(4))),
        wrap(136, udp(4000, 5000, pattern(4))),
        wrap(17, udp(4000, 5000, pattern(4)), { tos: 0xb8 }),
        wrap(17, udp(4000, 5000, pattern(4)), { dst: own }),
      ];
      give(...packets, ...packets);
      const octets = 2 * (header + 12);
      assert.deepEqual(
        meteredFlows(bench),
        [
          flow({ packets: 2, octets }),
          flow({ packets: 2, octets, ports: [4000, 5001] }),
          flow({ packets: 2, octets, ports: [4001, 5000] }),
          flow({ packets: 2, octets, protocol: 136 }),
          flow({ packets: 2, octets, tos: 0xb8 }),
          // For the box: it leaves by no interface.
          flow({ packets: 2, octets, dst: own, egress: 0 }),
        ].sort(byText),
      );
      assert.equal(bench.moved()[`${name}/flows`], 6);
    });

    it('gathers the flags of all segments of a TCP connection', () => {
      make();
      give(wrap(6, tcp(0x02)), wrap(6, tcp(0x10)), wrap(6, tcp(0x18, 100)), wrap(6, tcp(0x11)));
      const octets = 4 * header + 160;
      assert.deepEqual(meteredFlows(bench), [
        flow({ protocol: 6, ports: [40_000, 443], tcpFlags: 0x1b, packets: 4, octets }),
      ]);
      bench.expect(began(1));
    });

    it('keeps type and code of ICMP where others have their source port', () => {
      make();
      const [protocol, ports] = four ? [1, [0x0305, 0]] : [58, [0x0104, 0]];
      const packet = four
        ? wrap(1, icmp(3, 5, 0, pattern(8)))
        : icmp6({ src: host, dst: far, type: 1, code: 4, body: pattern(12) });
      give(packet);
      assert.deepEqual(meteredFlows(bench), [
        flow({ protocol, ports: ports as [number, number], octets: packet.length }),
      ]);
      bench.expect(began(1));
    });

    it('reads nothing behind the end of a packet', () => {
      make();
      // Behind them the frame is full of 0xa5.
      give(wrap(17, pattern(3)), wrap(6, tcp(0x02, 13)), wrap(6, new Uint8Array()));
      assert.deepEqual(
        meteredFlows(bench),
        [
          flow({ ports: [0, 0], octets: header + 3 }),
          flow({ protocol: 6, ports: [40_000, 443], octets: header + 13 }),
          flow({ protocol: 6, ports: [0, 0], octets: header }),
        ].sort(byText),
      );
      bench.expect(began(3));
    });

    it('counts later fragments as a flow without ports', () => {
      make();
      const whole = udp(4000, 5000, pattern(40));
      const fragments = [fragment(whole.subarray(0, 24), 0, true), fragment(whole.subarray(24), 24, false)];
      give(...fragments);
      assert.deepEqual(
        meteredFlows(bench),
        [flow({ octets: fragments[0]!.length }), flow({ ports: [0, 0], octets: fragments[1]!.length })].sort(
          byText,
        ),
      );
      bench.expect(began(2));
    });

    it('has the ports of later fragments from virtual reassembly', () => {
      make({}, (1 << FLOW_METER_BIT) | (1 << VIRTUAL_REASSEMBLY_BIT));
      const whole = udp(4000, 5000, pattern(40));
      const fragments = [fragment(whole.subarray(0, 24), 0, true), fragment(whole.subarray(24), 24, false)];
      give(...fragments);
      const octets = fragments[0]!.length + fragments[1]!.length;
      assert.deepEqual(meteredFlows(bench), [flow({ packets: 2, octets })]);
      bench.moved();
    });

    if (!four) {
      it('finds the ports behind extension headers', () => {
        make();
        const packet = wrap(60, concat(extension(17, new Uint8Array(6)), udp(4000, 5000, pattern(9))));
        give(packet);
        assert.deepEqual(meteredFlows(bench), [flow({ octets: packet.length })]);
        bench.expect(began(1));
      });
    }

    it('lets pass what finds no room in the table, and counts it', () => {
      make({ flows: 4 });
      const packets = Array.from({ length: 6 }, (_, i) => wrap(17, udp(4000 + i, 5000, pattern(4))));
      give(...packets, ...packets);
      assert.deepEqual(left, [...packets, ...packets].map(hop));
      const octets = 2 * (header + 12);
      assert.deepEqual(
        meteredFlows(bench),
        [0, 1, 2, 3].map((i) => flow({ ports: [4000 + i, 5000], packets: 2, octets })),
      );
      bench.expect({ ...began(4), [`${name}/flows_not_metered`]: 4 });
    });

    it('meters one of so many packets where that is asked for', () => {
      make();
      bench.flows[0]!.interval = 4;
      const packet = wrap(17, udp(4000, 5000, pattern(4)));
      for (let i = 0; i < 4; i++) give(packet, packet, packet);
      assert.equal(left.length, 12);
      assert.deepEqual(meteredFlows(bench), [flow({ packets: 3, octets: 3 * packet.length })]);
      bench.expect(began(1));
    });

    it('has a flow begin anew when its row has been closed', () => {
      make();
      const packet = wrap(17, udp(4000, 5000, pattern(4)));
      give(packet);
      const [table] = bench.flows;
      const slot = Array.from({ length: table!.slots }, (_, i) => i).find((i) => table!.isOpen(i))!;
      table!.close(slot);
      give(packet, packet);
      assert.deepEqual(meteredFlows(bench), [flow({ packets: 2, octets: 2 * packet.length })]);
      assert.equal(table!.used, 2);
      table!.free(slot);
      assert.equal(table!.used, 1);
      bench.expect(began(2));
    });
  });
}

const byText = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

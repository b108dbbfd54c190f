// The suite of a node that clamps MSS: they differ in family and arc only.
import assert from 'node:assert/strict';
import { MSS_CLAMP_BIT } from '../../src/graph/idle-features.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { concat, forwarded, ip4, pattern, slowChecksum, viewOf } from '../support/packets.js';
import { extension, forwarded6, fragmentHeader, ip6 } from '../support/packets6.js';
import { FAR, FAR6, HOST, HOST6, site6 } from '../support/site.js';

interface Suite {
  name: string;
  family: 4 | 6;
  outbound: boolean;
}

/** A SYN with an MSS option, checksum over the pseudo header right. */
function syn(family: 4 | 6, mss: number, flags = 2): Uint8Array {
  const tcp = new Uint8Array(24);
  tcp.set([
    0x30,
    0x39,
    0,
    80,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0x60,
    flags,
    0xff,
    0xff,
    0,
    0,
    0,
    0,
    2,
    4,
    mss >> 8,
    mss & 255,
  ]);
  const whole = wrap(family, tcp);
  const addresses = family === 4 ? whole.subarray(12, 20) : whole.subarray(8, 40);
  viewOf(tcp).setUint16(16, slowChecksum(concat(addresses, Uint8Array.of(0, 6, 0, tcp.length), tcp)));
  return tcp;
}

const wrap = (family: 4 | 6, tcp: Uint8Array): Uint8Array =>
  family === 4
    ? ip4({ src: HOST, dst: FAR, protocol: 6, payload: tcp })
    : ip6({ src: HOST6, dst: FAR6, nextHeader: 6, payload: tcp });

export function mssClampSuite({ name, family, outbound }: Suite): void {
  describeNode(name, () => {
    let bench: Bench;
    beforeEach(() => {
      bench = site6();
      const row = bench.row(outbound ? 'wan' : 'lan');
      const mask = 1 << MSS_CLAMP_BIT;
      const { interfaces, adjacencies } = bench.control;
      interfaces.mss4[row] = 1360;
      interfaces.mss6[row] = 1340;
      if (outbound) adjacencies.setFeatures(row, mask, mask);
      else (family === 4 ? interfaces.features4 : interfaces.features6)[row] = mask;
    });
    afterEach(() => bench.close());

    const most = family === 4 ? 1360 : 1340;
    const through = (packet: Uint8Array): Uint8Array[] => {
      if (family === 4) bench.pushIp('lan', packet);
      else bench.pushIp6('lan', packet);
      bench.run();
      return family === 4 ? bench.sentIp('wan') : bench.sentIp6('wan');
    };
    const hop = family === 4 ? forwarded : forwarded6;

    for (const [what, flags] of [
      ['SYN', 2],
      ['SYN and ACK', 0x12],
      ['SYN with ECN bits', 0xc2],
    ] as const) {
      it(`lowers the MSS of a segment with ${what}, and the checksum is right`, () => {
        assert.deepEqual(through(wrap(family, syn(family, 1460, flags))), [
          hop(wrap(family, syn(family, most, flags))),
        ]);
        bench.expect({ [`${name}/clamped`]: 1 });
      });
    }

    const passing: [string, Uint8Array][] = [
      ['an MSS that fits', wrap(family, syn(family, most))],
      ['a segment without SYN', wrap(family, syn(family, 1460, 0x10))],
      [
        'another protocol',
        family === 4
          ? ip4({ src: HOST, dst: FAR, protocol: 17, payload: syn(4, 1460) })
          : ip6({ src: HOST6, dst: FAR6, nextHeader: 17, payload: syn(6, 1460) }),
      ],
      [
        'a later fragment',
        family === 4
          ? ip4({ src: HOST, dst: FAR, protocol: 6, fragmentOffset: 8, payload: syn(4, 1460) })
          : ip6({
              src: HOST6,
              dst: FAR6,
              nextHeader: 44,
              payload: concat(fragmentHeader(6, 8, false), syn(6, 1460)),
            }),
      ],
      ['a segment that is cut short', wrap(family, syn(family, 1460).subarray(0, 13))],
    ];
    for (const [what, packet] of passing) {
      it(`lets ${what} pass as it is`, () => {
        assert.deepEqual(through(packet), [hop(packet)]);
        bench.expect({});
      });
    }

    it('leaves what is larger alone while no limit is known', () => {
      const row = bench.row(outbound ? 'wan' : 'lan');
      bench.control.interfaces.mss4[row] = 0;
      bench.control.interfaces.mss6[row] = 0;
      const packet = wrap(family, syn(family, 1460));
      assert.deepEqual(through(packet), [hop(packet)]);
      bench.expect({});
    });

    if (family === 6) {
      it('finds TCP behind extension headers, and in a first fragment', () => {
        const options = pattern(6).fill(0);
        for (const head of [extension(6, options), fragmentHeader(6, 0, true)]) {
          const first = head.length === 8 && head[2] === 0 && head[3] === 1 ? 44 : 60;
          const packet = (mss: number): Uint8Array =>
            ip6({ src: HOST6, dst: FAR6, nextHeader: first, payload: concat(head, syn(6, mss)) });
          assert.deepEqual(through(packet(1460)), [hop(packet(1340))]);
          bench.expect({ [`${name}/clamped`]: 1 });
        }
      });
    }
  });
}

// DSCP, ECN and DF of the outer header, and what is padded inside.
import assert from 'node:assert/strict';
import type { SaSpec } from '@sluice/shared';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { espOpen } from '../../support/esp.js';
import { toRemote } from '../../support/esp-site.js';
import { forwarded, icmpError, pattern, viewOf } from '../../support/packets.js';
import { LAN, SPI_OUT, saOf, siteWithTunnel, tunnelTo } from '../../support/site.js';

export function outerHeader(): void {
  describe('between inner and outer header', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    const outerOf = (spec: Partial<SaSpec>, inner: Uint8Array): Uint8Array => {
      bench.close();
      bench = siteWithTunnel({}, { tunnels: [tunnelTo({}, { spec })] });
      bench.pushIp('lan', inner);
      bench.run();
      const [outer] = bench.sentIp('wan');
      assert.deepEqual(espOpen(saOf(SPI_OUT), outer!.subarray(20)).inner.slice(0, 60), forwarded(inner));
      bench.expect({});
      return outer!;
    };
    const classes: [Partial<SaSpec>, number, number][] = [
      [{}, 0xb9, 0xb9],
      [{ dscp: 'keep' }, 0xb9, 0x01],
      [{ ecn: false }, 0xb9, 0xb8],
      [{ dscp: 'keep', ecn: false }, 0xff, 0],
    ];
    for (const [spec, inside, outside] of classes) {
      it(`${JSON.stringify(spec)}: DSCP and ECN of ${inside.toString(16)} become ${outside.toString(16)}`, () => {
        assert.equal(outerOf(spec, toRemote({ tos: inside }))[1], outside);
      });
    }

    for (const [df, inside, outside] of [
      ['clear', true, 0],
      ['set', false, 0x4000],
      ['copy', false, 0],
      ['copy', true, 0x4000],
    ] as const) {
      it(`DF: ${df}, and the inner packet has ${inside ? 'it' : 'none'}`, () => {
        assert.equal(viewOf(outerOf({ df }, toRemote({ df: inside }))).getUint16(6), outside);
      });
    }

    for (const [tfc, size] of [
      [59, 60],
      [60, 60],
      [61, 61],
      [1000, 1000],
      [0xffffffff, 1400],
    ] as const) {
      it(`pads to ${tfc} octets, as far as the tunnel's MTU (RFC 4303 section 2.7), with zeros`, () => {
        const outer = outerOf({ tfc_bytes: tfc }, toRemote());
        const { inner } = espOpen(saOf(SPI_OUT), outer.subarray(20));
        assert.equal(inner.length, size);
        assert.deepEqual(inner.slice(60), new Uint8Array(size - 60));
        assert.equal(bench.control.sa('tun out').counters[SA.SA_BYTES], 60, 'padding is not the packet');
      });
    }

    it("sets no DF on the outer packet unless told, and answers the inner one's by the tunnel's MTU", () => {
      bench.pushIp('lan', toRemote({ df: true }), toRemote({ df: true, payload: pattern(1381) }));
      bench.run();
      const [outer] = bench.sentIp('wan');
      assert.equal(viewOf(outer!).getUint16(6), 0);
      assert.deepEqual(bench.sentIp('lan'), [
        icmpError(LAN, toRemote({ df: true, payload: pattern(1381) }), 3, 4, 1400),
      ]);
      bench.expect({ 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1 });
    });
  });
}

// What becomes of ECN and DSCP of the inner and the outer header (RFC 6040, RFC 2983).
import assert from 'node:assert/strict';
import type { SaSpec } from '@sluice/shared';
import type { Bench } from '../../support/bench.js';
import { espSeal } from '../../support/esp.js';
import { forwarded, ip4 } from '../../support/packets.js';
import { HOST, PEER, REMOTE_HOST, SPI_IN, saOf, siteWithTunnel, tunnelTo, WAN } from '../../support/site.js';

export function ecnAndDscp(): void {
  describe('ECN and DSCP', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    // RFC 6040 section 4.2, figure 4: by the inner mark, what each outer one makes of it. null is a drop.
    const NOT_ECT = 0;
    const ECT_1 = 1;
    const ECT_0 = 2;
    const CE = 3;
    const marks: [number, Record<number, number | null>][] = [
      [NOT_ECT, { [NOT_ECT]: NOT_ECT, [ECT_0]: NOT_ECT, [ECT_1]: NOT_ECT, [CE]: null }],
      [ECT_0, { [NOT_ECT]: ECT_0, [ECT_0]: ECT_0, [ECT_1]: ECT_1, [CE]: CE }],
      [ECT_1, { [NOT_ECT]: ECT_1, [ECT_0]: ECT_1, [ECT_1]: ECT_1, [CE]: CE }],
      [CE, { [NOT_ECT]: CE, [ECT_0]: CE, [ECT_1]: CE, [CE]: CE }],
    ];
    for (const [inside, byOuter] of marks) {
      it(`carries a packet with the ECN mark ${inside}, and the path may have changed the outer one`, () => {
        let dropped = 0;
        let sequence = 0n;
        for (const [outside, result] of Object.entries(byOuter)) {
          const packet = (ecn: number): Uint8Array =>
            ip4({ src: REMOTE_HOST, dst: HOST, tos: 0xb8 | ecn, id: 0xfffe });
          const esp = espSeal(saOf(SPI_IN), { sequence: ++sequence, inner: packet(inside) });
          bench.pushIp('wan', ip4({ src: PEER, dst: WAN, protocol: 50, tos: Number(outside), payload: esp }));
          bench.run();
          assert.deepEqual(bench.sentIp('lan'), result === null ? [] : [forwarded(packet(result))]);
          if (result === null) dropped++;
        }
        bench.expect(dropped === 0 ? {} : { 'esp-decrypt/congested': dropped });
      });
    }

    describe('whose SA says otherwise', () => {
      const open = (spec: Partial<SaSpec>, tos: number, inside: number): Uint8Array[] => {
        bench.close();
        bench = siteWithTunnel({}, { tunnels: [tunnelTo({}, { spec })] });
        const inner = ip4({ src: REMOTE_HOST, dst: HOST, tos: inside });
        const esp = espSeal(saOf(SPI_IN), { sequence: 1n, inner });
        bench.pushIp('wan', ip4({ src: PEER, dst: WAN, protocol: 50, tos, payload: esp }));
        bench.run();
        return bench.sentIp('lan');
      };
      const cases: [Partial<SaSpec>, number, number, number][] = [
        [{ dscp: 'copy' }, 0xb8, 0x28, 0xb8],
        [{ dscp: 'copy' }, 0xb8 | 3, 0x28 | 2, 0xb8 | 3],
        [{ ecn: false }, 3, 0x28 | 2, 0x28 | 2],
        [{ ecn: false }, 3, 0x28, 0x28],
        [{ ecn: false, dscp: 'copy' }, 0x48 | 3, 0x28, 0x48],
      ];
      for (const [spec, outside, inside, result] of cases) {
        it(`${JSON.stringify(spec)}: ${outside} outside and ${inside} inside make ${result}`, () => {
          const expected = ip4({ src: REMOTE_HOST, dst: HOST, tos: result });
          assert.deepEqual(open(spec, outside, inside), [forwarded(expected)]);
          bench.expect({});
        });
      }
    });
  });
}

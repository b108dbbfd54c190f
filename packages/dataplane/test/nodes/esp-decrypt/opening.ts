// Packets that somebody else has sealed, opened by each engine; and every forged bit of them.
import assert from 'node:assert/strict';
import * as SA from '../../../src/tables/security-associations.js';
import { espSeal } from '../../support/esp.js';
import { ENGINES } from '../../support/esp-crypto-engines.js';
import { fromPeer, fromRemote } from '../../support/esp-site.js';
import { GCM_VARIANTS } from '../../support/gcm-variants.js';
import { forwarded, ip4, udp } from '../../support/packets.js';
import { PEER, siteWithTunnel, tunnelTo, WAN } from '../../support/site.js';

export function opening(): void {
  for (const engine of ENGINES) {
    describe(`opening by ${engine}`, () => {
      for (const [what, variant] of GCM_VARIANTS) {
        it(`${what}: what was sealed elsewhere comes out as it was`, () => {
          const bench = siteWithTunnel(variant, { engine });
          try {
            const sa = tunnelTo(variant).inbound;
            let sequence = 0;
            let bytes = 0;
            for (let size = 20; size <= 1400; size += size < 100 ? 1 : 37) {
              const esp = espSeal(sa, { sequence: BigInt(++sequence), inner: fromRemote(size) });
              bytes += size;
              const outer = variant.udp
                ? ip4({ src: PEER, dst: WAN, protocol: 17, payload: udp(4500, 4500, esp) })
                : fromPeer(esp);
              bench.pushIp('wan', outer);
              bench.run();
              assert.deepEqual(bench.sentIp('lan'), [forwarded(fromRemote(size))]);
            }
            const { counters, words } = bench.control.sa('tun in');
            assert.deepEqual([counters[SA.SA_PACKETS], counters[SA.SA_BYTES]], [sequence, bytes]);
            assert.deepEqual(
              [words[SA.SA_SEQ_HIGH], words[SA.SA_SEQ_LOW], words[SA.SA_PROVED]],
              [0, sequence, 1],
            );
            const { rxPackets, rxBytes } = bench.interface('tun');
            assert.deepEqual([rxPackets, rxBytes], [sequence, bytes]);
            bench.expect({});
          } finally {
            bench.close();
          }
        });

        it(`${what}: refuses it when any one bit is another`, () => {
          const bench = siteWithTunnel(variant, { engine });
          try {
            const sa = tunnelTo(variant).inbound;
            const esp = espSeal(sa, { sequence: 5n, inner: fromRemote(40) });
            for (let bit = 4 * 8; bit < esp.length * 8; bit += 3) {
              const forged = esp.slice();
              forged[bit >> 3]! ^= 1 << (bit & 7);
              bench.pushIp('wan', fromPeer(forged));
            }
            bench.run();
            assert.deepEqual(bench.sent('lan'), []);
            const flips = Math.ceil(((esp.length - 4) * 8) / 3);
            const { counters, words } = bench.control.sa('tun in');
            // A number that was never authenticated moves no window.
            assert.deepEqual([words[SA.SA_SEQ_LOW], words[SA.SA_SEQ_HIGH], words[SA.SA_PROVED]], [0, 0, 0]);
            assert.equal(counters[SA.SA_INTEGRITY_FAILED], flips);
            bench.expect({ 'esp-decrypt/integrity_failed': flips });
            bench.pushIp('wan', fromPeer(esp));
            bench.run();
            assert.deepEqual(bench.sentIp('lan'), [forwarded(fromRemote(40))]);
            bench.expect({});
          } finally {
            bench.close();
          }
        });
      }
    });
  }
}

// Every length of packet, sealed by each engine and opened again: every octet of the outer packet.
import assert from 'node:assert/strict';
import * as SA from '../../../src/tables/security-associations.js';
import { espOpen, type OpenedEsp } from '../../support/esp.js';
import { ENGINES } from '../../support/esp-crypto-engines.js';
import { toRemote } from '../../support/esp-site.js';
import { GCM_VARIANTS } from '../../support/gcm-variants.js';
import { concat, forwarded, hex, ip4, pattern } from '../../support/packets.js';
import { PEER, SPI_OUT, siteWithTunnel, tunnelTo, WAN } from '../../support/site.js';

export function sealing(): void {
  for (const engine of ENGINES) {
    describe(`sealing by ${engine}`, () => {
      for (const [what, variant] of GCM_VARIANTS) {
        it(`${what}: every length, every octet of the outer packet`, () => {
          const bench = siteWithTunnel(variant, { engine });
          try {
            const sa = tunnelTo(variant).outbound;
            let sequence = 0;
            for (let size = 20; size <= 1400; size += size < 100 ? 1 : 37) {
              const inner = toRemote({ payload: pattern(size - 20, size), tos: size & 0xff, id: size });
              bench.pushIp('lan', inner);
              bench.run();
              sequence++;
              const [outer] = bench.sentIp('wan');
              const esp = outer!.subarray(variant.udp ? 28 : 20);
              const opened = espOpen(sa, esp);
              const padding = (4 - ((size + 2) % 4)) % 4;
              assert.deepEqual(opened, {
                spi: SPI_OUT,
                sequence: BigInt(sequence),
                iv: BigInt(sequence),
                inner: forwarded(inner),
                padding: pattern(padding, 1),
                nextHeader: 4,
              } satisfies OpenedEsp);
              assert.equal(esp.length, 16 + size + padding + 2 + sa.icvBytes);
              const link = Uint8Array.of(0x11, 0x94, 0x11, 0x94, (8 + esp.length) >> 8, 8 + esp.length, 0, 0);
              const expected = ip4({
                src: WAN,
                dst: PEER,
                id: (SPI_OUT & 0xffff) + sequence - 1,
                tos: size & 0xff,
                protocol: variant.udp ? 17 : 50,
                payload: variant.udp ? concat(link, esp) : esp,
              });
              assert.equal(hex(outer!), hex(expected));
            }
            const { counters, words } = bench.control.sa('tun out');
            assert.equal(counters[SA.SA_PACKETS], sequence);
            assert.equal(words[SA.SA_SEQ_LOW], sequence);
            assert.deepEqual([counters[SA.SA_FIRST_USED], counters[SA.SA_LAST_USED]], [bench.now, bench.now]);
            assert.equal(counters[SA.SA_BYTES], bench.interface('tun').txBytes);
            assert.equal(bench.interface('tun').txPackets, sequence);
            bench.expect({});
          } finally {
            bench.close();
          }
        });
      }
    });
  }
}

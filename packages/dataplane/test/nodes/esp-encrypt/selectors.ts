// Traffic selectors of an outbound SA.
import assert from 'node:assert/strict';
import { FLAG_PORTS } from '../../../src/memory/packet-pool.js';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { toRemote } from '../../support/esp-site.js';
import { concat, pattern, udp } from '../../support/packets.js';
import { SPI_OUT, siteWithTunnel, tunnelTo } from '../../support/site.js';

export function selectors(): void {
  describe('with traffic selectors', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    const anyPort: [number, number] = [0, 65_535];
    const covers = {
      src: '10.1.0.0/24',
      dst: '10.2.0.0/24',
      protocol: 0,
      src_ports: anyPort,
      dst_ports: anyPort,
    };
    const restricted = (...selectors: (typeof covers)[]): Bench =>
      siteWithTunnel({}, { tunnels: [tunnelTo({}, { spec: { selectors } })] });
    const tcp = (from: number, to: number, more = {}): Uint8Array =>
      toRemote({
        protocol: 6,
        payload: concat(udp(from, to, new Uint8Array()).subarray(0, 4), pattern(16)),
        ...more,
      });
    const web = { ...covers, protocol: 6, dst_ports: [80, 443] as [number, number] };
    const opaque = { ...web, dst_ports: [65_535, 0] as [number, number] };
    const cases: [string, (typeof covers)[], Uint8Array, boolean][] = [
      ['that cover it', [covers], toRemote(), true],
      ['of which one covers it', [{ ...covers, dst: '10.9.0.0/16' }, covers], toRemote(), true],
      ['of another network', [{ ...covers, src: '10.9.0.0/16' }], toRemote(), false],
      ['of its ports', [web], tcp(50_000, 80), true],
      ['of other ports', [web], tcp(50_000, 79), false],
      ['of ports, for another protocol', [web], toRemote(), false],
      [
        'of ports, for a later fragment whose ports nobody knows',
        [web],
        tcp(80, 80, { fragmentOffset: 64 }),
        false,
      ],
      [
        'of any port, for a later fragment',
        [{ ...covers, protocol: 6 }],
        tcp(1, 1, { fragmentOffset: 64 }),
        true,
      ],
      ['of OPAQUE ports, for a later fragment', [opaque], tcp(80, 80, { fragmentOffset: 64 }), true],
      ['of OPAQUE ports, for what has ports', [opaque], tcp(80, 80), false],
    ];
    for (const [what, selectors, packet, passes] of cases) {
      it(`${what}: ${passes ? 'is sealed' : 'is dropped before it has a number, counted and told'}`, () => {
        bench.close();
        bench = restricted(...selectors);
        bench.pushIp('lan', packet);
        bench.run();
        assert.equal(bench.sent('wan').length, passes ? 1 : 0);
        const { words, counters } = bench.control.sa('tun out');
        assert.deepEqual([words[SA.SA_SEQ_LOW], counters[SA.SA_REFUSED]], passes ? [1, 0] : [0, 1]);
        const audits = bench.audits();
        assert.deepEqual(
          audits.map((event) => event.kind === 'refused' && [event.reason, event.spi, event.interface]),
          passes ? [] : [['outside_selector', SPI_OUT, 'tun']],
        );
        bench.expect(passes ? {} : { 'esp-encrypt/outside_selector': 1 });
      });
    }

    it('know the ports of a later fragment where virtual reassembly told them', () => {
      bench.close();
      bench = restricted(web);
      for (const port of [443, 444]) {
        const frame = bench.frameOf(tcp(80, 80, { fragmentOffset: 64 }), 272);
        bench.pool.l3[frame] = bench.pool.offset[frame]!;
        bench.pool.txInterface[frame] = bench.row('tun');
        bench.pool.flags[frame] = FLAG_PORTS;
        bench.pool.ports[frame] = (50_000 << 16) | port;
        bench.handOver('esp-encrypt', frame);
      }
      bench.run();
      assert.equal(bench.sent('wan').length, 1);
      bench.expect({ 'esp-encrypt/outside_selector': 1 });
    });
  });
}

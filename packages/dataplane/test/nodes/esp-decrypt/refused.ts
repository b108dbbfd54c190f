// What the audit log is told of packets that are refused.
import assert from 'node:assert/strict';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { type EspOptions, espSeal } from '../../support/esp.js';
import { fromPeer, fromRemote } from '../../support/esp-site.js';
import { ip4, pattern, udp } from '../../support/packets.js';
import { HOST, PEER, SPI_IN, saOf, siteWithTunnel, WAN } from '../../support/site.js';

export function refused(): void {
  describe('is refused', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    const bad = (options: Partial<EspOptions>): Uint8Array =>
      espSeal(saOf(SPI_IN), { sequence: 7n, inner: fromRemote(60), ...options });
    const flip = (esp: Uint8Array): Uint8Array => {
      esp[esp.length - 1]! ^= 1;
      return esp;
    };
    const cases: [string, () => Uint8Array, object][] = [
      ['integrity_failed', () => flip(bad({})), {}],
      ['bad_padding', () => bad({ padding: pattern(2, 0) }), {}],
      [
        'outside_selector',
        () =>
          bad({
            inner: ip4({ src: '203.0.113.9', dst: HOST, protocol: 17, payload: udp(53, 4000, pattern(4)) }),
          }),
        { inner: { src: '203.0.113.9', dst: HOST, protocol: 17, src_port: 53, dst_port: 4000 } },
      ],
    ];
    const net = { src: '10.2.0.0/16', dst: '0.0.0.0/0', protocol: 0 };
    const anyPort: [number, number] = [0, 65_535];
    for (const [reason, esp, more] of cases) {
      it(`for ${reason}: the audit log has it`, () => {
        const selectors = [{ ...net, src_ports: anyPort, dst_ports: anyPort }];
        bench.control.sa('tun in').words[SA.SA_SELECTORS] = bench.control.selectors.add(selectors);
        bench.pushIp('wan', fromPeer(esp()));
        bench.run();
        assert.deepEqual(bench.audits(), [
          {
            kind: 'refused',
            at_ms: bench.now,
            reason,
            spi: SPI_IN,
            sequence: 7,
            interface: 'tun',
            outer: { src: PEER, dst: WAN },
            flow_label: null,
            inner: null,
            ...more,
          },
        ]);
        bench.expect({ [`esp-decrypt/${reason}`]: 1 });
      });
    }

    it('for being a replay, before and after it was opened: the audit log has both', () => {
      bench.pushIp('wan', fromPeer(bad({})), fromPeer(bad({})));
      bench.run();
      bench.pushIp('wan', fromPeer(bad({})));
      bench.run();
      const reasons = bench
        .audits()
        .map((event) => event.kind === 'refused' && [event.reason, event.sequence]);
      assert.deepEqual(reasons, [
        ['replayed', 7],
        ['replayed', 7],
      ]);
      assert.equal(bench.sent('lan').length, 1);
      bench.expect({ 'esp-decrypt/replayed': 2 });
    });
  });
}

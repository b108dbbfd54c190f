// Solicitations that the box answers, and advertisements that it learns from (RFC 4861 section 7.2).
import assert from 'node:assert/strict';
import {
  HEARD_ADVERTISEMENT,
  HEARD_OVERRIDE,
  HEARD_ROUTER,
  HEARD_SOLICITED,
} from '../../../src/tables/neighbour-records.js';
import { RECORD_HEARD, RECORD_WORDS } from '../../../src/workers/shared-memory.js';
import type { Bench } from '../../support/bench.js';
import { ALL_NODES, linkOption, type NdOptions, nd, ndFrame, solicitedNode } from '../../support/nd.js';
import { ASKS, fromBox, fromHost, fromRouter, NA, NS, SAYS, told } from '../../support/nd-link.js';
import { concat, ip, pattern } from '../../support/packets.js';
import { extension } from '../../support/packets6.js';
import { HOST_MAC, HOST6, HOST6_LINK, LAN6, LAN6_LINK, site6 } from '../../support/site.js';

export function neighbours(): void {
  describe('neighbours', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = site6();
    });
    afterEach(() => bench.close());

    const answered: [string, NdOptions, boolean][] = [
      ['a solicitation to the group of the address', ASKS, true],
      ['one to the box alone', { ...ASKS, dst: LAN6 }, true],
      [
        'one without a link-layer address, to the station that sent it',
        { ...ASKS, options: new Uint8Array() },
        false,
      ],
      ['one from a link-local address', { ...ASKS, src: HOST6_LINK }, true],
      [
        'one for the link-local address',
        { ...ASKS, src: HOST6_LINK, dst: solicitedNode(LAN6_LINK), target: LAN6_LINK },
        true,
      ],
      [
        'one with options that nobody knows',
        { ...ASKS, options: concat(Uint8Array.of(14, 1), pattern(6), linkOption(1, HOST_MAC)) },
        true,
      ],
    ];
    for (const [what, o, learns] of answered) {
      it(`answers ${what}`, () => {
        bench.push('lan', concat(fromHost(bench, NS, o), new Uint8Array(7).fill(0x77)));
        bench.run();
        assert.deepEqual(bench.sent('lan'), [fromBox(bench, o.target!, o.src, 0xe0, HOST_MAC)]);
        assert.deepEqual(bench.records(), learns ? [told(bench, RECORD_HEARD, 0, o.src, HOST_MAC)] : []);
        bench.expect({ 'icmp6-nd-input/answered': 1 });
      });
    }

    it('answers behind options that ask for nothing', () => {
      const packet = nd(NS, { ...ASKS, extensions: extension(58, new Uint8Array()), first: 60 });
      bench.push('lan', ndFrame(packet, HOST_MAC));
      bench.run();
      assert.deepEqual(bench.sent('lan'), [fromBox(bench, LAN6, HOST6, 0xe0, HOST_MAC)]);
      bench.expect({ 'icmp6-nd-input/answered': 1 });
    });

    it('answers on when the control side takes no more, and counts what it cannot tell', () => {
      const room = (2 * 4096) / RECORD_WORDS;
      for (let i = 0; i < room; i++)
        bench.forwarders[0]!.services.heard(1, 0, ip('10.0.0.1') | 0, 0, 0, 0, 0, 0);
      bench.control.interfaces.acceptRa[bench.row('lan')] = 1;
      bench.push(
        'lan',
        fromHost(bench, NS, ASKS),
        fromHost(bench, NA, { ...SAYS, target: LAN6 }),
        fromRouter(),
      );
      bench.run();
      assert.equal(bench.sent('lan').length, 1);
      bench.expect({
        'icmp6-nd-input/answered': 1,
        'icmp6-nd-input/not_learnt': 2,
        'icmp6-nd-input/control_busy': 2,
      });
    });

    const flags: [string, number, number][] = [
      ['solicited, override', 0x60, HEARD_SOLICITED | HEARD_OVERRIDE],
      ['solicited', 0x40, HEARD_SOLICITED],
      ['override', 0x20, HEARD_OVERRIDE],
      ['router', 0x80, HEARD_ROUTER],
      ['none', 0, 0],
    ];
    for (const [what, octet, heard] of flags) {
      it(`hears an advertisement with flags: ${what}, and lets Linux hear it too`, () => {
        const bytes = fromHost(bench, NA, { ...SAYS, flags: octet });
        bench.push('lan', bytes);
        bench.run();
        assert.deepEqual(bench.records(), [
          told(bench, RECORD_HEARD, HEARD_ADVERTISEMENT | heard, HOST6, HOST_MAC),
        ]);
        assert.deepEqual(bench.punted(), [{ interface: bench.row('lan'), bytes }]);
        bench.expect({});
      });
    }

    it('hears one to all nodes, and one that names no link-layer address', () => {
      bench.push('lan', fromHost(bench, NA, { ...SAYS, dst: ALL_NODES, flags: 0x20 }));
      bench.push('lan', fromHost(bench, NA, { ...SAYS, options: new Uint8Array() }));
      bench.run();
      assert.deepEqual(bench.records(), [
        told(bench, RECORD_HEARD, HEARD_ADVERTISEMENT | HEARD_OVERRIDE, HOST6, HOST_MAC),
        told(bench, RECORD_HEARD, HEARD_ADVERTISEMENT | HEARD_OVERRIDE | HEARD_SOLICITED, HOST6, null),
      ]);
      assert.equal(bench.punted().length, 2);
      bench.expect({});
    });
  });
}

// Messages that are malformed, from afar, or not for the box.
import assert from 'node:assert/strict';
import type { Bench } from '../../support/bench.js';
import { ALL_NODES, linkOption, nd, ndFrame, solicitedNode } from '../../support/nd.js';
import {
  ASKS,
  fromHost,
  fromRouter,
  NA,
  NS,
  PROBES,
  RA_BODY,
  ROUTER_LINK,
  SAYS,
} from '../../support/nd-link.js';
import { concat, pattern } from '../../support/packets.js';
import { fragmentHeader, icmp6 } from '../../support/packets6.js';
import { HOST_MAC, HOST6, HOST6_LINK, LAN6, STRANGER6, site6, WAN6 } from '../../support/site.js';

export function refused(): void {
  describe('what is wrong or for another', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = site6();
    });
    afterEach(() => bench.close());

    const rs = (o: Partial<Parameters<typeof icmp6>[0]>): Uint8Array =>
      ndFrame(icmp6({ src: HOST6_LINK, dst: 'ff02::2', hopLimit: 255, type: 133, ...o }), HOST_MAC);
    const bad: [string, () => Uint8Array, string][] = [
      [
        'a solicitation that was forwarded',
        () => fromHost(bench, NS, { ...ASKS, hopLimit: 254 }),
        'bad_hop_limit',
      ],
      [
        'an advertisement that was forwarded',
        () => fromHost(bench, NA, { ...SAYS, hopLimit: 254 }),
        'bad_hop_limit',
      ],
      [
        'a router advertisement that was forwarded',
        () =>
          ndFrame(
            icmp6({ src: ROUTER_LINK, dst: ALL_NODES, hopLimit: 64, type: 134, body: RA_BODY }),
            HOST_MAC,
          ),
        'bad_hop_limit',
      ],
      ['a wrong checksum', () => fromHost(bench, NS, { ...ASKS, checksum: 0x1234 }), 'bad_checksum'],
      ['code 1', () => fromHost(bench, NS, { ...ASKS, code: 1 }), 'bad_code'],
      ['code 1 of an advertisement', () => fromHost(bench, NA, { ...SAYS, code: 1 }), 'bad_code'],
      ['code 1 of a router', () => fromRouter({ code: 1 }), 'bad_code'],
      [
        'a solicitation of 23 octets',
        () =>
          ndFrame(
            icmp6({ src: HOST6, dst: LAN6, hopLimit: 255, type: NS, body: pattern(15) }),
            HOST_MAC,
            bench.mac('lan'),
          ),
        'truncated',
      ],
      [
        'an advertisement of 23 octets',
        () =>
          ndFrame(
            icmp6({ src: HOST6, dst: LAN6, hopLimit: 255, type: NA, body: pattern(15) }),
            HOST_MAC,
            bench.mac('lan'),
          ),
        'truncated',
      ],
      [
        'a router advertisement of 15 octets',
        () =>
          ndFrame(
            icmp6({ src: ROUTER_LINK, dst: ALL_NODES, hopLimit: 255, type: 134, body: pattern(7) }),
            HOST_MAC,
          ),
        'truncated',
      ],
      [
        'a redirect of 39 octets',
        () =>
          ndFrame(
            icmp6({ src: ROUTER_LINK, dst: LAN6, hopLimit: 255, type: 137, body: pattern(31) }),
            HOST_MAC,
            bench.mac('lan'),
          ),
        'truncated',
      ],
      [
        'an option without length',
        () => fromHost(bench, NS, { ...ASKS, options: Uint8Array.of(1, 0, 2, 0, 0, 0, 0, 1) }),
        'bad_option',
      ],
      [
        'an unknown option without length',
        () => fromHost(bench, NA, { ...SAYS, options: Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0) }),
        'bad_option',
      ],
      [
        'an option longer than the message',
        () => fromHost(bench, NS, { ...ASKS, options: Uint8Array.of(1, 2, 2, 0, 0, 0, 0, 1) }),
        'bad_option',
      ],
      [
        'half an option header',
        () => fromHost(bench, NS, { ...ASKS, options: Uint8Array.of(1) }),
        'bad_option',
      ],
      [
        'an option without length, of a host that looks for routers',
        () => rs({ body: Uint8Array.of(1, 0, 2, 0, 0, 0, 0, 1) }),
        'bad_option',
      ],
      [
        'a group as link-layer address',
        () => fromHost(bench, NS, { ...ASKS, options: linkOption(1, '03:00:00:00:00:01') }),
        'bad_link_address',
      ],
      [
        'zeros as link-layer address',
        () => fromHost(bench, NA, { ...SAYS, options: linkOption(2, '00:00:00:00:00:00') }),
        'bad_link_address',
      ],
      [
        'a link-layer address of 14 octets',
        () => fromHost(bench, NS, { ...ASKS, options: concat(Uint8Array.of(1, 2), pattern(14, 2)) }),
        'bad_link_address',
      ],
      [
        'a multicast target of a solicitation',
        () => fromHost(bench, NS, { ...ASKS, target: ALL_NODES }),
        'bad_target',
      ],
      [
        'a multicast target of an advertisement',
        () => fromHost(bench, NA, { ...SAYS, target: ALL_NODES }),
        'bad_target',
      ],
      [
        'a probe that is not to the group of its target',
        () => fromHost(bench, NS, { ...PROBES, dst: ALL_NODES }),
        'bad_destination',
      ],
      [
        'an answer to everyone',
        () => fromHost(bench, NA, { ...SAYS, dst: ALL_NODES, flags: 0x40 }),
        'bad_destination',
      ],
      ['a router that is no neighbour', () => fromRouter({ src: HOST6 }), 'bad_source'],
      [
        'a redirect from no neighbour',
        () =>
          ndFrame(
            icmp6({ src: HOST6, dst: LAN6, hopLimit: 255, type: 137, body: pattern(32) }),
            HOST_MAC,
            bench.mac('lan'),
          ),
        'bad_source',
      ],
      [
        'a probe that names a link-layer address',
        () => fromHost(bench, NS, { ...PROBES, options: linkOption(1, HOST_MAC) }),
        'unspecified_with_link_address',
      ],
      [
        'nobody who looks for routers and names a link-layer address',
        () => rs({ src: '::', body: linkOption(1, HOST_MAC) }),
        'unspecified_with_link_address',
      ],
      [
        'a solicitation for another host',
        () => fromHost(bench, NS, { ...ASKS, dst: solicitedNode(STRANGER6), target: STRANGER6 }),
        'not_for_us',
      ],
      [
        "a solicitation on the LAN for the WAN's address",
        () => fromHost(bench, NS, { ...ASKS, dst: solicitedNode(WAN6), target: WAN6 }),
        'not_for_us',
      ],
      [
        'a solicitation for the network',
        () => fromHost(bench, NS, { ...ASKS, dst: ALL_NODES, target: '2001:db8:1::' }),
        'not_for_us',
      ],
      [
        'one in a fragment',
        () => fromHost(bench, NS, { ...ASKS, extensions: fragmentHeader(58, 0, false), first: 44 }),
        'fragmented',
      ],
    ];
    for (const [what, bytes, counter] of bad) {
      it(`drops ${what}`, () => {
        bench.push('lan', bytes());
        bench.run();
        assert.deepEqual(bench.sent('lan'), []);
        assert.deepEqual(bench.records(), []);
        assert.deepEqual(bench.punted(), []);
        bench.expect({ [`icmp6-nd-input/${counter}`]: 1 });
      });
    }

    it('takes none from a tunnel, which has no link', () => {
      bench.close();
      bench = site6();
      const packet = nd(NS, { ...ASKS, dst: LAN6 });
      bench.control.interfaces.kind[bench.row('lan')] = 2;
      bench.enter('ip6-input', 'lan', ndFrame(packet, HOST_MAC, bench.mac('lan')));
      bench.run();
      bench.expect({ 'icmp6-nd-input/no_ethernet': 1 });
    });
  });
}

import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import { concat, pattern, udp } from '../support/packets.js';
import { extension, fragmentHeader, type Ip6Options, icmp6, icmp6Error, ip6 } from '../support/packets6.js';
import { HOST6, HOST6_LINK, LAN6, LAN6_LINK, site6, WAN6, WAN6_LINK } from '../support/site.js';

describeNode('ip6-local', () => {
  let bench: Bench;
  before(() => {
    bench = site6();
  });
  after(() => bench.close());

  const local = (options: Partial<Ip6Options>): Uint8Array => ip6({ src: HOST6, dst: LAN6, ...options });
  /** Has the packet received; returns what Linux got and what the LAN did. */
  const push = (packet: Uint8Array, moved: Moved): { punted: unknown[]; sent: Uint8Array[] } => {
    bench.now += 60_000; // limits are full again
    bench.pushIp6('lan', packet);
    bench.run();
    const out = { punted: bench.punted(), sent: bench.sentIp6('lan') };
    bench.expect(moved);
    return out;
  };
  /** Option types: unknown, with each of the four actions of RFC 8200 section 4.2. */
  const option = (type: number): Uint8Array => Uint8Array.of(type, 2, 0xaa, 0xbb);
  const behind = (first: number, next: number, content: Uint8Array, rest = pattern(20)): Uint8Array =>
    local({ nextHeader: first, payload: concat(extension(next, content), rest) });
  const ports = udp(1000, 2000, pattern(12));

  const toLinux: [string, Uint8Array][] = [
    ['TCP', local({ nextHeader: 6, payload: pattern(20) })],
    ['UDP', local({ nextHeader: 17, payload: ports })],
    ['IKE', local({ nextHeader: 17, payload: udp(500, 500, pattern(28)) })],
    [
      'IKE behind NATs',
      local({ nextHeader: 17, payload: udp(4500, 4500, concat(new Uint8Array(4), pattern(28))) }),
    ],
    ['UDP that is too short', local({ nextHeader: 17, payload: pattern(7) })],
    ['OSPF', local({ nextHeader: 89, payload: pattern(20) })],
    ['a protocol that nobody knows: Linux refuses it', local({ nextHeader: 253, payload: pattern(4) })],
    ['echo replies', icmp6({ src: HOST6, dst: LAN6, type: 129 })],
    ['ICMPv6 that is too short', local({ nextHeader: 58, payload: Uint8Array.of(128, 0, 0) })],
    [
      'an echo request behind options',
      icmp6({ src: HOST6, dst: LAN6, type: 128, first: 60, extensions: extension(58, new Uint8Array(6)) }),
    ],
    ['hop-by-hop options that are known', behind(0, 17, Uint8Array.of(5, 2, 0, 0), ports)],
    ['an unknown option that may be skipped', behind(60, 17, option(0x1e), ports)],
    ['eight of those', behind(60, 17, concat(...new Array<Uint8Array>(8).fill(option(0x1e))), ports)],
    [
      'seven octets of padding',
      behind(60, 17, concat(Uint8Array.of(0, 0, 1, 3, 0, 0, 0), option(0x1e), Uint8Array.of(0, 0, 0)), ports),
    ],
    [
      'a routing header that is used up',
      local({ nextHeader: 43, payload: concat(Uint8Array.of(17, 0, 4, 0, 0, 0, 0, 0), ports) }),
    ],
    [
      'an authentication header',
      local({ nextHeader: 51, payload: concat(Uint8Array.of(17, 4), new Uint8Array(22), ports) }),
    ],
  ];
  for (const [what, packet] of toLinux) {
    it(`gives Linux ${what}`, () => {
      assert.deepEqual(push(packet, {}).punted, [
        { interface: bench.row('lan'), bytes: bench.toInterface('lan', packet, undefined, 0x86dd) },
      ]);
    });
  }

  const esp = concat(Uint8Array.of(0, 0, 0x77, 0x77, 0, 0, 0, 1), pattern(60));
  const toEsp: [string, Uint8Array][] = [
    ['ESP', local({ nextHeader: 50, payload: esp })],
    ['ESP in UDP', local({ nextHeader: 17, payload: udp(4500, 4500, esp) })],
    ['ESP behind options', behind(60, 50, option(0x1e), esp)],
    [
      'ESP in an atomic fragment (RFC 6946)',
      local({ nextHeader: 44, payload: concat(fragmentHeader(50, 0, false), esp) }),
    ],
  ];
  for (const [what, packet] of toEsp) {
    it(`opens ${what}: there is no SA for it`, () => {
      assert.deepEqual(push(packet, { 'esp-input/unknown_spi': 1 }), { punted: [], sent: [] });
    });
  }

  const dropped: [string, Uint8Array, string][] = [
    [
      'a NAT keepalive',
      local({ nextHeader: 17, payload: udp(4500, 4500, Uint8Array.of(0xff)) }),
      'nat_keepalive',
    ],
    ['nothing', local({ nextHeader: 59, payload: pattern(20) }), 'no_next_header'],
    ['nothing behind options', behind(60, 59, option(0x1e)), 'no_next_header'],
    ['an unknown option that asks for silence', behind(60, 17, option(0x5e)), 'option_discarded'],
    ['the same hop by hop', behind(0, 17, option(0x5e)), 'option_discarded'],
    [
      'an answer to a group where none is due',
      ip6({ src: HOST6, dst: 'ff02::1', nextHeader: 60, payload: extension(17, option(0xde)) }),
      'option_discarded',
    ],
    [
      'nine options',
      behind(60, 17, concat(...new Array<Uint8Array>(9).fill(option(0x1e)))),
      'too_many_options',
    ],
    [
      'eight octets of padding',
      behind(60, 17, Uint8Array.of(1, 6, 0, 0, 0, 0, 0, 0, 0x1e, 0)),
      'too_many_options',
    ],
    [
      'an option that is longer than its header',
      behind(60, 17, Uint8Array.of(0x1e, 5, 0, 0, 0, 0)),
      'bad_option',
    ],
    ['an option without a length', behind(60, 17, Uint8Array.of(0x1e, 3, 0, 0, 0, 0x1e)), 'bad_option'],
  ];
  for (const [what, packet, counter] of dropped) {
    it(`drops ${what}`, () => {
      assert.deepEqual(push(packet, { [`ip6-local/${counter}`]: 1 }), { punted: [], sent: [] });
    });
  }

  const answered: [string, Uint8Array, string, number, number][] = [
    ['an unknown option', behind(60, 17, option(0x9e)), 'unknown_option', 2, 42],
    ['one that is answered to single hosts only', behind(60, 17, option(0xde)), 'unknown_option', 2, 42],
    [
      'a hop-by-hop one, behind another',
      behind(0, 17, concat(option(0x1e), option(0x9f))),
      'unknown_option',
      2,
      46,
    ],
    [
      'one in the second header',
      behind(0, 60, new Uint8Array(6), extension(17, option(0x9e))),
      'unknown_option',
      2,
      50,
    ],
    [
      'a routing header with segments left',
      local({ nextHeader: 43, payload: Uint8Array.of(17, 0, 4, 1, 0, 0, 0, 0) }),
      'unknown_routing',
      0,
      42,
    ],
    [
      'hop-by-hop options that are not first',
      behind(60, 0, new Uint8Array(6), extension(17, new Uint8Array(6))),
      'misplaced_hop_by_hop',
      1,
      40,
    ],
  ];
  for (const [what, packet, counter, code, pointer] of answered) {
    it(`answers ${what} with parameter problem code ${code} at ${pointer}`, () => {
      const { sent } = push(packet, { [`ip6-local/${counter}`]: 1, 'ip6-icmp-error/sent': 1 });
      assert.deepEqual(sent, [icmp6Error(LAN6, packet, 4, code, pointer)]);
    });
  }

  it('answers from the address that the packet was sent to', () => {
    const content = extension(17, option(0x9e));
    const toLink = ip6({ src: HOST6, dst: LAN6_LINK, nextHeader: 60, payload: content });
    const fromLink = ip6({ src: HOST6_LINK, dst: LAN6, nextHeader: 60, payload: content });
    const toGroup = ip6({ src: HOST6, dst: 'ff02::1', nextHeader: 60, payload: content });
    const fromLinkToGroup = ip6({ src: HOST6_LINK, dst: 'ff02::1', nextHeader: 60, payload: content });
    bench.pushIp6('lan', toLink, fromLink, toGroup, fromLinkToGroup);
    bench.run();
    // What is for a link-local address takes a way of its own: the order among receivers is nobody's concern.
    const hex = (packets: Uint8Array[]): string[] =>
      packets.map((packet) => Buffer.from(packet).toString('hex')).sort();
    assert.deepEqual(
      hex(bench.sentIp6('lan')),
      hex([
        icmp6Error(LAN6_LINK, toLink, 4, 2, 42),
        icmp6Error(LAN6, fromLink, 4, 2, 42),
        icmp6Error(LAN6, toGroup, 4, 2, 42),
        icmp6Error(LAN6_LINK, fromLinkToGroup, 4, 2, 42),
      ]),
    );
    bench.expect({ 'ip6-local/unknown_option': 4, 'ip6-icmp-error/sent': 4 });
  });

  const fromOwn: [string, Uint8Array][] = [
    ['its address on the link', local({ src: LAN6, nextHeader: 6, payload: pattern(20) })],
    ['its address on another link', icmp6({ src: WAN6, dst: LAN6, type: 128 })],
    ["its tunnel's", local({ src: '2001:db8:cafe::1', nextHeader: 17, payload: ports })],
    ['its link-local address', local({ src: LAN6_LINK, dst: LAN6_LINK, nextHeader: 17, payload: ports })],
    ['itself, to a group', local({ src: LAN6_LINK, dst: 'ff02::5', nextHeader: 89, payload: pattern(20) })],
  ];
  for (const [what, packet] of fromOwn) {
    it(`drops what a link brings from ${what}`, () => {
      assert.deepEqual(push(packet, { 'ip6-local/own_source': 1 }), { punted: [], sent: [] });
    });
  }

  it("takes what is from another link's link-local address, and what the box sends itself by a tunnel", () => {
    const packet = local({ src: WAN6_LINK, nextHeader: 17, payload: ports });
    assert.equal(push(packet, {}).punted.length, 1);
    const own = local({ src: LAN6, nextHeader: 17, payload: ports });
    bench.enter('ip6-input', 'tun', bench.toInterface('lan', own, undefined, 0x86dd));
    bench.run();
    assert.equal(bench.punted()[0]?.interface, bench.row('tun'));
    bench.expect({});
  });
});

// IPv6 packets to the box: what the data plane answers itself, options that are for it, and what Linux gets.
import type { Case } from '../support/case.js';
import { lan, twinLan } from '../support/two-ports6.js';

const linked = 'Ether(dst=MAC_LAN, src=STATION_LAN)';
const SENT = 'ip6-icmp-error/sent';

const echo = (kind: string, size: number): string => `ICMPv6Echo${kind}(id=77, seq=5, data=payload(${size}))`;

export const icmp6Echo: readonly Case[] = [
  ...[0, 1, 56, 1452].map(
    (size): Case => ({
      name: `an echo request of ${size} octets is answered`,
      send: [lan(`IPv6(src=HOST, dst=LAN, hlim=9)/${echo('Request', size)}`)],
      expect: [lan(`IPv6(src=LAN, dst=HOST, hlim=64)/${echo('Reply', size)}`)],
      counters: { 'ip6-icmp-echo/replies': 1 },
    }),
  ),
  {
    name: 'the traffic class is reflected, the flow label is not',
    send: [lan(`IPv6(src=HOST, dst=LAN, tc=0xb8, fl=7)/${echo('Request', 8)}`)],
    expect: [lan(`IPv6(src=LAN, dst=HOST, tc=0xb8)/${echo('Reply', 8)}`, { free: ['IPv6.fl'] })],
    counters: { 'ip6-icmp-echo/replies': 1 },
  },
  {
    name: 'from a link-local address',
    send: [lan(`IPv6(src=LINK_LOCAL, dst=LAN)/${echo('Request', 8)}`)],
    expect: [lan(`IPv6(src=LAN, dst=LINK_LOCAL)/${echo('Reply', 8)}`)],
    counters: { 'ip6-icmp-echo/replies': 1 },
  },
  {
    name: 'a hop limit of 1 is enough to reach the box',
    send: [lan(`IPv6(src=HOST, dst=LAN, hlim=1)/${echo('Request', 8)}`)],
    expect: [lan(`IPv6(src=LAN, dst=HOST)/${echo('Reply', 8)}`)],
    counters: { 'ip6-icmp-echo/replies': 1 },
  },
  {
    name: 'a wrong checksum gets no answer',
    send: [lan('IPv6(src=HOST, dst=LAN)/ICMPv6EchoRequest(cksum=1)')],
    counters: { 'ip6-icmp-echo/bad_checksum': 1, 'lan.drops': 1 },
  },
];

/** An unknown destination option, by what its first two bits ask for (RFC 8200 section 4.2). */
const withOption = (type: number): string =>
  `IPv6(src=HOST, dst=LAN)/IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=${type}, optdata=b'ab')])/UDP(sport=5, dport=9)/payload(8)`;

export const ip6Options: readonly Case[] = [
  {
    name: 'an unknown option that may be skipped is skipped',
    send: [lan(withOption(0x1e))],
    expect: [twinLan(`${linked}/${withOption(0x1e)}`)],
  },
  {
    name: 'one that asks to be discarded is, in silence',
    send: [lan(withOption(0x5e))],
    counters: { 'ip6-local/option_discarded': 1, 'lan.drops': 1 },
  },
  ...[0x9e, 0xde].map(
    (type): Case => ({
      name: `one that asks for an answer (${type.toString(16)}) is answered with a parameter problem that points to it`,
      send: [lan(withOption(type))],
      expect: [lan(`icmp6_error(LAN, HOST, ${withOption(type)}, ICMPv6ParamProblem(code=2, ptr=42))`)],
      counters: { 'ip6-local/unknown_option': 1, [SENT]: 1, 'lan.drops': 1 },
    }),
  ),
  {
    name: 'a routing header with segments left is answered with a parameter problem',
    send: [lan('IPv6(src=HOST, dst=LAN)/IPv6ExtHdrRouting(type=9, addresses=[FAR], segleft=1)/UDP()')],
    expect: [
      lan(
        'icmp6_error(LAN, HOST, IPv6(src=HOST, dst=LAN)/IPv6ExtHdrRouting(type=9, addresses=[FAR], segleft=1)/UDP(), ICMPv6ParamProblem(code=0, ptr=42))',
      ),
    ],
    counters: { 'ip6-local/unknown_routing': 1, [SENT]: 1, 'lan.drops': 1 },
  },
  {
    name: 'nothing behind the header (next header 59) is dropped',
    send: [lan('IPv6(src=HOST, dst=LAN, nh=59)')],
    counters: { 'ip6-local/no_next_header': 1, 'lan.drops': 1 },
  },
  {
    name: 'UDP goes to Linux',
    send: [lan('IPv6(src=HOST, dst=LAN)/UDP(sport=5, dport=9)/payload(40)')],
    expect: [twinLan(`${linked}/IPv6(src=HOST, dst=LAN)/UDP(sport=5, dport=9)/payload(40)`)],
  },
];

// ICMPv6 errors (RFC 4443): who gets one, from where, quoting what; and who does not.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/two-ports6.js';

const SENT = 'ip6-icmp-error/sent';
const EXPIRED = 'ip6-rewrite/hop_limit_expired';
const NO_ROUTE = 'ip6-lookup/no_route';
const udp = 'UDP(sport=1, dport=2)/payload(32)';
const expired = 'IPv6(src=HOST, dst=FAR, hlim=1)';
const TIME_EXCEEDED = 'ICMPv6TimeExceeded()';

function answered(name: string, packet: string, error: string, counter: string): Case {
  return {
    name,
    send: [lan(packet)],
    expect: [lan(`icmp6_error(LAN, HOST, ${packet}, ${error})`)],
    counters: { [counter]: 1, [SENT]: 1, 'lan.drops': 1 },
  };
}

function silent(name: string, packet: string, counter: string, why: string): Case {
  return {
    name,
    send: [lan(packet)],
    counters: { [counter]: 1, [`ip6-icmp-error/${why}`]: 1, 'lan.drops': 1 },
  };
}

const answers: readonly Case[] = [
  answered('hop limit 1', `${expired}/${udp}`, TIME_EXCEEDED, EXPIRED),
  answered('hop limit 0', `IPv6(src=HOST, dst=FAR, hlim=0)/${udp}`, TIME_EXCEEDED, EXPIRED),
  answered('no route', `IPv6(src=HOST, dst=NOWHERE)/${udp}`, 'ICMPv6DestUnreach(code=0)', NO_ROUTE),
  answered('an echo request gets one', `${expired}/ICMPv6EchoRequest()`, TIME_EXCEEDED, EXPIRED),
  answered('an echo reply gets one', `${expired}/ICMPv6EchoReply()`, TIME_EXCEEDED, EXPIRED),
  answered(
    'a first fragment gets one',
    `${expired}/IPv6ExtHdrFragment(m=1, nh=17)/payload(64)`,
    TIME_EXCEEDED,
    EXPIRED,
  ),
  answered(
    'a later fragment gets one (RFC 4443 excludes none)',
    `${expired}/IPv6ExtHdrFragment(offset=8, nh=17)/payload(64)`,
    TIME_EXCEEDED,
    EXPIRED,
  ),
  answered(
    'extension headers are quoted',
    `${expired}/IPv6ExtHdrHopByHop(options=[RouterAlert()])/${udp}`,
    TIME_EXCEEDED,
    EXPIRED,
  ),
  answered(
    '1232 octets are quoted whole',
    'IPv6(src=HOST, dst=FAR, hlim=1, nh=253)/payload(1192)',
    TIME_EXCEEDED,
    EXPIRED,
  ),
  answered(
    'of 1233 octets 1232 are quoted',
    'IPv6(src=HOST, dst=FAR, hlim=1, nh=253)/payload(1193)',
    TIME_EXCEEDED,
    EXPIRED,
  ),
  answered('a header alone is quoted', 'IPv6(src=HOST, dst=FAR, hlim=1, nh=59)', TIME_EXCEEDED, EXPIRED),
  answered(
    'larger than the MTU: packet too big, with the MTU',
    'IPv6(src=HOST, dst=FAR, nh=253)/payload(1361)',
    'ICMPv6PacketTooBig(mtu=1400)',
    'ip6-rewrite/too_big',
  ),
  answered(
    'a fragment that is larger than the MTU: routers cut nothing',
    'IPv6(src=HOST, dst=FAR)/IPv6ExtHdrFragment(m=1, nh=17)/payload(1400)',
    'ICMPv6PacketTooBig(mtu=1400)',
    'ip6-rewrite/too_big',
  ),
  {
    name: 'the source is the address of the port that the packet came by, its quote as it came',
    send: [wan(`IPv6(src=FAR, dst=HOST, hlim=1)/${udp}`)],
    expect: [wan(`icmp6_error(WAN, FAR, IPv6(src=FAR, dst=HOST, hlim=1)/${udp}, ${TIME_EXCEEDED})`)],
    counters: { [EXPIRED]: 1, [SENT]: 1, 'wan.drops': 1 },
  },
  {
    name: 'from a link-local address to another link: beyond scope, from our link-local address',
    send: [lan(`IPv6(src=LINK_LOCAL, dst=FAR)/${udp}`)],
    expect: [
      lan(
        `icmp6_error('fe80::1', LINK_LOCAL, IPv6(src=LINK_LOCAL, dst=FAR)/${udp}, ICMPv6DestUnreach(code=2))`,
        {
          free: ['IPv6.src'],
        },
      ),
    ],
    counters: { 'ip6-lookup/beyond_scope': 1, [SENT]: 1, 'lan.drops': 1 },
  },
];

const quoted = 'IPv6(src=FAR, dst=HOST)/UDP()';

const silences: readonly Case[] = [
  ...['ICMPv6DestUnreach()', 'ICMPv6PacketTooBig()', 'ICMPv6TimeExceeded()', 'ICMPv6ParamProblem()'].map(
    (error) =>
      silent(`none about ${error.slice(6, -2)}`, `${expired}/${error}/${quoted}`, EXPIRED, 'about_error'),
  ),
  silent(
    'none about an unknown error',
    `${expired}/ICMPv6Unknown(type=100, msgbody=bytes(8))`,
    EXPIRED,
    'about_error',
  ),
  silent(
    'none about a redirect',
    `${expired}/ICMPv6ND_Redirect(tgt=ROUTER, dst=FAR)`,
    EXPIRED,
    'about_error',
  ),
  silent(
    'none about ICMPv6 without a type',
    'IPv6(src=HOST, dst=FAR, hlim=1, nh=58)',
    EXPIRED,
    'about_error',
  ),
  silent(
    'none about an error without a route',
    `IPv6(src=HOST, dst=NOWHERE)/ICMPv6DestUnreach()/${quoted}`,
    NO_ROUTE,
    'about_error',
  ),
];

export const icmp6Errors: readonly Case[] = [...answers, ...silences];

// ICMP errors (RFC 792, RFC 1812 section 4.3): who gets one, from where, quoting what; and who does not.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/two-ports.js';

const TTL_EXPIRED = 'ip4-rewrite/ttl_expired';
const NO_ROUTE = 'ip4-lookup/no_route';
const SENT = 'ip4-icmp-error/sent';

/** A packet from the LAN's host that is answered with an error (type, code, MTU) from the gateway's address there. */
function answered(name: string, packet: string, error: string, counter: string): Case {
  return {
    name,
    send: [lan(packet)],
    expect: [lan(`icmp_error(LAN, HOST, ${packet}, ${error})`)],
    counters: { [counter]: 1, [SENT]: 1, 'lan.drops': 1 },
  };
}

/** A packet that no error may be about (RFC 1812 section 4.3.2.7). */
function silent(name: string, packet: string, counter: string, why: string): Case {
  return {
    name,
    send: [lan(packet)],
    counters: { [counter]: 1, [`ip4-icmp-error/${why}`]: 1, 'lan.drops': 1 },
  };
}

const udp = 'UDP(sport=1, dport=2)/payload(32)';
const expired = 'IP(src=HOST, dst=FAR, ttl=1, id=9)';

const answers: readonly Case[] = [
  answered('TTL 1', `${expired}/${udp}`, '11, 0', TTL_EXPIRED),
  answered('TTL 0', `IP(src=HOST, dst=FAR, ttl=0)/${udp}`, '11, 0', TTL_EXPIRED),
  answered('no route', `IP(src=HOST, dst=NOWHERE)/${udp}`, '3, 0', NO_ROUTE),
  answered('no route, of TCP', 'IP(src=HOST, dst=NOWHERE)/TCP(dport=80)', '3, 0', NO_ROUTE),
  answered('an echo request gets one', `${expired}/ICMP()/payload(20)`, '11, 0', TTL_EXPIRED),
  answered('an echo reply gets one', `${expired}/ICMP(type=0)/payload(20)`, '11, 0', TTL_EXPIRED),
  answered('a timestamp request gets one', `${expired}/ICMP(type=13)`, '11, 0', TTL_EXPIRED),
  answered(
    'a first fragment gets one',
    `IP(src=HOST, dst=FAR, ttl=1, flags='MF')/${udp}`,
    '11, 0',
    TTL_EXPIRED,
  ),
  answered(
    'options are quoted',
    `IP(src=HOST, dst=FAR, ttl=1, options=[IPOption_Router_Alert()])/${udp}`,
    '11, 0',
    TTL_EXPIRED,
  ),
  answered('548 octets are quoted whole', `${expired}/payload(528)`, '11, 0', TTL_EXPIRED),
  answered('of 549 octets 548 are quoted', `${expired}/payload(529)`, '11, 0', TTL_EXPIRED),
  answered('of a large packet 548 octets are quoted', `${expired}/payload(1480)`, '11, 0', TTL_EXPIRED),
  answered('a header alone is quoted', `${expired}`, '11, 0', TTL_EXPIRED),
  answered(
    'larger than the MTU with DF: the MTU is told (RFC 1191)',
    "IP(src=HOST, dst=FAR, flags='DF')/payload(1381)",
    '3, 4, 1400',
    'ip4-rewrite/df_too_big',
  ),
  {
    name: 'the source is the address of the port that the packet came by, its quote as it came',
    send: [wan(`IP(src=FAR, dst=HOST, ttl=1)/${udp}`)],
    expect: [wan(`icmp_error(WAN, FAR, IP(src=FAR, dst=HOST, ttl=1)/${udp}, 11, 0)`)],
    counters: { [TTL_EXPIRED]: 1, [SENT]: 1, 'wan.drops': 1 },
  },
  {
    name: 'the error goes where the route to the source leads, not where the packet came from',
    send: [lan(`IP(src=FAR, dst=FAR, ttl=1)/${udp}`)],
    expect: [wan(`icmp_error(LAN, FAR, IP(src=FAR, dst=FAR, ttl=1)/${udp}, 11, 0)`)],
    counters: { [TTL_EXPIRED]: 1, [SENT]: 1, 'lan.drops': 1 },
  },
  {
    name: 'an error that has no route itself is dropped',
    send: [lan(`IP(src=NOWHERE, dst=FAR, ttl=1)/${udp}`)],
    counters: { [TTL_EXPIRED]: 1, [SENT]: 1, 'ip4-lookup/no_route_for_own': 1 },
  },
];

const quoted = 'IP(src=FAR, dst=HOST)/UDP()';
const aboutError = (type: number, code = 0): string =>
  `${expired}/ICMP(type=${type}, code=${code})/${quoted}`;

const silences: readonly Case[] = [
  ...(
    [
      ['destination unreachable', 3],
      ['source quench', 4],
      ['redirect', 5],
      ['time exceeded', 11],
      ['parameter problem', 12],
    ] as const
  ).map(([name, type]) => silent(`none about ${name}`, aboutError(type), TTL_EXPIRED, 'about_error')),
  silent(
    'none about an error without a route',
    `IP(src=HOST, dst=NOWHERE)/ICMP(type=3)/${quoted}`,
    NO_ROUTE,
    'about_error',
  ),
  silent('none about ICMP without a type', expired.replace(')', ', proto=1)'), TTL_EXPIRED, 'about_error'),
  silent(
    'none about a middle fragment',
    `IP(src=HOST, dst=FAR, ttl=1, frag=8, flags='MF')/${udp}`,
    TTL_EXPIRED,
    'about_fragment',
  ),
  silent(
    'none about a last fragment',
    `IP(src=HOST, dst=FAR, ttl=1, frag=8)/${udp}`,
    TTL_EXPIRED,
    'about_fragment',
  ),
  silent(
    'none about a fragment without a route',
    `IP(src=HOST, dst=NOWHERE, frag=8)/${udp}`,
    NO_ROUTE,
    'about_fragment',
  ),
  {
    name: 'none about a packet in a broadcast frame',
    send: [lan(`Ether(dst='ff:ff:ff:ff:ff:ff', src=STATION_LAN)/IP(src=HOST, dst=NOWHERE)/${udp}`)],
    counters: { 'ip4-lookup/link_group': 1, 'lan.drops': 1 },
  },
];

export const icmp4Errors: readonly Case[] = [...answers, ...silences];

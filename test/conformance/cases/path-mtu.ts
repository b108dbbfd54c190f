// Path MTU discovery of tunnels (RFC 1191, RFC 8201, RFC 4301 section 8.2): which errors about ESP packets are believed.
import type { Case, Step } from '../support/case.js';
import { lan, twinWan, wan } from '../support/dual.js';
import { mtuOf } from '../support/settled.js';

/** An IPv4 packet of so many octets with DF, into a tunnel. */
const inner = (dst: string, octets: number, ttl: number): string =>
  `IP(src=HOST, dst=${dst}, id=6, ttl=${ttl}, flags='DF', proto=253)/payload(${octets - 20})`;

/** What the tunnel sent, of so many octets, as a router quotes it. */
const quote = (sa: string, seq: number, octets: number, spi = `spi('${sa}')`): string =>
  `IP(src=WAN, dst=PEER, flags='DF', len=${octets})/ESP(spi=${spi}, seq=${seq}, data=payload(16))`;
const quote6 = (sa: string, seq: number, octets: number): string =>
  `IPv6(src=WAN6, dst=PEER6, plen=${octets - 40})/ESP(spi=spi('${sa}'), seq=${seq}, data=payload(16))`;

const tooBig = (mtu: number, about: string): string => `icmp_error(ROUTER, WAN, ${about}, 3, 4, ${mtu})`;
const tooBig6 = (mtu: number, about: string): string =>
  `icmp6_error(ROUTER6, WAN6, ${about}, ICMPv6PacketTooBig(mtu=${mtu}))`;

/** One packet leaves by a tunnel, so that there is something to quote. */
function leaves(sa: string, dst: string, outer: string, free: string, octets: number, seq: number): Step {
  return {
    send: [lan(inner(dst, octets, 9))],
    expect: [wan(`opens('${sa}', ${inner(dst, octets, 8)}, ${outer}, ${seq})`, { free: [free] })],
  };
}

const OUTER = "IP(src=WAN, dst=PEER, flags='DF')";
const OUTER6 = 'IPv6(src=WAN6, dst=PEER6)';

const refused = (name: string, error: string, counter: string): Case => ({
  name,
  sas: { out: {} },
  steps: [
    leaves('out', 'REMOTE', OUTER, 'IP.id', 1300, 1),
    { send: [wan(error)] },
    leaves('out', 'REMOTE', OUTER, 'IP.id', 1300, 2),
  ],
  counters: { 'tun.tx_packets': 2, [`path-mtu/${counter}`]: 1, 'wan.drops': 1 },
});

export const pathMtu: readonly Case[] = [
  refused('an SPI that no tunnel has', tooBig(1000, quote('out', 1, 1356, '0x77777777')), 'unmatched'),
  refused('a number that was never sent', tooBig(1000, quote('out', 2, 1356)), 'unmatched'),
  refused(
    'other addresses',
    tooBig(1000, `IP(src=WAN, dst=FAR, len=1356)/ESP(spi=spi('out'), seq=1, data=payload(16))`),
    'unmatched',
  ),
  refused(
    'ESP in UDP, of a tunnel without UDP',
    tooBig(
      1000,
      `IP(src=WAN, dst=PEER, len=1364)/UDP(sport=4500, dport=4500)/ESP(spi=spi('out'), seq=1, data=payload(16))`,
    ),
    'unmatched',
  ),
  refused('an MTU that what is quoted fits', tooBig(1356, quote('out', 1, 1356)), 'not_narrower'),
  refused('a wrong ICMP checksum', `flip(${tooBig(1000, quote('out', 1, 1356))}, 26)`, 'bad_checksum'),
  refused('an ICMPv6 error about an IPv4 tunnel', tooBig6(1290, quote6('out', 1, 1356)), 'unmatched'),
  {
    name: 'an error about something of Linux goes to Linux',
    send: [wan(tooBig(1000, 'IP(src=WAN, dst=FAR, len=1356)/UDP(sport=7, dport=8)/payload(16)'))],
    expect: [
      twinWan(
        `Ether(src=STATION_WAN, dst=MAC_WAN)/${tooBig(1000, 'IP(src=WAN, dst=FAR, len=1356)/UDP(sport=7, dport=8)/payload(16)')}`,
      ),
    ],
  },
  {
    name: 'fragmentation needed: what is then too big inside is answered, to the octet',
    sas: { narrow: {} },
    steps: [
      leaves('narrow', 'BY_NARROW', OUTER, 'IP.id', 1400, 1),
      { send: [wan(tooBig(1300, quote('narrow', 1, 1456)))], settled: mtuOf('narrow', 1246) },
      {
        send: [lan(inner('BY_NARROW', 1247, 9))],
        expect: [lan(`icmp_error(LAN, HOST, ${inner('BY_NARROW', 1247, 9)}, 3, 4, 1246)`)],
      },
      leaves('narrow', 'BY_NARROW', OUTER, 'IP.id', 1246, 2),
    ],
    counters: {
      'narrow.tx_packets': 2,
      'path-mtu/learnt': 1,
      'wan.drops': 1,
      'ip4-rewrite/df_too_big': 1,
      'ip4-icmp-error/sent': 1,
      'lan.drops': 1,
    },
  },
  {
    name: 'narrower still, from a router that tells no MTU: the next plateau (RFC 1191 section 7.1)',
    sas: { narrow: {} },
    steps: [
      leaves('narrow', 'BY_NARROW', OUTER, 'IP.id', 1246, 1),
      { send: [wan(tooBig(0, quote('narrow', 1, 1300)))], settled: mtuOf('narrow', 950) },
      {
        send: [lan(inner('BY_NARROW', 951, 9))],
        expect: [lan(`icmp_error(LAN, HOST, ${inner('BY_NARROW', 951, 9)}, 3, 4, 950)`)],
      },
    ],
    counters: {
      'narrow.tx_packets': 1,
      'path-mtu/learnt': 1,
      'wan.drops': 1,
      'ip4-rewrite/df_too_big': 1,
      'ip4-icmp-error/sent': 1,
      'lan.drops': 1,
    },
  },
  {
    name: 'an MTU that no path of today has: 576 is believed, and what has no DF goes on in fragments of it',
    sas: { narrow: {} },
    steps: [
      leaves('narrow', 'BY_NARROW', OUTER, 'IP.id', 950, 1),
      { send: [wan(tooBig(68, quote('narrow', 1, 1004)))], settled: mtuOf('narrow', 522) },
      {
        send: [lan('IP(src=HOST, dst=BY_NARROW, id=6, ttl=9, proto=253)/payload(600)')],
        expect: [0, 1].map((i) =>
          wan(
            `opens('narrow', fragments(IP(src=HOST, dst=BY_NARROW, id=6, ttl=8, proto=253)/payload(600), 496)[${i}], IP(src=WAN, dst=PEER), ${i + 2})`,
            { free: ['IP.id'] },
          ),
        ),
      },
    ],
    counters: {
      'narrow.tx_packets': 3,
      'path-mtu/learnt': 1,
      'wan.drops': 1,
      'ip4-rewrite/too_big': 1,
      'ip4-frag/fragments': 2,
    },
  },
  {
    name: 'packet too big over IPv6: the same, by its longer header',
    sas: { narrow6: {} },
    steps: [
      leaves('narrow6', 'BY_NARROW6', OUTER6, 'IPv6.fl', 1400, 1),
      { send: [wan(tooBig6(1400, quote6('narrow6', 1, 1476)))], settled: mtuOf('narrow6', 1326) },
      {
        send: [lan(inner('BY_NARROW6', 1327, 9))],
        expect: [lan(`icmp_error(LAN, HOST, ${inner('BY_NARROW6', 1327, 9)}, 3, 4, 1326)`)],
      },
      leaves('narrow6', 'BY_NARROW6', OUTER6, 'IPv6.fl', 1326, 2),
    ],
    counters: {
      'narrow6.tx_packets': 2,
      'path-mtu/learnt': 1,
      'wan.drops': 1,
      'ip4-rewrite/df_too_big': 1,
      'ip4-icmp-error/sent': 1,
      'lan.drops': 1,
    },
  },
];

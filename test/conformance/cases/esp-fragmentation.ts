// Packets that do not fit: fragmented before encryption or after it, and DF of the outer header (RFC 4301 section 8.1).
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/dual.js';
import { mtuOf } from '../support/settled.js';

const outer = (more = ''): string => `IP(src=WAN, dst=PEER${more})`;
const outer6 = 'IPv6(src=WAN6, dst=PEER6)';

const big = (dst: string, ttl: number, more = ''): string =>
  `IP(src=HOST, dst=${dst}, id=11, ttl=${ttl}, proto=253${more})/payload(1480)`;

/** Of 1300 octets an IPv4 fragment has 1280 behind its header, which is a multiple of 8. */
const before: readonly Case[] = [
  ...(['out', 'out6'] as const).map(
    (sa): Case => ({
      name: `before encryption, by ${sa}: each fragment is an ESP packet of its own`,
      sas: { [sa]: {} },
      send: [lan(big('REMOTE', 9))],
      expect: [0, 1].map((i) =>
        wan(
          `opens('${sa}', fragments(${big('REMOTE', 8)}, 1280)[${i}], ${sa === 'out' ? outer() : outer6}, ${i + 1})`,
          { free: [sa === 'out' ? 'IP.id' : 'IPv6.fl'] },
        ),
      ),
      counters: { 'tun.tx_packets': 2, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 },
    }),
  ),
  {
    name: "before encryption, with DF: answered with the tunnel's MTU",
    sas: { out6: {} },
    send: [lan(big('REMOTE', 9, ", flags='DF'"))],
    expect: [lan(`icmp_error(LAN, HOST, ${big('REMOTE', 9, ", flags='DF'")}, 3, 4, 1300)`)],
    counters: { 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1, 'lan.drops': 1 },
  },
  {
    name: "before encryption, IPv6: packet too big with the tunnel's MTU",
    sas: { out: {} },
    send: [lan('IPv6(src=HOST6, dst=REMOTE6, nh=253)/payload(1261)')],
    expect: [
      lan(
        'icmp6_error(LAN6, HOST6, IPv6(src=HOST6, dst=REMOTE6, nh=253)/payload(1261), ICMPv6PacketTooBig(mtu=1300))',
      ),
    ],
    counters: { 'ip6-rewrite/too_big': 1, 'ip6-icmp-error/sent': 1, 'lan.drops': 1 },
  },
];

/** ESP of 1500 octets by AES-GCM: 8 + 8 of header and IV, 1500 + 4 of padding and trailer, 16 of ICV. */
const after: readonly Case[] = [
  ...['', ", flags='DF'"].map(
    (df): Case => ({
      name: `after encryption: the ESP packet is fragmented, what is inside${df === '' ? '' : ' with DF'} is whole`,
      sas: { after: {} },
      send: [lan(big('BY_AFTER', 9, df))],
      expect: [
        { at: 0, octets: 1480, more: 'True' },
        { at: 1480, octets: 56, more: 'False' },
      ].map(({ at, octets, more }) =>
        wan(`opens('after', ${big('BY_AFTER', 8, df)}, ${outer()}, 1, piece=(${at}, ${octets}, ${more}))`, {
          free: ['IP.id'],
        }),
      ),
      counters: { 'after.tx_packets': 1, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 },
    }),
  ),
  {
    name: 'after encryption, over IPv6: its sender fragments, so the box does',
    sas: { after6: {} },
    send: [lan(big('BY_AFTER', 9))],
    expect: [
      { at: 0, octets: 1448, more: 'True' },
      { at: 1448, octets: 88, more: 'False' },
    ].map(({ at, octets, more }) =>
      wan(`opens('after6', ${big('BY_AFTER', 8)}, ${outer6}, 1, piece=(${at}, ${octets}, ${more}))`, {
        free: ['IPv6.fl', 'IPv6ExtHdrFragment.id'],
      }),
    ),
    counters: { 'after.tx_packets': 1, 'ip6-rewrite/own_too_big': 1, 'ip6-frag/fragments': 2 },
  },
  {
    name: 'after encryption: an ESP packet that fits is whole, without the inner DF',
    sas: { after: {} },
    send: [lan("IP(src=HOST, dst=BY_AFTER, id=11, ttl=9, proto=253, flags='DF')/payload(400)")],
    expect: [
      wan(
        `opens('after', IP(src=HOST, dst=BY_AFTER, id=11, ttl=8, proto=253, flags='DF')/payload(400), ${outer()}, 1)`,
        { free: ['IP.id'] },
      ),
    ],
    counters: { 'after.tx_packets': 1 },
  },
];

const df: readonly Case[] = (
  [
    ['set', 'BY_SET', 'set', ['DF', 'DF']],
    ['clear', 'BY_CLEAR', 'cleared', ['', '']],
    ['copy', 'BY_COPY', 'copied', ['', 'DF']],
  ] as const
).map(([sa, dst, what, flags]) => ({
  name: `the outer DF is ${what}`,
  // The tunnel's own setting goes before what came with the SA.
  sas: { [sa]: { df: sa === 'clear' ? 'set' : 'clear' } },
  send: ['', 'DF'].map((flag) => lan(`IP(src=HOST, dst=${dst}, id=4, ttl=9, flags='${flag}')/UDP()`)),
  expect: ['', 'DF'].map((flag, i) =>
    wan(
      `opens('${sa}', IP(src=HOST, dst=${dst}, id=4, ttl=8, flags='${flag}')/UDP(), ${outer(`, flags='${flags[i]}'`)}, ${i + 1})`,
      { free: ['IP.id'] },
    ),
  ),
  counters: { [`${sa}.tx_packets`]: 2 },
}));

const set = ", flags='DF'";

/** With DF outside nobody may cut what is sealed, the box neither: the MTU then becomes what fits its own port. */
const afterWithDf: readonly Case[] = [
  {
    name: 'after encryption, but with DF outside: a packet that fits leaves',
    sas: { 'after-set': {} },
    send: [lan(big('BY_AFTER_SET', 9).replace('1480', '1400'))],
    expect: [
      wan(`opens('after-set', ${big('BY_AFTER_SET', 8).replace('1480', '1400')}, ${outer(set)}, 1)`, {
        free: ['IP.id'],
      }),
    ],
    counters: { 'after-set.tx_packets': 1 },
  },
  {
    name: 'after encryption, but with DF outside: the first that does not fit is lost, then the tunnel knows',
    sas: { 'after-set': {} },
    steps: [
      { send: [lan(big('BY_AFTER_SET', 9))], settled: mtuOf('after-set', 1446) },
      {
        send: [lan(big('BY_AFTER_SET', 9, set))],
        expect: [lan(`icmp_error(LAN, HOST, ${big('BY_AFTER_SET', 9, set)}, 3, 4, 1446)`)],
      },
      {
        send: [lan(big('BY_AFTER_SET', 9))],
        expect: [0, 1].map((i) =>
          wan(
            `opens('after-set', fragments(${big('BY_AFTER_SET', 8)}, 1424)[${i}], ${outer(set)}, ${i + 2})`,
            {
              free: ['IP.id'],
            },
          ),
        ),
      },
    ],
    counters: {
      'after-set.tx_packets': 3,
      'path-mtu/learnt': 1,
      'ip4-rewrite/df_too_big': 2,
      'ip4-icmp-error/sent': 2,
      'ip4-rewrite/too_big': 1,
      'ip4-frag/fragments': 2,
    },
  },
];

const large = (hops: number): string => `IP(src=REMOTE, dst=HOST, proto=253, ttl=${hops})/payload(1280)`;

/** What the peer encrypted first and cut then, as the box does it itself. */
const inbound: readonly Case[] = [
  [0, 1, 2],
  [2, 1, 0],
  [1, 2, 0],
].map((order) => ({
  name: `fragments of an ESP packet over IPv6 are put together, in the order ${order.join(', ')}`,
  sas: { in6: {} },
  send: [wan(`fragments6(seal('in6', ${large(9)}), 480)`, { pieces: order })],
  expect: [lan(large(8))],
  counters: { 'tun.rx_packets': 1, 'ip6-reassembly/reassembled': 1, 'ip6-reassembly/fragments': 3 },
}));

const inboundForged: readonly Case[] = [
  {
    name: 'a forged octet in one fragment of an ESP packet over IPv6: the ICV fails',
    sas: { in6: {} },
    send: [wan(`fragments6(flip(seal('in6', ${large(9)}), 900), 480)`, { pieces: [0, 1, 2] })],
    counters: {
      'ip6-reassembly/reassembled': 1,
      'ip6-reassembly/fragments': 3,
      'esp-decrypt/integrity_failed': 1,
      'wan.drops': 1,
    },
  },
  {
    name: 'an ESP packet in one atomic fragment (RFC 6946) is opened',
    sas: { in6: {} },
    send: [wan(`fragments6(seal('in6', ${large(9)}), 1480)`, { pieces: [0] })],
    expect: [lan(large(8))],
    counters: { 'tun.rx_packets': 1 },
  },
];

export const espFragmentation: readonly Case[] = [
  ...before,
  ...after,
  ...afterWithDf,
  ...df,
  ...inbound,
  ...inboundForged,
];

// ESP in tunnel mode with each family outside and inside (RFC 4301 section 5.1.2), both ways, by AEAD and by HMAC.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/dual.js';
import { crypto, type SaFields } from '../support/sa.js';

const body = 'UDP(sport=7, dport=8)/payload(48)';
const inbound = (inner: 4 | 6, hops: number): string =>
  inner === 4 ? `IP(src=REMOTE, dst=HOST, id=3, ttl=${hops})/${body}` : in6(hops);
const in6 = (hops: number): string => `IPv6(src=REMOTE6, dst=HOST6, fl=5, hlim=${hops})/${body}`;
const outbound = (inner: 4 | 6, hops: number): string =>
  inner === 4 ? `IP(src=HOST, dst=REMOTE, id=3, ttl=${hops})/${body}` : out6(hops);
const out6 = (hops: number): string => `IPv6(src=HOST6, dst=REMOTE6, fl=5, hlim=${hops})/${body}`;

interface Transform {
  title: string;
  fields(): SaFields;
}

const TRANSFORMS: readonly Transform[] = [
  { title: 'AES-GCM', fields: () => ({ crypto: crypto('aes-gcm', 16, 16) }) },
  {
    title: 'AES-CBC with HMAC-SHA2-256',
    fields: () => ({ crypto: crypto('aes-cbc', 16, 16, 'hmac-sha2-256') }),
  },
];

const FAMILIES: readonly [inner: 4 | 6, outer: 4 | 6][] = [
  [4, 4],
  [4, 6],
  [6, 4],
  [6, 6],
];

const suffix = (outer: 4 | 6): '' | '6' => (outer === 4 ? '' : '6');
/** Routers do not cut IPv6: inside, it counts as an IPv4 packet with DF does. */
const header = (outer: 4 | 6, inner: 4 | 6): string =>
  outer === 4
    ? `IP(src=WAN, dst=PEER, ttl=64, flags='${inner === 6 ? 'DF' : ''}')`
    : 'IPv6(src=WAN6, dst=PEER6, hlim=64)';
/** The box chooses an outer packet's identification, or its flow label: no inner one, which its SA authenticates. */
const free = (outer: 4 | 6): readonly string[] => (outer === 4 ? ['IP.id'] : ['IPv6.fl']);

function bothWays(name: string, inner: 4 | 6, outer: 4 | 6, fields: SaFields, udp = ''): Case {
  const [into, out] = [`in${suffix(outer)}`, `out${suffix(outer)}`];
  // In UDP over IPv6 there is always a checksum (RFC 8200 section 8.1).
  const sealed = udp === '' || outer === 4 ? '' : ", encap={'chksum': None}";
  return {
    name,
    sas: { [into]: fields, [out]: fields },
    send: [wan(`seal('${into}', ${inbound(inner, 9)}${sealed})`), lan(outbound(inner, 9))],
    expect: [
      lan(inbound(inner, 8)),
      wan(`opens('${out}', ${outbound(inner, 8)}, ${header(outer, inner)}${udp}, 1)`, { free: free(outer) }),
    ],
    counters: { 'tun.rx_packets': 1, 'tun.tx_packets': 1 },
  };
}

const encap = { encap: { src_port: 4500, dst_port: 4500 } };

export const espFamilies: readonly Case[] = [
  ...TRANSFORMS.flatMap(({ title, fields }) =>
    FAMILIES.map(([inner, outer]) =>
      bothWays(`IPv${inner} in IPv${outer} by ${title}, both ways`, inner, outer, fields()),
    ),
  ),
  ...FAMILIES.filter(([, outer]) => outer === 6).map(([inner, outer]) =>
    bothWays(
      `IPv${inner} in ESP in UDP over IPv6: with a checksum, both ways`,
      inner,
      outer,
      encap,
      '/UDP(sport=4500, dport=4500)',
    ),
  ),
  {
    name: 'ESP in UDP over IPv4 with a checksum that is not zero is opened',
    sas: { in: encap },
    send: [wan(`seal('in', ${in6(9)}, encap={'chksum': None})`)],
    expect: [lan(in6(8))],
    counters: { 'tun.rx_packets': 1 },
  },
  {
    name: 'ESP in UDP over IPv6 without a checksum',
    sas: { in6: encap },
    send: [wan(`seal('in6', ${in6(9)})`)],
    expect: [lan(in6(8))],
    counters: { 'tun.rx_packets': 1 },
  },
  ...(['in', 'in6'] as const).flatMap((sa): Case[] => [
    {
      name: `IPv6 by ${sa}: a forged ICV is dropped`,
      sas: { [sa]: {} },
      send: [wan(`flip(seal('${sa}', ${in6(9)}), -1)`)],
      counters: { 'esp-decrypt/integrity_failed': 1, 'wan.drops': 1 },
    },
    {
      name: `IPv6 by ${sa}: the same packet again is dropped`,
      sas: { [sa]: {} },
      send: [wan(`seal('${sa}', ${in6(9)})`), wan(`seal('${sa}', ${in6(9)})`)],
      expect: [lan(in6(8))],
      counters: { 'tun.rx_packets': 1, 'esp-decrypt/replayed': 1, 'wan.drops': 1 },
    },
    {
      name: `IPv6 by ${sa}, named as IPv4 in the ESP trailer: no IPv4 packet`,
      sas: { [sa]: {} },
      send: [wan(`seal('${sa}', ${in6(9)}, nh=4)`)],
      counters: { 'tun.rx_packets': 1, 'ip4-input/bad_version': 1, 'tun.drops': 1 },
    },
  ]),
];

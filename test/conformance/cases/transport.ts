// GRE and IPIP under transport mode (RFC 4301 section 3.2, RFC 2784, RFC 2003): both ways, and never in clear.
import type { Case } from '../support/case.js';
import { lan, wan } from '../support/dual.js';
import { crypto } from '../support/sa.js';

const body = 'UDP(sport=7, dport=8)/payload(40)';

interface Way {
  name: string;
  tunnel: 'gre' | 'gre6' | 'ipip';
  /** Of what the ESP trailer names. */
  protocol: number;
  shim: string;
  /** Of the outer header, which copies it: IPv6 inside counts as with DF. */
  flags: '' | 'DF';
  into(hops: number): string;
  out(hops: number): string;
}

const gre4: Way = {
  name: 'IPv4 in GRE',
  tunnel: 'gre',
  protocol: 47,
  shim: 'GRE(proto=0x0800)/',
  flags: '',
  into: (hops) => `IP(src=BY_GRE, dst=HOST, id=5, ttl=${hops})/${body}`,
  out: (hops) => `IP(src=HOST, dst=BY_GRE, id=5, ttl=${hops})/${body}`,
};
const ipip: Way = {
  name: 'IPIP',
  tunnel: 'ipip',
  protocol: 4,
  shim: '',
  flags: '',
  into: (hops) => `IP(src=BY_IPIP, dst=HOST, id=5, ttl=${hops})/${body}`,
  out: (hops) => `IP(src=HOST, dst=BY_IPIP, id=5, ttl=${hops})/${body}`,
};
const gre6: Way = {
  name: 'IPv4 in GRE with a key over IPv6',
  tunnel: 'gre6',
  protocol: 47,
  shim: 'GRE(proto=0x0800, key_present=1, key=9)/',
  flags: '',
  into: (hops) => `IP(src=BY_GRE6, dst=HOST, id=5, ttl=${hops})/${body}`,
  out: (hops) => `IP(src=HOST, dst=BY_GRE6, id=5, ttl=${hops})/${body}`,
};
const ways: readonly Way[] = [
  gre6,
  gre4,
  {
    ...gre4,
    name: 'IPv6 in GRE',
    shim: 'GRE(proto=0x86dd)/',
    flags: 'DF',
    into: (hops) => `IPv6(src=BY_GRE_6, dst=HOST6, fl=3, hlim=${hops})/${body}`,
    out: (hops) => `IPv6(src=HOST6, dst=BY_GRE_6, fl=3, hlim=${hops})/${body}`,
  },
  ipip,
];

const bothWays = ({ name, tunnel, protocol, shim, flags, into, out }: Way): Case[] =>
  [
    { by: 'AES-GCM', algorithm: crypto('aes-gcm', 32, 16) },
    { by: 'AES-CBC with HMAC-SHA2-256', algorithm: crypto('aes-cbc', 32, 16, 'hmac-sha2-256') },
  ].map(({ by, algorithm }) => ({
    name: `${name} in transport mode by ${by}, both ways`,
    sas: { [`${tunnel}-in`]: { crypto: algorithm }, [`${tunnel}-out`]: { crypto: algorithm } },
    send: [wan(`seal('${tunnel}-in', ${shim}${into(9)}, nh=${protocol})`), lan(out(9))],
    expect: [
      lan(into(8)),
      wan(
        tunnel === 'gre6'
          ? `opens('gre6-out', IPv6(src=WAN6, dst=PEER6, nh=47)/${shim}${out(8)}, IPv6(src=WAN6, dst=PEER6), 1)`
          : `opens('${tunnel}-out', IP(src=WAN, dst=PEER, proto=${protocol}, flags='${flags}')/${shim}${out(8)}, IP(src=WAN, dst=PEER, flags='${flags}'), 1)`,
        { free: [tunnel === 'gre6' ? 'IPv6.fl' : 'IP.id'] },
      ),
    ],
    counters: { [`${tunnel}.rx_packets`]: 1, [`${tunnel}.tx_packets`]: 1 },
  }));

const inClear = ({ name, tunnel, protocol, shim, into, out }: Way): Case[] => [
  {
    name: `${name} in clear is dropped, with an SA and without`,
    sas: { [`${tunnel}-in`]: {} },
    send: [wan(`IP(src=PEER, dst=WAN)/${shim}${into(9)}`)],
    counters: { [`${tunnel}-input/unprotected`]: 1, 'wan.drops': 1 },
  },
  {
    name: `${name}: without an SA nothing leaves`,
    send: [lan(out(9)), wan(`IP(src=PEER, dst=WAN)/${shim}${into(9)}`)],
    counters: {
      'tunnel-encap/unprotected': 1,
      [`${tunnel}-input/unprotected`]: 1,
      'lan.drops': 1,
      'wan.drops': 1,
    },
  },
  {
    name: `${name} out of an SA for a tunnel that has no header of its own is dropped`,
    sas: { in: { mode: 'transport' } },
    send: [wan(`seal('in', ${shim}${into(9)}, nh=${protocol})`)],
    counters: { 'esp-decrypt/no_tunnel': 1, 'wan.drops': 1 },
  },
  {
    name: `${name} out of the SA of a tunnel of the other kind is dropped`,
    sas: { [`${tunnel === 'gre' ? 'ipip' : 'gre'}-in`]: {} },
    send: [wan(`seal('${tunnel === 'gre' ? 'ipip' : 'gre'}-in', ${shim}${into(9)}, nh=${protocol})`)],
    counters: {
      [`${tunnel}-input/unknown_tunnel`]: 1,
      [`${tunnel === 'gre' ? 'ipip' : 'gre'}.drops`]: 1,
    },
  },
];

export const transportMode: readonly Case[] = [
  ...ways.flatMap(bothWays),
  ...[gre4, ipip].flatMap(inClear),
  {
    name: 'GRE over IPv6 in clear is dropped',
    sas: { 'gre6-in': {} },
    send: [wan(`IPv6(src=PEER6, dst=WAN6)/${gre6.shim}${gre6.into(9)}`)],
    counters: { 'gre-input/unprotected': 1, 'wan.drops': 1 },
  },
  {
    name: 'GRE whose checksum is wrong, in transport mode',
    sas: { 'gre-in': {} },
    send: [wan(`seal('gre-in', GRE(proto=0x0800, chksum_present=1, chksum=5)/${gre4.into(9)}, nh=47)`)],
    counters: { 'gre-input/bad_checksum': 1, 'gre.drops': 1 },
  },
  {
    name: 'GRE whose checksum is right, in transport mode',
    sas: { 'gre-in': {} },
    send: [wan(`seal('gre-in', GRE(proto=0x0800, chksum_present=1)/${gre4.into(9)}, nh=47)`)],
    expect: [lan(gre4.into(8))],
    counters: { 'gre.rx_packets': 1 },
  },
  {
    name: 'transport mode carries nothing but tunnels: UDP to the box is dropped',
    sas: { 'gre-in': {} },
    send: [wan("seal('gre-in', UDP(sport=5, dport=9)/payload(20), nh=17)")],
    counters: { 'esp-decrypt/bad_next_header': 1, 'wan.drops': 1 },
  },
  {
    name: 'GRE from an address that no tunnel has',
    send: [wan(`IP(src=FAR, dst=WAN)/${gre4.shim}${gre4.into(9)}`)],
    counters: { 'gre-input/unknown_tunnel': 1, 'wan.drops': 1 },
  },
  {
    name: 'GRE with a key that the tunnel does not have, in transport mode',
    sas: { 'gre-in': {} },
    send: [wan(`seal('gre-in', GRE(proto=0x0800, key_present=1, key=7)/${gre4.into(9)}, nh=47)`)],
    counters: { 'gre-input/unknown_tunnel': 1, 'gre.drops': 1 },
  },
];

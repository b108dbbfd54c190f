// ESP that leaves, in tunnel mode by AES-GCM (RFC 4303, RFC 4106), opened by scapy's IPsec layer.
import type { Case } from '../support/case.js';
import { outbound, outer } from '../support/esp.js';
import { lan, wan } from '../support/two-ports.js';

export const espOut: readonly Case[] = [
  {
    name: 'a packet into the tunnel leaves sealed',
    sas: { out: {} },
    send: [lan(outbound())],
    expect: [wan(`opens('out', ${outbound(63)}, ${outer()}, 1)`, { free: ['IP.id'] })],
    counters: { 'tun.tx_packets': 1 },
  },
  ...[20, 21, 22, 23, 24, 1399, 1400].map(
    (size): Case => ({
      name: `an inner packet of ${size} octets opens as it was`,
      sas: { out: {} },
      send: [lan(`IP(src=HOST, dst=REMOTE, ttl=9, proto=253)/payload(${size - 20})`)],
      expect: [
        wan(`opens('out', IP(src=HOST, dst=REMOTE, ttl=8, proto=253)/payload(${size - 20}), ${outer()}, 1)`, {
          free: ['IP.id'],
        }),
      ],
      counters: { 'tun.tx_packets': 1 },
    }),
  ),
  {
    name: 'sequence numbers start at 1 and go up by 1',
    sas: { out: {} },
    send: Array.from({ length: 20 }, () => lan(outbound())),
    expect: Array.from({ length: 20 }, (_, i) =>
      wan(`opens('out', ${outbound(63)}, ${outer()}, ${i + 1})`, { free: ['IP.id'] }),
    ),
    counters: { 'tun.tx_packets': 20 },
  },
  {
    name: 'an SA that was in use goes on behind its last number',
    sas: { out: { start_sequence: 70_000 } },
    send: [lan(outbound())],
    expect: [wan(`opens('out', ${outbound(63)}, ${outer()}, 70001)`, { free: ['IP.id'] })],
    counters: { 'tun.tx_packets': 1 },
  },
  {
    name: 'larger than the tunnel: cut before encryption, each fragment its own ESP packet',
    sas: { out: {} },
    send: [lan('IP(src=HOST, dst=REMOTE, id=11, ttl=64)/payload(1440)')],
    expect: [0, 1].map((i) =>
      wan(
        `opens('out', fragments(IP(src=HOST, dst=REMOTE, id=11, ttl=63)/payload(1440), 1376)[${i}], ${outer()}, ${i + 1})`,
        { free: ['IP.id'] },
      ),
    ),
    counters: { 'tun.tx_packets': 2, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 },
  },
  {
    name: "larger than the tunnel with DF: answered with the tunnel's MTU",
    sas: { out: {} },
    send: [lan("IP(src=HOST, dst=REMOTE, flags='DF')/payload(1440)")],
    expect: [lan("icmp_error(LAN, HOST, IP(src=HOST, dst=REMOTE, flags='DF')/payload(1440), 3, 4, 1400)")],
    counters: { 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1, 'lan.drops': 1 },
  },
  {
    name: 'no SA: nothing leaves in clear',
    send: [lan(outbound())],
    counters: { 'esp-encrypt/no_sa': 1, 'lan.drops': 1 },
  },
];

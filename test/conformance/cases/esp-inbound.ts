// ESP that arrives, in tunnel mode by AES-GCM (RFC 4303, RFC 4106), sealed by scapy's IPsec layer.
import type { Case } from '../support/case.js';
import { inbound, inner, outer, received } from '../support/esp.js';
import { lan, wan } from '../support/two-ports.js';

export const espIn: readonly Case[] = [
  {
    name: 'a packet for the LAN comes out of its SA',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  ...[20, 21, 22, 23, 24, 1399, 1400].map(
    (size): Case => ({
      name: `an inner packet of ${size} octets comes out as it was`,
      sas: { in: {} },
      send: [wan(`seal('in', IP(src=REMOTE, dst=HOST, ttl=9, proto=253)/payload(${size - 20}))`)],
      expect: [lan(`IP(src=REMOTE, dst=HOST, ttl=8, proto=253)/payload(${size - 20})`)],
      counters: received,
    }),
  ),
  {
    name: 'padding up to 255 octets is taken off',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, padding=bytes(range(1, 256)))`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'TFC padding behind the inner packet is taken off (RFC 4303 section 2.7)',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, tfc=payload(300))`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'a dummy packet (next header 59) is dropped, its number used up',
    sas: { in: {} },
    send: [
      wan(`seal('in', payload(64), nh=59, seq=1)`),
      wan(`seal('in', ${inbound()}, seq=1)`),
      wan(`seal('in', ${inbound()}, seq=2)`),
    ],
    expect: [lan(inbound(63))],
    counters: { ...received, 'esp-decrypt/dummy': 1, 'esp-decrypt/replayed': 1, 'wan.drops': 2 },
  },
  {
    name: 'an outer header with options is no obstacle',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, outer={'options': [IPOption_Router_Alert()]})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'the inner TTL is the only one that counts',
    sas: { in: {} },
    send: [wan(`seal('in', ${inbound()}, outer={'ttl': 1})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'an inner TTL of 1: time exceeded goes back through the tunnel, from its address',
    sas: { in: {}, out: {} },
    send: [wan(`seal('in', ${inbound(1)})`)],
    expect: [
      wan(`opens('out', icmp_error(TUN, REMOTE, ${inbound(1)}, 11, 0), IP(src=WAN, dst=PEER, tos=0xc0), 1)`, {
        free: ['IP.id', 'IP.flags'],
      }),
    ],
    counters: {
      ...received,
      'tun.tx_packets': 1,
      'ip4-rewrite/ttl_expired': 1,
      'ip4-icmp-error/sent': 1,
      'tun.drops': 1,
    },
  },
  {
    name: 'an inner packet to the box is answered through the tunnel',
    sas: { in: {}, out: {} },
    send: [wan(`seal('in', IP(src=REMOTE, dst=TUN)/ICMP(id=4)/payload(9))`)],
    expect: [
      wan(`opens('out', IP(src=TUN, dst=REMOTE)/ICMP(type=0, id=4)/payload(9), ${outer()}, 1)`, {
        free: ['IP.id', 'IP.flags'],
      }),
    ],
    counters: { ...received, 'tun.tx_packets': 1, 'ip4-icmp-echo/replies': 1 },
  },
  {
    name: 'an inner packet goes back into the tunnel when its route leads there',
    sas: { in: {}, out: {} },
    send: [wan(`seal('in', IP(src=REMOTE, dst='10.2.0.9', ttl=9)/${inner})`)],
    expect: [
      wan(`opens('out', IP(src=REMOTE, dst='10.2.0.9', ttl=8)/${inner}, ${outer()}, 1)`, {
        free: ['IP.id', 'IP.flags'],
      }),
    ],
    counters: { ...received, 'tun.tx_packets': 1 },
  },
];

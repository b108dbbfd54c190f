// Packets to the box: what the data plane answers itself, what Linux gets, and what Linux sends.
import type { Case } from '../support/case.js';
import { lan, twinLan, twinWan, wan } from '../support/two-ports.js';

const linked = 'Ether(dst=MAC_LAN, src=STATION_LAN)';

/** A packet for the box that reaches Linux as it came, and nothing answers. */
function punted(name: string, packet: string): Case {
  return {
    name,
    send: [lan(packet)],
    expect: [twinLan(`${linked}/${packet}`)],
  };
}

const echo = (size: number, more = ''): string => `ICMP(type=8, id=77, seq=5${more})/payload(${size})`;

export const icmp4Echo: readonly Case[] = [
  ...[0, 1, 56, 1472].map(
    (size): Case => ({
      name: `an echo request of ${size} octets is answered`,
      send: [lan(`IP(src=HOST, dst=LAN, id=5, ttl=9)/${echo(size)}`)],
      expect: [
        lan(`IP(src=LAN, dst=HOST, id=5, ttl=64)/${echo(size).replace('type=8', 'type=0')}`, {
          free: ['IP.id'],
        }),
      ],
      counters: { 'ip4-icmp-echo/replies': 1 },
    }),
  ),
  {
    name: 'the type of service is reflected (RFC 1122 section 3.2.2.6)',
    send: [lan(`IP(src=HOST, dst=LAN, tos=0xb8)/${echo(8)}`)],
    expect: [
      lan(`IP(src=LAN, dst=HOST, tos=0xb8)/${echo(8).replace('type=8', 'type=0')}`, { free: ['IP.id'] }),
    ],
    counters: { 'ip4-icmp-echo/replies': 1 },
  },
  {
    name: "the address of another port answers, too: it is the box's",
    send: [lan(`IP(src=HOST, dst=WAN)/${echo(8)}`)],
    expect: [lan(`IP(src=WAN, dst=HOST)/${echo(8).replace('type=8', 'type=0')}`, { free: ['IP.id'] })],
    counters: { 'ip4-icmp-echo/replies': 1 },
  },
  {
    name: 'from beyond a router the answer goes by the route back',
    send: [wan(`IP(src=FAR, dst=WAN)/${echo(8)}`)],
    expect: [wan(`IP(src=WAN, dst=FAR)/${echo(8).replace('type=8', 'type=0')}`, { free: ['IP.id'] })],
    counters: { 'ip4-icmp-echo/replies': 1 },
  },
  {
    name: 'an answer larger than the MTU of its way back is cut',
    send: [lan(`IP(src=FAR, dst=LAN, id=9)/${echo(1400)}`)],
    expect: [0, 1].map((i) =>
      wan(
        `fragments(IP(src=LAN, dst=FAR, id=9, ttl=64)/${echo(1400).replace('type=8', 'type=0')}, 1376)[${i}]`,
        { free: ['IP.id'] },
      ),
    ),
    counters: { 'ip4-icmp-echo/replies': 1, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 },
  },
  {
    name: 'a TTL of 1 is enough to reach the box',
    send: [lan(`IP(src=HOST, dst=LAN, ttl=1)/${echo(8)}`)],
    expect: [lan(`IP(src=LAN, dst=HOST)/${echo(8).replace('type=8', 'type=0')}`, { free: ['IP.id'] })],
    counters: { 'ip4-icmp-echo/replies': 1 },
  },
  {
    name: 'a wrong ICMP checksum gets no answer',
    send: [lan(`IP(src=HOST, dst=LAN)/${echo(8, ', chksum=1')}`)],
    counters: { 'ip4-icmp-echo/bad_checksum': 1, 'lan.drops': 1 },
  },
  punted(
    'an echo request to the broadcast address is not answered (RFC 1122 allows that)',
    "IP(src=HOST, dst='10.1.0.255')/ICMP()",
  ),
  punted('an echo request to a group is not answered', "IP(src=HOST, dst='224.0.0.1')/ICMP()"),
];

export const ip4Punt: readonly Case[] = [
  punted('UDP', 'IP(src=HOST, dst=LAN)/UDP(sport=5, dport=9)/payload(40)'),
  punted(
    'UDP to the broadcast address of the network',
    "IP(src=HOST, dst='10.1.0.255')/UDP(sport=5, dport=9)",
  ),
  {
    name: 'a protocol that is not assigned; Linux answers that it cannot be reached',
    send: [lan('IP(src=HOST, dst=LAN, proto=254)/payload(3)')],
    expect: [
      twinLan(`${linked}/IP(src=HOST, dst=LAN, proto=254)/payload(3)`),
      lan('icmp_error(LAN, HOST, IP(src=HOST, dst=LAN, proto=254)/payload(3), 3, 2)', { free: ['IP.id'] }),
    ],
  },
  punted('OSPF to its group', "IP(src=HOST, dst='224.0.0.5', proto=89, ttl=1)/payload(24)"),
  {
    name: 'what Linux sends leaves as it is',
    send: [
      twinLan(
        'Ether(dst=STATION_LAN, src=MAC_LAN)/IP(src=LAN, dst=HOST, ttl=64, id=4)/UDP(sport=9, dport=99)',
      ),
    ],
    expect: [lan('IP(src=LAN, dst=HOST, ttl=64, id=4)/UDP(sport=9, dport=99)')],
  },
  {
    name: 'what Linux broadcasts leaves as it is',
    send: [
      twinWan(
        "Ether(dst='ff:ff:ff:ff:ff:ff', src=MAC_WAN)/IP(src='0.0.0.0', dst='255.255.255.255', id=4)/UDP(sport=68, dport=67)",
      ),
    ],
    expect: [
      wan(
        "Ether(dst='ff:ff:ff:ff:ff:ff', src=MAC_WAN)/IP(src='0.0.0.0', dst='255.255.255.255', id=4)/UDP(sport=68, dport=67)",
      ),
    ],
  },
];

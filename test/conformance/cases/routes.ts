// Routes of every kind: where packets go, and what is said to who sends where none leads.
import type { Case } from '../support/case.js';
import { ECHO, east, either, lan, other, west } from '../support/routes.js';

const FLOWS = 128;
const udp = (sport = 7): string => `UDP(sport=${sport}, dport=8)/payload(20)`;
const to = (destination: string, ttl: number, rest = udp()): string =>
  `IP(src=HOST, dst='${destination}', ttl=${ttl})/${rest}`;

type At = typeof lan;

function leads(name: string, destination: string, port: At): Case {
  return { name, send: [lan(to(destination, 9))], expect: [port(to(destination, 8))] };
}

function answered(name: string, destination: string, code: number, counter: string): Case {
  const packet = `IP(src=HOST, dst='${destination}')/${udp()}`;
  return {
    name,
    send: [lan(packet)],
    expect: [lan(`icmp_error(LAN, HOST, ${packet}, 3, ${code})`)],
    counters: { [counter]: 1, 'ip4-icmp-error/sent': 1, 'lan.drops': 1 },
  };
}

/** Flows to one destination that come out at both uplinks, `share` of them at the first. */
function spread(name: string, destination: string, share: readonly [number, number]): Case {
  const ports = Array.from({ length: FLOWS }, (_, i) => 2000 + i);
  return {
    name,
    send: ports.map((port) => lan(to(destination, 9, udp(port)))),
    expect: ports.map((port) => either(to(destination, 8, udp(port)))),
    counters: { 'east.tx_packets': share },
  };
}

const sticks = (name: string, packets: string, expected: string): Case => ({
  name,
  send: [lan(packets, { times: 20 })],
  expect: [either(expected, { times: 20 })],
});

export const routeCases: readonly Case[] = [
  leads('the longest prefix counts: /24', '198.18.7.1', east),
  leads('the longest prefix counts: /25', '198.18.7.130', west),
  leads('the longest prefix counts: /32', '198.18.7.129', east),
  leads('its neighbour is in the /25', '198.18.7.128', west),
  leads('the other end of a /31', '198.51.100.3', east),
  leads('a next hop behind another route', '198.18.9.5', west),
  leads('a next hop behind a route whose next hop is behind another', '198.18.10.5', west),
  leads('an interface whose hosts are reached without a router', '198.18.8.8', lan),
  {
    name: 'a blackhole route: silence',
    send: [lan(to('198.18.2.1', 9))],
    counters: { 'ip4-lookup/blackhole': 1, 'lan.drops': 1 },
  },
  answered('an unreachable route: host unreachable', '198.18.3.1', 1, 'ip4-lookup/unreachable'),
  answered('a prohibit route: administratively prohibited', '198.18.4.1', 13, 'ip4-lookup/prohibited'),
  answered('no route: network unreachable', '203.0.113.200', 0, 'ip4-lookup/no_route'),
  leads('looked up again in another VRF', '198.18.5.1', other),
  {
    name: 'and back from there',
    send: [other(`IP(src='198.18.5.1', dst=HOST, ttl=9)/${udp()}`)],
    expect: [lan(`IP(src='198.18.5.1', dst=HOST, ttl=8)/${udp()}`)],
  },
  {
    name: "another VRF's address of the box is reached only where it is",
    send: [lan('IP(src=HOST, dst=OTHER)/ICMP()')],
    expect: [lan('icmp_error(LAN, HOST, IP(src=HOST, dst=OTHER)/ICMP(), 3, 0)')],
    counters: { 'ip4-lookup/no_route': 1, 'ip4-icmp-error/sent': 1, 'lan.drops': 1 },
  },
  {
    name: 'VRFs that look up in each other: counted, not followed for ever',
    send: [lan(to('198.18.6.1', 9))],
    counters: { 'ip4-lookup/route_loop': 1, 'lan.drops': 1 },
  },
  spread('flows share two next hops of one weight', '198.18.0.1', [FLOWS * 0.3, FLOWS * 0.7 + 4]),
  spread('flows share two next hops by weight', '198.18.1.1', [FLOWS * 0.75, FLOWS - 4]),
  spread('flows share the next hops behind which a next hop is', '198.18.11.1', [
    FLOWS * 0.3,
    FLOWS * 0.7 + 4,
  ]),
  sticks(
    'packets of a UDP flow stay on one path',
    to('198.18.0.1', 9, udp(3333)),
    to('198.18.0.1', 8, udp(3333)),
  ),
  sticks(
    'packets of a TCP flow stay on one path',
    to('198.18.0.1', 9, 'TCP(sport=5, dport=80)'),
    to('198.18.0.1', 8, 'TCP(sport=5, dport=80)'),
  ),
  {
    name: 'fragments of a datagram stay on one path, the first among them',
    send: [0, 1, 2].map((i) =>
      lan(`fragments(IP(src=HOST, dst='198.18.0.1', ttl=9, id=5)/${udp(3333)}, 8)[${i}]`),
    ),
    expect: [0, 1, 2].map((i) =>
      either(`fragments(IP(src=HOST, dst='198.18.0.1', ttl=8, id=5)/${udp(3333)}, 8)[${i}]`),
    ),
  },
  {
    name: 'echo is answered from the far end of a /31',
    send: [east('IP(src=ROUTER_A, dst=A)/ICMP(id=3)')],
    expect: [east('IP(src=A, dst=ROUTER_A)/ICMP(type=0, id=3)', { free: ['IP.id'] })],
    counters: { [ECHO]: 1 },
  },
  {
    name: 'a /31 has no broadcast address: both of its addresses are hosts (RFC 3021)',
    send: [lan('IP(src=HOST, dst=A)/ICMP(id=3)')],
    expect: [lan('IP(src=A, dst=HOST)/ICMP(type=0, id=3)', { free: ['IP.id'] })],
    counters: { [ECHO]: 1 },
  },
  {
    name: 'a /30 has one: a directed broadcast is not forwarded (RFC 2644)',
    send: [lan("IP(src=HOST, dst='203.0.113.3')/ICMP(id=3)")],
    counters: {},
  },
  {
    name: 'packets for the box come by any uplink',
    send: [west('IP(src=FAR_B, dst=LAN)/ICMP(id=3)')],
    expect: [west('IP(src=LAN, dst=FAR_B)/ICMP(type=0, id=3)', { free: ['IP.id'] })],
    counters: { [ECHO]: 1 },
  },
];

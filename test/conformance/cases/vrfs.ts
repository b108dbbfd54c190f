// VRFs: customers with the same addresses do not see each other; a tunnel's inner and outer VRF are its own.
import type { Case } from '../support/case.js';
import { blue, core, red } from '../support/vrfs.js';

const udp = 'UDP(sport=7, dport=8)/payload(20)';
const outer = 'IP(src=CORE, dst=PEER, ttl=64)';
const to = (ttl: number): string => `IP(src=HOST, dst=REMOTE, ttl=${ttl})/${udp}`;
const from = (ttl: number): string => `IP(src=REMOTE, dst=HOST, ttl=${ttl})/${udp}`;

export const vrfCases: readonly Case[] = [
  ...[
    { name: 'red', port: red },
    { name: 'blue', port: blue },
  ].flatMap(({ name, port }): Case[] => [
    {
      name: `${name}: what comes out of its tunnel reaches its host, though the other has the same address`,
      sas: { [`${name}-in`]: {} },
      send: [core(`seal('${name}-in', ${from(9)})`)],
      expect: [port(from(8))],
      counters: { [`${name}-tun.rx_packets`]: 1 },
    },
    {
      name: `${name}: what its host sends leaves by its tunnel's SA`,
      sas: { 'red-out': {}, 'blue-out': {} },
      send: [port(to(9))],
      expect: [core(`opens('${name}-out', ${to(8)}, ${outer}, 1)`, { free: ['IP.id'] })],
      counters: { [`${name}-tun.tx_packets`]: 1 },
    },
    {
      name: `${name}: what only the core has a route for is unreachable from here`,
      send: [port(`IP(src=HOST, dst=FAR)/${udp}`)],
      expect: [port(`icmp_error(GW, HOST, IP(src=HOST, dst=FAR)/${udp}, 3, 0)`)],
      counters: { 'ip4-lookup/no_route': 1, 'ip4-icmp-error/sent': 1, [`${name}.drops`]: 1 },
    },
    {
      name: `${name}: the core's own address is not the box's here`,
      send: [port('IP(src=HOST, dst=CORE)/ICMP()')],
      expect: [port('icmp_error(GW, HOST, IP(src=HOST, dst=CORE)/ICMP(), 3, 0)')],
      counters: { 'ip4-lookup/no_route': 1, 'ip4-icmp-error/sent': 1, [`${name}.drops`]: 1 },
    },
  ]),
  {
    name: "a customer's address is not reachable from the core",
    send: [core(`IP(src=FAR, dst=HOST, ttl=9)/${udp}`)],
    expect: [core(`IP(src=FAR, dst=HOST, ttl=8)/${udp}`)],
  },
];

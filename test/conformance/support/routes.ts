// A gateway with two uplinks, a second VRF, and every kind of route.
import { portOf } from './case.js';
import type { Topology } from './setting.js';

export const lan = portOf('lan');
/** An uplink of two addresses (RFC 3021), and one of four. */
export const east = portOf('east');
export const west = portOf('west');
export const either = portOf('east|west');
/** In the VRF `other`. */
export const other = portOf('other');

const names = {
  LAN: '10.1.0.1',
  HOST: '10.1.0.2',
  A: '198.51.100.2',
  ROUTER_A: '198.51.100.3',
  B: '203.0.113.2',
  ROUTER_B: '203.0.113.1',
  OTHER: '10.9.0.1',
  ROUTER_OTHER: '10.9.0.2',
  /** Beyond the uplinks, for the way back of sentinels. */
  FAR_A: '192.0.2.1',
  FAR_B: '192.0.2.2',
  /** Reached at the LAN without a router. */
  DIRECT: '198.18.8.8',
};

export const ECHO = 'ip4-icmp-echo/replies';

export const routes: Topology = {
  name: 'routes',
  ports: {
    lan: { mac: '02:00:00:00:21:02', stations: [names.HOST, names.DIRECT] },
    east: { mac: '02:00:00:00:22:02', stations: [names.ROUTER_A] },
    west: { mac: '02:00:00:00:23:02', stations: [names.ROUTER_B] },
    other: { mac: '02:00:00:00:24:02', stations: [names.ROUTER_OTHER] },
  },
  config: {
    vrfs: [{ name: 'default' }, { name: 'other' }],
    interfaces: [
      { name: 'lan', device: 'lan0', addresses: [`${names.LAN}/24`] },
      { name: 'east', device: 'east0', addresses: [`${names.A}/31`] },
      { name: 'west', device: 'west0', addresses: [`${names.B}/30`] },
      { name: 'other', device: 'other0', vrf: 'other', addresses: [`${names.OTHER}/24`] },
    ],
    routes: [
      { prefix: `${names.FAR_A}/32`, next_hop: names.ROUTER_A },
      { prefix: `${names.FAR_B}/32`, next_hop: names.ROUTER_B },
      { prefix: '198.18.0.0/24', next_hops: [{ address: names.ROUTER_A }, { address: names.ROUTER_B }] },
      {
        prefix: '198.18.1.0/24',
        next_hops: [{ address: names.ROUTER_A, weight: 7 }, { address: names.ROUTER_B }],
      },
      { prefix: '198.18.2.0/24', blackhole: true },
      { prefix: '198.18.3.0/24', unreachable: true },
      { prefix: '198.18.4.0/24', prohibit: true },
      { prefix: '198.18.5.0/24', vrf_lookup: 'other' },
      { prefix: '198.18.5.0/24', vrf: 'other', next_hop: names.ROUTER_OTHER },
      { prefix: '10.1.0.0/24', vrf: 'other', vrf_lookup: 'default' },
      { prefix: '198.18.6.0/24', vrf_lookup: 'other' },
      { prefix: '198.18.6.0/24', vrf: 'other', vrf_lookup: 'default' },
      { prefix: '198.18.7.0/24', next_hop: names.ROUTER_A },
      { prefix: '198.18.7.128/25', next_hop: names.ROUTER_B },
      { prefix: '198.18.7.129/32', next_hop: names.ROUTER_A },
      { prefix: '198.18.8.0/24', interface: 'lan' },
      { prefix: '198.18.9.0/24', next_hop: '198.18.7.200' },
      { prefix: '198.18.10.0/24', next_hop: '198.18.9.1' },
      { prefix: '198.18.11.0/24', next_hop: '198.18.0.9' },
    ],
  },
  names,
  warm: [lan('IP(src=HOST, dst=DIRECT)/UDP(sport=9, dport=9)')],
  sentinels: [
    { from: 'lan', to: 'east', packet: 'IP(src=HOST, dst=FAR_A)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'lan', to: 'west', packet: 'IP(src=HOST, dst=FAR_B)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'east', to: 'lan', packet: 'IP(src=FAR_A, dst=HOST)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'west', to: 'lan', packet: 'IP(src=FAR_B, dst=HOST)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'other', to: 'other', packet: 'IP(src=ROUTER_OTHER, dst=OTHER)/ICMP()/SENTINEL', counter: ECHO },
  ],
};

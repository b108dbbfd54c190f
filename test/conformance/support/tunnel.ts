// A gateway with a tunnel from its WAN, whose peer is scapy.
import type { Topology } from './setting.js';
import { twoPorts } from './two-ports.js';

const names = {
  ...twoPorts.names,
  PEER: '203.0.113.2',
  TUN: '10.99.0.1',
  /** Behind the peer. */
  REMOTE: '10.2.0.2',
};

export const tunnel: Topology = {
  name: 'tunnel',
  ports: twoPorts.ports,
  config: {
    interfaces: [
      { name: 'lan', device: 'lan0', addresses: [`${names.LAN}/24`] },
      { name: 'wan', device: 'wan0', addresses: [`${names.WAN}/24`] },
    ],
    tunnels: [{ name: 'tun', mtu: 1400, addresses: [`${names.TUN}/30`] }],
    routes: [
      { prefix: '0.0.0.0/0', next_hop: names.ROUTER },
      { prefix: '10.2.0.0/16', interface: 'tun' },
    ],
  },
  names,
  twins: { lan: 'tap', wan: 'tap', tun: 'tun' },
  sinks: [9, 500, 4500],
  sas: {
    in: { tunnel: 'tun', direction: 'in', src: names.PEER, dst: names.WAN },
    out: { tunnel: 'tun', direction: 'out', src: names.WAN, dst: names.PEER },
  },
  warm: twoPorts.warm,
  sentinels: twoPorts.sentinels,
};

// A gateway between two networks, and routes to what lies beyond.
import { portOf } from './case.js';
import type { Topology } from './setting.js';

export const lan = portOf('lan');
export const wan = portOf('wan');
export const twinLan = portOf('twin-lan');
export const twinWan = portOf('twin-wan');

/** Names for expressions. */
const names = {
  LAN: '10.1.0.1',
  HOST: '10.1.0.2',
  OTHER: '10.1.0.3',
  /** On the network, but answers no ARP. */
  SILENT: '10.1.0.99',
  WAN: '198.51.100.2',
  ROUTER: '198.51.100.1',
  /** By the router. */
  FAR: '192.0.2.10',
  NOWHERE: '203.0.113.77',
  HOLE: '203.0.113.130',
};

export const twoPorts = {
  name: 'two-ports',
  ports: {
    lan: { mac: '02:00:00:00:01:02', stations: [names.HOST, names.OTHER] },
    wan: { mac: '02:00:00:00:02:02', stations: [names.ROUTER] },
  },
  config: {
    interfaces: [
      { name: 'lan', device: 'lan0', addresses: [`${names.LAN}/24`] },
      { name: 'wan', device: 'wan0', addresses: [`${names.WAN}/24`], mtu: 1400 },
    ],
    routes: [
      { prefix: '192.0.2.0/24', next_hop: names.ROUTER },
      { prefix: '203.0.113.128/25', blackhole: true },
    ],
  },
  names,
  twins: { lan: 'tap', wan: 'tap' },
  sinks: [9],
  warm: [lan('IP(src=HOST, dst=OTHER)/UDP(sport=9, dport=9)')],
  sentinels: [
    { from: 'lan', to: 'wan', packet: 'IP(src=HOST, dst=FAR)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'wan', to: 'lan', packet: 'IP(src=FAR, dst=HOST)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'lan', to: 'twin-lan', packet: 'IP(src=HOST, dst=LAN)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'wan', to: 'twin-wan', packet: 'IP(src=FAR, dst=WAN)/UDP(sport=9, dport=9)/SENTINEL' },
  ],
} satisfies Topology;

// The same gateway in both families, for cases of IPv6.
import { portOf } from './case.js';
import type { Topology } from './setting.js';

export const lan = portOf('lan');
export const wan = portOf('wan');
export const twinLan = portOf('twin-lan');

const names = {
  LAN: '2001:db8:1::1',
  HOST: '2001:db8:1::2',
  OTHER: '2001:db8:1::3',
  /** Of the station at the LAN. */
  LINK_LOCAL: 'fe80::2',
  /** On the network, but answers no solicitation. */
  SILENT: '2001:db8:1::99',
  WAN: '2001:db8:ff::2',
  ROUTER: '2001:db8:ff::1',
  /** By the router. */
  FAR: '2001:db8:f0::10',
  NOWHERE: '2001:db8:dead::1',
  HOLE: '2001:db8:beef::1',
};

export const twoPorts6 = {
  name: 'two-ports-ip6',
  ports: {
    lan: { mac: '02:00:00:00:01:02', stations: [names.HOST, names.OTHER, names.LINK_LOCAL] },
    wan: { mac: '02:00:00:00:02:02', stations: [names.ROUTER] },
  },
  config: {
    interfaces: [
      { name: 'lan', device: 'lan0', addresses: [`${names.LAN}/64`] },
      { name: 'wan', device: 'wan0', addresses: [`${names.WAN}/64`], mtu: 1400 },
    ],
    routes: [
      { prefix: '2001:db8:f0::/48', next_hop: names.ROUTER },
      { prefix: '2001:db8:beef::/48', blackhole: true },
    ],
  },
  names,
  twins: { lan: 'tap', wan: 'tap' },
  sinks: [9],
  warm: [
    lan('IPv6(src=HOST, dst=OTHER)/UDP(sport=9, dport=9)'),
    lan('IPv6(src=LINK_LOCAL, dst=LAN)/ICMPv6EchoRequest()'),
  ],
  sentinels: [
    { from: 'lan', to: 'wan', packet: 'IPv6(src=HOST, dst=FAR)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'wan', to: 'lan', packet: 'IPv6(src=FAR, dst=HOST)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'lan', to: 'twin-lan', packet: 'IPv6(src=HOST, dst=LAN)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'wan', to: 'twin-wan', packet: 'IPv6(src=FAR, dst=WAN)/UDP(sport=9, dport=9)/SENTINEL' },
  ],
} satisfies Topology;

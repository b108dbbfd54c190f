// A gateway in both families with a tunnel of each kind from its WAN; the other end of all of them is scapy.
import { portOf } from './case.js';
import type { Topology } from './setting.js';

export const lan = portOf('lan');
export const wan = portOf('wan');
export const twinWan = portOf('twin-wan');

const names = {
  LAN: '10.1.0.1',
  LAN6: '2001:db8:1::1',
  HOST: '10.1.0.2',
  HOST6: '2001:db8:1::2',
  WAN: '198.51.100.2',
  WAN6: '2001:db8:ff::2',
  ROUTER: '198.51.100.1',
  ROUTER6: '2001:db8:ff::1',
  /** By the router. */
  FAR: '192.0.2.10',
  FAR6: '2001:db8:f0::10',
  PEER: '203.0.113.2',
  PEER6: '2001:db8:bb::2',
  /** Behind the peer, each by the tunnel of its name. */
  REMOTE: '10.20.0.2',
  REMOTE6: '2001:db8:20::2',
  BY_AFTER: '10.21.0.2',
  BY_SET: '10.22.0.2',
  BY_CLEAR: '10.23.0.2',
  BY_COPY: '10.24.0.2',
  BY_NARROW: '10.25.0.2',
  BY_NARROW6: '10.26.0.2',
  BY_GRE: '10.27.0.2',
  BY_GRE_6: '2001:db8:27::2',
  BY_IPIP: '10.28.0.2',
  BY_GRE6: '10.29.0.2',
  BY_AFTER_SET: '10.30.0.2',
};

const fromPeer = { direction: 'in', src: names.PEER, dst: names.WAN } as const;
const toPeer = { direction: 'out', src: names.WAN, dst: names.PEER } as const;
const fromPeer6 = { direction: 'in', src: names.PEER6, dst: names.WAN6 } as const;
const toPeer6 = { direction: 'out', src: names.WAN6, dst: names.PEER6 } as const;
const transport = { mode: 'transport' } as const;

export const dual: Topology = {
  name: 'dual',
  ports: {
    lan: { mac: '02:00:00:00:01:02', stations: [names.HOST, names.HOST6] },
    wan: { mac: '02:00:00:00:02:02', stations: [names.ROUTER, names.ROUTER6] },
  },
  config: {
    interfaces: [
      { name: 'lan', device: 'lan0', addresses: [`${names.LAN}/24`, `${names.LAN6}/64`] },
      { name: 'wan', device: 'wan0', addresses: [`${names.WAN}/24`, `${names.WAN6}/64`] },
    ],
    tunnels: [
      { name: 'tun', mtu: 1300 },
      { name: 'after', fragmentation: 'after' },
      { name: 'set', mtu: 1300, df: 'set' },
      { name: 'clear', mtu: 1300, df: 'clear' },
      { name: 'copy', mtu: 1300, df: 'copy' },
      { name: 'narrow', mtu: 1400 },
      { name: 'narrow6', mtu: 1400 },
      { name: 'gre', kind: 'gre', local: names.WAN, remote: names.PEER, mtu: 1300 },
      { name: 'after-set', fragmentation: 'after', df: 'set' },
      { name: 'gre6', kind: 'gre', key: 9, local: names.WAN6, remote: names.PEER6, mtu: 1300 },
      { name: 'ipip', kind: 'ipip', local: names.WAN, remote: names.PEER, mtu: 1300 },
    ],
    routes: [
      { prefix: '0.0.0.0/0', next_hop: names.ROUTER },
      { prefix: '::/0', next_hop: names.ROUTER6 },
      { prefix: '10.20.0.0/16', interface: 'tun' },
      { prefix: '2001:db8:20::/48', interface: 'tun' },
      { prefix: '10.21.0.0/16', interface: 'after' },
      { prefix: '10.22.0.0/16', interface: 'set' },
      { prefix: '10.23.0.0/16', interface: 'clear' },
      { prefix: '10.24.0.0/16', interface: 'copy' },
      { prefix: '10.25.0.0/16', interface: 'narrow' },
      { prefix: '10.26.0.0/16', interface: 'narrow6' },
      { prefix: '10.27.0.0/16', interface: 'gre' },
      { prefix: '2001:db8:27::/48', interface: 'gre' },
      { prefix: '10.28.0.0/16', interface: 'ipip' },
      { prefix: '10.29.0.0/16', interface: 'gre6' },
      { prefix: '10.30.0.0/16', interface: 'after-set' },
    ],
  },
  names,
  twins: { lan: 'tap', wan: 'tap' },
  sinks: [9],
  sas: {
    in: { tunnel: 'tun', ...fromPeer },
    out: { tunnel: 'tun', ...toPeer },
    in6: { tunnel: 'tun', ...fromPeer6 },
    out6: { tunnel: 'tun', ...toPeer6 },
    after: { tunnel: 'after', ...toPeer },
    after6: { tunnel: 'after', ...toPeer6 },
    'after-set': { tunnel: 'after-set', ...toPeer },
    set: { tunnel: 'set', ...toPeer },
    clear: { tunnel: 'clear', ...toPeer },
    copy: { tunnel: 'copy', ...toPeer },
    narrow: { tunnel: 'narrow', ...toPeer },
    narrow6: { tunnel: 'narrow6', ...toPeer6 },
    'gre-in': { tunnel: 'gre', ...fromPeer, ...transport },
    'gre-out': { tunnel: 'gre', ...toPeer, ...transport },
    'gre6-in': { tunnel: 'gre6', ...fromPeer6, ...transport },
    'gre6-out': { tunnel: 'gre6', ...toPeer6, ...transport },
    'ipip-in': { tunnel: 'ipip', ...fromPeer, ...transport },
    'ipip-out': { tunnel: 'ipip', ...toPeer, ...transport },
  },
  sentinels: [
    { from: 'lan', to: 'wan', packet: 'IP(src=HOST, dst=FAR)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'wan', to: 'lan', packet: 'IP(src=FAR, dst=HOST)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'lan', to: 'wan', packet: 'IPv6(src=HOST6, dst=FAR6)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'wan', to: 'lan', packet: 'IPv6(src=FAR6, dst=HOST6)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'lan', to: 'twin-lan', packet: 'IP(src=HOST, dst=LAN)/UDP(sport=9, dport=9)/SENTINEL' },
    { from: 'wan', to: 'twin-wan', packet: 'IP(src=FAR, dst=WAN)/UDP(sport=9, dport=9)/SENTINEL' },
  ],
};

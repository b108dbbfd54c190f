// A gateway with three VRFs: two customers with the same addresses, and the internet between them and a peer.
import { portOf } from './case.js';
import type { Topology } from './setting.js';

export const red = portOf('red');
export const blue = portOf('blue');
export const core = portOf('core');

const names = {
  /** Of both customers. */
  GW: '10.1.0.1',
  HOST: '10.1.0.2',
  CORE: '198.51.100.2',
  ROUTER: '198.51.100.1',
  FAR: '192.0.2.10',
  PEER: '203.0.113.2',
  REMOTE: '10.2.0.2',
  TUN: '10.99.0.1',
};

const ECHO = 'ip4-icmp-echo/replies';

export const vrfs: Topology = {
  name: 'vrfs',
  ports: {
    red: { mac: '02:00:00:00:11:02', stations: [names.HOST] },
    blue: { mac: '02:00:00:00:12:02', stations: [names.HOST] },
    core: { mac: '02:00:00:00:13:02', stations: [names.ROUTER] },
  },
  config: {
    vrfs: [{ name: 'default' }, { name: 'red' }, { name: 'blue' }],
    interfaces: [
      { name: 'core', device: 'core0', addresses: [`${names.CORE}/24`] },
      { name: 'red', device: 'red0', vrf: 'red', addresses: [`${names.GW}/24`] },
      { name: 'blue', device: 'blue0', vrf: 'blue', addresses: [`${names.GW}/24`] },
    ],
    tunnels: [
      { name: 'red-tun', vrf: 'red', outer_vrf: 'default', mtu: 1400, addresses: [`${names.TUN}/30`] },
      { name: 'blue-tun', vrf: 'blue', outer_vrf: 'default', mtu: 1400, addresses: [`${names.TUN}/30`] },
    ],
    routes: [
      { prefix: '0.0.0.0/0', next_hop: names.ROUTER },
      { prefix: '10.2.0.0/16', vrf: 'red', interface: 'red-tun' },
      { prefix: '10.2.0.0/16', vrf: 'blue', interface: 'blue-tun' },
    ],
  },
  names,
  sas: {
    'red-in': { tunnel: 'red-tun', direction: 'in', src: names.PEER, dst: names.CORE },
    'red-out': { tunnel: 'red-tun', direction: 'out', src: names.CORE, dst: names.PEER },
    'blue-in': { tunnel: 'blue-tun', direction: 'in', src: names.PEER, dst: names.CORE },
    'blue-out': { tunnel: 'blue-tun', direction: 'out', src: names.CORE, dst: names.PEER },
  },
  sentinels: [
    { from: 'red', to: 'red', packet: 'IP(src=HOST, dst=GW)/ICMP()/SENTINEL', counter: ECHO },
    { from: 'blue', to: 'blue', packet: 'IP(src=HOST, dst=GW)/ICMP()/SENTINEL', counter: ECHO },
    { from: 'core', to: 'core', packet: 'IP(src=FAR, dst=CORE)/ICMP()/SENTINEL', counter: ECHO },
  ],
};

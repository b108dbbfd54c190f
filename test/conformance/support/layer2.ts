// A branch's box: two ports and a VLAN of a trunk are one network, other VLANs of the trunk are networks of their own.
import { portOf } from './case.js';
import type { Topology } from './setting.js';

export const a = portOf('p1');
export const b = portOf('p2');
export const trunk = portOf('trunk');
export const wan = portOf('wan');

const names = {
  BRIDGE: '10.1.0.1',
  HOST_A: '10.1.0.2',
  HOST_B: '10.1.0.3',
  HOST_6: '10.1.0.4',
  TRUNK: '10.3.0.1',
  HOST_T: '10.3.0.2',
  V5: '10.5.0.1',
  HOST_5: '10.5.0.2',
  Q7: '10.7.0.1',
  HOST_7: '10.7.0.2',
  LOOP: '10.255.0.1',
  WAN: '198.51.100.2',
  ROUTER: '198.51.100.1',
  FAR: '192.0.2.10',
};

const ECHO = 'ip4-icmp-echo/replies';

export const layer2 = {
  name: 'layer2',
  ports: {
    p1: { mac: '02:00:00:00:21:02', stations: [names.HOST_A] },
    p2: { mac: '02:00:00:00:22:02', stations: [names.HOST_B] },
    // Two tags are four octets more than Linux lets pass.
    trunk: {
      mac: '02:00:00:00:23:02',
      stations: [names.HOST_T, names.HOST_5, names.HOST_7, names.HOST_6],
      mtu: 1504,
    },
    wan: { mac: '02:00:00:00:24:02', stations: [names.ROUTER] },
  },
  config: {
    interfaces: [
      { name: 'p1', device: 'p10' },
      { name: 'p2', device: 'p20' },
      { name: 'trunk', device: 'trunk0', addresses: [`${names.TRUNK}/24`] },
      { name: 'wan', device: 'wan0', addresses: [`${names.WAN}/24`] },
    ],
    vlans: [
      { name: 'v5', parent: 'trunk', vlan: 5, addresses: [`${names.V5}/24`] },
      { name: 'v6', parent: 'trunk', vlan: 6 },
      { name: 'q7', parent: 'trunk', vlan: 7, inner_vlan: 30, addresses: [`${names.Q7}/24`] },
    ],
    bridges: [{ name: 'lan', members: ['p1', 'p2', 'v6'], addresses: [`${names.BRIDGE}/24`] }],
    loopbacks: [{ name: 'loop', addresses: [`${names.LOOP}/32`] }],
    routes: [{ prefix: '192.0.2.0/24', next_hop: names.ROUTER }],
  },
  names,
  // Each has the bridge hear its station, and the box resolve it.
  sentinels: [
    {
      from: 'p1',
      to: 'p1',
      packet: 'Ether(src=STATION_P1, dst=MAC_P1)/IP(src=HOST_A, dst=BRIDGE)/ICMP()/SENTINEL',
      counter: ECHO,
    },
    {
      from: 'p2',
      to: 'p2',
      packet: 'Ether(src=STATION_P2, dst=MAC_P1)/IP(src=HOST_B, dst=BRIDGE)/ICMP()/SENTINEL',
      counter: ECHO,
    },
    {
      from: 'trunk',
      to: 'trunk',
      packet: 'Ether(src=STATION_TRUNK, dst=MAC_P1)/Dot1Q(vlan=6)/IP(src=HOST_6, dst=BRIDGE)/ICMP()/SENTINEL',
      counter: ECHO,
    },
    {
      from: 'trunk',
      to: 'trunk',
      packet: 'Ether(src=STATION_TRUNK, dst=MAC_TRUNK)/Dot1Q(vlan=5)/IP(src=HOST_5, dst=V5)/ICMP()/SENTINEL',
      counter: ECHO,
    },
    {
      from: 'trunk',
      to: 'trunk',
      packet:
        'Ether(src=STATION_TRUNK, dst=MAC_TRUNK)/Dot1AD(vlan=7)/Dot1Q(vlan=30)/IP(src=HOST_7, dst=Q7)/ICMP()/SENTINEL',
      counter: ECHO,
    },
    { from: 'trunk', to: 'trunk', packet: 'IP(src=HOST_T, dst=TRUNK)/ICMP()/SENTINEL', counter: ECHO },
    { from: 'wan', to: 'wan', packet: 'IP(src=FAR, dst=WAN)/ICMP()/SENTINEL', counter: ECHO },
  ],
} satisfies Topology;

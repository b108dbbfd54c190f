// A bridge with a routed interface (IEEE 802.1Q clause 8).
import type { Case } from '../support/case.js';
import { a, b, trunk, wan } from '../support/layer2.js';

const udp = 'UDP(sport=7, dport=8)/payload(20)';
const GROUP = "'01:00:5e:01:02:03'";
const NOBODY = "'02:00:00:00:ee:ee'";
const ip = 'IP(src=HOST_A, dst=HOST_B, ttl=9, id=5)';
const frame = (dst: string, src = 'STATION_P1'): string => `Ether(src=${src}, dst=${dst})/${ip}/${udp}`;
const tagged = (dst: string, tag: string): string => `Ether(src=STATION_P1, dst=${dst})/${tag}/${ip}/${udp}`;

export const bridges: readonly Case[] = [
  {
    name: 'a frame leaves by the member behind which its destination is, unchanged',
    send: [a(frame('STATION_P2'))],
    expect: [b(frame('STATION_P2'))],
  },
  {
    name: "frames of any protocol and length, and with tags that are nobody's",
    send: [
      a('Ether(src=STATION_P1, dst=STATION_P2, type=0x88b5)/Raw(payload(1500))'),
      a('Ether(src=STATION_P1, dst=STATION_P2, type=0x88b5)/Raw(payload(1))'),
      a(tagged('STATION_P2', 'Dot1Q(vlan=77, prio=3)')),
    ],
    expect: [
      b('Ether(src=STATION_P1, dst=STATION_P2, type=0x88b5)/Raw(payload(1500))', { unordered: true }),
      b('Ether(src=STATION_P1, dst=STATION_P2, type=0x88b5)/Raw(payload(1))', { unordered: true }),
      b(tagged('STATION_P2', 'Dot1Q(vlan=77, prio=3)'), { unordered: true }),
    ],
  },
  {
    name: 'to a member that is a VLAN it goes with the tag, its priority kept',
    send: [a(frame('STATION_TRUNK')), a(tagged('STATION_TRUNK', 'Dot1Q(vlan=0, prio=5)'))],
    expect: [
      trunk(tagged('STATION_TRUNK', 'Dot1Q(vlan=6)'), { unordered: true }),
      trunk(tagged('STATION_TRUNK', 'Dot1Q(vlan=6, prio=5)'), { unordered: true }),
    ],
  },
  {
    name: 'to a station that nobody has heard it goes to all others',
    send: [a(frame(NOBODY))],
    expect: [b(frame(NOBODY)), trunk(tagged(NOBODY, 'Dot1Q(vlan=6)'))],
    counters: { 'l2-flood/copies': 1 },
  },
  {
    name: 'to a group it goes to all others, and to the box',
    send: [b(frame(GROUP, 'STATION_P2'))],
    expect: [
      a(frame(GROUP, 'STATION_P2')),
      trunk(`Ether(src=STATION_P2, dst=${GROUP})/Dot1Q(vlan=6)/${ip}/${udp}`),
    ],
    counters: { 'l2-flood/copies': 2, 'ip4-lookup/link_group': 1, 'lan.drops': 1 },
  },
  {
    name: 'it never goes back to where it came from',
    send: [a(frame('STATION_P1', 'STATION_P1'))],
    counters: { 'l2-input/same_member': 1, 'p1.drops': 1 },
  },
  {
    name: 'groups of bridges themselves go nowhere: spanning tree, pause, LACP, 802.1X, LLDP',
    send: ['00', '01', '02', '03', '0e', '0f'].map((last) => a(frame(`'01:80:c2:00:00:${last}'`))),
    counters: { 'l2-input/reserved_group': 6, 'p1.drops': 6 },
  },
  {
    name: 'sources that cannot be: a group, nobody, the bridge itself',
    send: [GROUP, "'00:00:00:00:00:00'", 'MAC_P1'].map((source) => b(frame('STATION_P1', source))),
    counters: { 'l2-input/bad_source': 2, 'l2-input/own_source': 1, 'p2.drops': 3 },
  },
  {
    name: 'what is for the bridge is routed, from any member',
    send: [
      a(`Ether(src=STATION_P1, dst=MAC_P1)/IP(src=HOST_A, dst=FAR, ttl=9, id=5)/${udp}`),
      trunk(
        `Ether(src=STATION_TRUNK, dst=MAC_P1)/Dot1Q(vlan=6, prio=5)/IP(src=HOST_A, dst=FAR, ttl=9, id=5)/${udp}`,
      ),
    ],
    expect: [wan(`IP(src=HOST_A, dst=FAR, ttl=8, id=5)/${udp}`, { times: 2 })],
  },
  {
    name: 'what is routed out of it leaves by the member behind which the host is',
    send: [
      wan(`IP(src=FAR, dst=HOST_B, ttl=9, id=5)/${udp}`),
      wan(`IP(src=FAR, dst=HOST_6, ttl=9, id=5)/${udp}`),
    ],
    expect: [
      b(`Ether(src=MAC_P1, dst=STATION_P2)/IP(src=FAR, dst=HOST_B, ttl=8, id=5)/${udp}`),
      trunk(`Ether(src=MAC_P1, dst=STATION_TRUNK)/Dot1Q(vlan=6)/IP(src=FAR, dst=HOST_6, ttl=8, id=5)/${udp}`),
    ],
  },
  {
    name: 'ARP for the bridge is heard by all, and answered to the one',
    watch: ['arp'],
    send: [
      b(
        'Ether(src=STATION_P2, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=STATION_P2, psrc=HOST_B, pdst=BRIDGE)',
      ),
    ],
    expect: [
      b(
        'Ether(src=MAC_P1, dst=STATION_P2)/ARP(op=2, hwsrc=MAC_P1, psrc=BRIDGE, hwdst=STATION_P2, pdst=HOST_B)',
      ),
      a(
        'Ether(src=STATION_P2, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=STATION_P2, psrc=HOST_B, pdst=BRIDGE)',
      ),
      trunk(
        'Ether(src=STATION_P2, dst="ff:ff:ff:ff:ff:ff")/Dot1Q(vlan=6)/ARP(op=1, hwsrc=STATION_P2, psrc=HOST_B, pdst=BRIDGE)',
      ),
    ],
    counters: { 'arp-input/answered': 1, 'l2-flood/copies': 2 },
  },
  {
    name: 'a station that moves is found at its new place',
    steps: [
      {
        send: [b(frame('STATION_TRUNK', NOBODY)), a(frame('STATION_TRUNK', NOBODY))],
        expect: [trunk(`Ether(src=${NOBODY}, dst=STATION_TRUNK)/Dot1Q(vlan=6)/${ip}/${udp}`, { times: 2 })],
      },
    ],
    counters: { 'l2-input/learnt': 2, 'control/macs_moved': 1 },
  },
];

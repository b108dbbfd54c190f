// IEEE 802.1Q: sub-interfaces by one tag and by two, priority tags, and the priority of what is routed.
import type { Case } from '../support/case.js';
import { trunk, wan } from '../support/layer2.js';

const udp = 'UDP(sport=7, dport=8)/payload(20)';
const toTrunk = 'Ether(src=STATION_TRUNK, dst=MAC_TRUNK)';
const fromTrunk = 'Ether(src=MAC_TRUNK, dst=STATION_TRUNK)';
const out = (src: string, ttl = 9): string => `IP(src=${src}, dst=FAR, ttl=${ttl}, id=5)/${udp}`;
const back = (dst: string, ttl = 9): string => `IP(src=FAR, dst=${dst}, ttl=${ttl}, id=5, tos=0xb8)/${udp}`;

export const vlans: readonly Case[] = [
  {
    name: 'what has a tag is of its sub-interface, whatever its priority',
    send: [0, 5, 7].map((prio) => trunk(`${toTrunk}/Dot1Q(vlan=5, prio=${prio}, id=1)/${out('HOST_5')}`)),
    expect: [wan(out('HOST_5', 8), { times: 3 })],
  },
  {
    name: 'what is routed there gets the tag, with priority 0',
    send: [wan(back('HOST_5'))],
    expect: [trunk(`${fromTrunk}/Dot1Q(vlan=5)/${back('HOST_5', 8)}`)],
  },
  {
    name: 'two tags, the outer one an S-TAG, both ways',
    send: [
      trunk(`${toTrunk}/Dot1AD(vlan=7, prio=2)/Dot1Q(vlan=30, prio=6)/${out('HOST_7')}`),
      wan(back('HOST_7')),
    ],
    expect: [wan(out('HOST_7', 8)), trunk(`${fromTrunk}/Dot1AD(vlan=7)/Dot1Q(vlan=30)/${back('HOST_7', 8)}`)],
  },
  {
    name: 'a whole packet of the MTU passes with two tags',
    send: [wan('IP(src=FAR, dst=HOST_7, ttl=9, id=5, flags="DF")/Raw(payload(1480))')],
    expect: [
      trunk(
        `${fromTrunk}/Dot1AD(vlan=7)/Dot1Q(vlan=30)/IP(src=FAR, dst=HOST_7, ttl=8, id=5, flags="DF")/Raw(payload(1480))`,
      ),
    ],
  },
  {
    name: 'VID 0 is no VLAN: a priority only',
    send: [trunk(`${toTrunk}/Dot1Q(vlan=0, prio=6)/${out('HOST_T')}`)],
    expect: [wan(out('HOST_T', 8))],
  },
  {
    name: "what has no tag is the port's own",
    send: [trunk(out('HOST_T')), wan(back('HOST_T'))],
    expect: [wan(out('HOST_T', 8)), trunk(back('HOST_T', 8))],
  },
  {
    name: 'VLANs without a sub-interface go nowhere',
    send: [
      ...[8, 30, 4095].map((vid) => trunk(`${toTrunk}/Dot1Q(vlan=${vid})/${out('HOST_5')}`)),
      trunk(`${toTrunk}/Dot1AD(vlan=5)/${out('HOST_5')}`),
      trunk(`${toTrunk}/Dot1Q(vlan=7)/Dot1Q(vlan=30)/${out('HOST_7')}`),
      trunk(`${toTrunk}/Dot1AD(vlan=7)/Dot1Q(vlan=31)/${out('HOST_7')}`),
      wan(`Ether(src=STATION_WAN, dst=MAC_WAN)/Dot1Q(vlan=5)/${out('HOST_5')}`),
    ],
    counters: { 'vlan-input/unknown_vlan': 7, 'trunk.drops': 6, 'wan.drops': 1 },
  },
  {
    name: "another station's frame in a VLAN is not the box's",
    send: [trunk(`Ether(src=STATION_TRUNK, dst='02:00:00:00:99:99')/Dot1Q(vlan=5)/${out('HOST_5')}`)],
    counters: { 'ethernet-input/other_host': 1, 'v5.drops': 1 },
  },
  {
    name: 'ARP is asked and answered within the VLAN',
    watch: ['arp'],
    send: [
      trunk(
        'Ether(src=STATION_TRUNK, dst="ff:ff:ff:ff:ff:ff")/Dot1Q(vlan=5)/ARP(op=1, hwsrc=STATION_TRUNK, psrc=HOST_5, pdst=V5)',
      ),
    ],
    expect: [
      trunk(
        `${fromTrunk}/Dot1Q(vlan=5)/ARP(op=2, hwsrc=MAC_TRUNK, psrc=V5, hwdst=STATION_TRUNK, pdst=HOST_5)`,
      ),
    ],
    counters: { 'arp-input/answered': 1 },
  },
  {
    name: 'an address of another VLAN is not answered for',
    watch: ['arp'],
    send: [
      trunk(
        'Ether(src=STATION_TRUNK, dst="ff:ff:ff:ff:ff:ff")/Dot1Q(vlan=5)/ARP(op=1, hwsrc=STATION_TRUNK, psrc=HOST_5, pdst=Q7)',
      ),
    ],
    counters: { 'arp-input/not_for_us': 1, 'v5.drops': 1 },
  },
  {
    name: "a loopback's address answers, whichever link the question comes by",
    send: [
      wan('IP(src=FAR, dst=LOOP)/ICMP(id=1)/payload(8)'),
      trunk(`${toTrunk}/Dot1Q(vlan=5)/IP(src=HOST_5, dst=LOOP)/ICMP(id=1)/payload(8)`),
    ],
    expect: [
      wan('IP(src=LOOP, dst=FAR)/ICMP(type=0, id=1)/payload(8)', { free: ['IP.id'] }),
      trunk(`${fromTrunk}/Dot1Q(vlan=5)/IP(src=LOOP, dst=HOST_5)/ICMP(type=0, id=1)/payload(8)`, {
        free: ['IP.id'],
      }),
    ],
    counters: { 'ip4-icmp-echo/replies': 2 },
  },
];

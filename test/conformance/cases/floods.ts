// What is bounded: errors, neighbours that do not answer, what Linux gets. The rest of a flood is dropped, counted.
import type { Case } from '../support/case.js';
import { lan, twinLan, wan } from '../support/two-ports.js';

/** Frames of a flood: fewer than a port's ring holds, so that none is lost before the gateway sees it. */
const FLOOD = 1200;
/** Errors at once, and what Linux gets at once of one source's ARP and ICMP; they refill while a flood goes on. */
const ERRORS_AT_ONCE = 100;
const ARP_AT_ONCE = 250;
const ICMP_AT_ONCE = 100;
/** Packets that may wait for one neighbour. */
const WAITING = 16;

const expired = 'IP(src=HOST, dst=FAR, ttl=1)/UDP(sport=1, dport=2)';
const toSilent = 'IP(src=FAR, dst=SILENT)/UDP(sport=1, dport=2)';
const reply =
  "Ether(dst=MAC_LAN, src=STATION_LAN)/ARP(op='is-at', psrc=HOST, hwsrc=STATION_LAN, pdst=LAN, hwdst=MAC_LAN)";
const echoReply = 'IP(src=HOST, dst=LAN)/ICMP(type=0)';
const fromOther = 'IP(src=OTHER, dst=LAN)/ICMP(type=0)';
const linked = (packet: string): string => `Ether(dst=MAC_LAN, src=STATION_LAN)/${packet}`;

export const floods: readonly Case[] = [
  {
    name: 'ICMP errors come at a bounded rate',
    send: [lan(expired, { times: FLOOD })],
    expect: [lan(`icmp_error(LAN, HOST, ${expired}, 11, 0)`, { times: ERRORS_AT_ONCE, atMost: FLOOD - 1 })],
    counters: {
      'ip4-rewrite/ttl_expired': FLOOD,
      'ip4-icmp-error/sent': [ERRORS_AT_ONCE, FLOOD - 1],
      'ip4-icmp-error/rate_limited': [1, FLOOD - ERRORS_AT_ONCE],
      'lan.drops': FLOOD,
    },
  },
  {
    name: 'a neighbour that does not answer: so many packets wait, then each has its host unreachable',
    send: [wan(toSilent, { times: WAITING + 4 })],
    expect: [wan(`icmp_error(WAN, FAR, ${toSilent}, 3, 1)`, { times: WAITING })],
    counters: {
      'ip4-arp/waiting': WAITING,
      'ip4-arp/queue_full': 4,
      'ip4-arp/unresolved': WAITING,
      'ip4-icmp-error/sent': WAITING,
      'wan.drops': WAITING + 4,
    },
  },
  {
    name: 'ARP replies reach Linux at a bounded rate',
    watch: ['arp'],
    send: [lan(reply, { times: FLOOD })],
    expect: [twinLan(reply, { times: ARP_AT_ONCE, atMost: FLOOD - 1 })],
    counters: { 'punt/policed_arp': [1, FLOOD - ARP_AT_ONCE], 'lan.drops': [1, FLOOD - ARP_AT_ONCE] },
  },
  {
    name: 'so does ICMP, and a flood from one source leaves the other its share',
    send: [lan(echoReply, { times: FLOOD }), lan(fromOther)],
    expect: [
      twinLan(linked(fromOther), { unordered: true }),
      twinLan(linked(echoReply), { times: ICMP_AT_ONCE, atMost: FLOOD - 1 }),
    ],
    counters: { 'punt/policed_icmp': [1, FLOOD - ICMP_AT_ONCE], 'lan.drops': [1, FLOOD - ICMP_AT_ONCE] },
  },
  {
    name: 'a flood of ARP requests is answered, and does not keep forwarding from working',
    watch: ['arp'],
    send: [
      lan(
        "Ether(dst='ff:ff:ff:ff:ff:ff', src=STATION_LAN)/ARP(op='who-has', psrc=HOST, hwsrc=STATION_LAN, pdst=LAN)",
        {
          times: FLOOD,
        },
      ),
      lan('IP(src=HOST, dst=FAR, ttl=9)/UDP(sport=1, dport=2)'),
    ],
    expect: [
      lan(
        "Ether(dst=STATION_LAN, src=MAC_LAN)/ARP(op='is-at', psrc=LAN, hwsrc=MAC_LAN, pdst=HOST, hwdst=STATION_LAN)",
        { times: FLOOD },
      ),
      wan('IP(src=HOST, dst=FAR, ttl=8)/UDP(sport=1, dport=2)'),
    ],
    counters: { 'arp-input/answered': FLOOD },
    may: ['arp-input/not_learnt'],
  },
];

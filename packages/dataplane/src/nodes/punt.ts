// punt: gives packets for Linux to the TAP twin of the interface they came in by, at a bounded rate.
//
// Expects: offset at the Ethernet header, or at l3 for what a tunnel or the box itself made.
// Next:    none. Policed per protocol and source (graph/punt-policer.ts), so that a flood cannot starve IKE or SSH.

import { INTERFACE_COUNTERS_SHIFT, INTERFACE_PUNTED } from '../graph/counters.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { FLAG_LINK_GROUP } from '../memory/packet-pool.js';
import { hasEthernet } from '../tables/interfaces.js';
import { ETHERNET_BYTES, ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import { writeU16 } from '../wire/ip4.js';
import { putMac } from './arp-input.js';
import { puntClass, sourceHash } from './punt-class.js';

const COUNT_QUEUE_FULL = 0;
/** The counter of what a class's policer drops is this and the class. */
const POLICED = 1;

const policed = (
  name: string,
  what: string,
): { name: string; severity: 'warning'; drop: true; help: string } => ({
  name: `policed_${name}`,
  severity: 'warning',
  drop: true,
  help: `more ${what} for the box than it takes in a second`,
});

export const punt = defineNode({
  name: 'punt',
  next: [],
  counters: [
    { name: 'queue_full', severity: 'warning', drop: true, help: 'the host-I/O thread is behind' },
    policed('arp', 'ARP'),
    policed('nd', 'IPv6 neighbour discovery'),
    policed('ike', 'IKE'),
    policed('dhcp', 'DHCP'),
    policed('login', 'SSH and Telnet'),
    policed('routing', 'routing protocols'),
    policed('icmp', 'ICMP'),
    policed('tcp', 'TCP'),
    policed('other', 'other traffic'),
  ],

  run({ pool, interfaces, interfaceCounters, services, puntPolicer, now }, frame, next, counters): void {
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = pool.rxInterface[packet]!;
      const kind = puntClass(pool, packet);
      if (!puntPolicer.take(kind, sourceHash(pool, packet), now)) {
        counters[POLICED + kind]!++;
        pool.reason[packet] = POLICED + kind;
        next[i] = NEXT_DROP;
        continue;
      }
      if (hasEthernet(interfaces.kind[row]!) && pool.offset[packet] === pool.l3[packet]) {
        prependEthernet(pool.bytes, pool.l3[packet]!, interfaces.mac0[row]!, interfaces.mac2[row]!);
        pool.offset[packet] = pool.l3[packet]! - ETHERNET_BYTES;
        pool.length[packet] = pool.length[packet]! + ETHERNET_BYTES;
      }
      pool.flags[packet] = pool.flags[packet]! & ~FLAG_LINK_GROUP;
      if (services.punt(packet, puntPolicer.reserveOf(kind))) {
        interfaceCounters[(row << INTERFACE_COUNTERS_SHIFT) + INTERFACE_PUNTED]!++;
        next[i] = NEXT_CONSUMED;
      } else {
        counters[COUNT_QUEUE_FULL]!++;
        pool.reason[packet] = COUNT_QUEUE_FULL;
        next[i] = NEXT_DROP;
      }
    }
  },
});

/** A link header for a packet that has none, as if the interface had sent to itself. */
function prependEthernet(bytes: Uint8Array, l3: number, mac0: number, mac2: number): void {
  putMac(bytes, l3 - ETHERNET_BYTES, mac0, mac2);
  putMac(bytes, l3 - 8, mac0, mac2);
  writeU16(bytes, l3 - 2, bytes[l3]! >>> 4 === 4 ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
}

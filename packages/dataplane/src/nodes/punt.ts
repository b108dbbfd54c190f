// punt: gives packets for Linux to the TAP twin of the interface they came in by, at a bounded rate.
//
// Expects: offset at the Ethernet header, or at l3 for what a tunnel or the box itself made.
// Next:    none. Telnet only by interfaces that it is on for. Policed per protocol and source (graph/punt-policer.ts), so that a flood cannot starve IKE or SSH.

import { INTERFACE_COUNTERS_SHIFT, INTERFACE_PUNTED } from '../graph/counters.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { PUNT_LOGIN } from '../graph/punt-policer.js';
import { FLAG_LINK_GROUP } from '../memory/packet-pool.js';
import { hasEthernet } from '../tables/interfaces.js';
import { ETHERNET_BYTES, ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import { writeU16 } from '../wire/ip4.js';
import { putMac } from './arp-input.js';
import { isForTelnet, puntClass, sourceHash } from './punt-class.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const COUNTERS_SHIFT = INTERFACE_COUNTERS_SHIFT;
const PUNTED = INTERFACE_PUNTED;
const NO_LINK_GROUP = ~FLAG_LINK_GROUP;

const LOGIN = PUNT_LOGIN;

const COUNT_QUEUE_FULL = 0;
const COUNT_TELNET_OFF = 1;
/** The counter of what a class's policer drops is this and the class. */
const POLICED = 2;

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
    {
      name: 'telnet_off',
      severity: 'warning',
      drop: true,
      help: 'Telnet by an interface that management.telnet does not name',
    },
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

  make(context) {
    const { pool, interfaces, interfaceCounters, services, puntPolicer } = context;
    const { bytes, rxInterface, reason, offset, length, l3, flags } = pool;
    const { kind, mac0, mac2, telnet } = interfaces;
    return (_context, frame, next, counters) => {
      const { packets, length: count } = frame;
      const { now } = context;
      for (let i = 0; i < count; i++) {
        const packet = packets[i]!;
        const row = rxInterface[packet]!;
        const group = puntClass(pool, packet);
        if (group === LOGIN && telnet[row] === 0 && isForTelnet(pool, packet)) {
          counters[COUNT_TELNET_OFF]!++;
          reason[packet] = COUNT_TELNET_OFF;
          next[i] = NEXT_DROP;
          continue;
        }
        if (!puntPolicer.take(group, sourceHash(pool, packet), now)) {
          counters[POLICED + group]!++;
          reason[packet] = POLICED + group;
          next[i] = NEXT_DROP;
          continue;
        }
        const ip = l3[packet]!;
        if (offset[packet] === ip && hasEthernet(kind[row]!)) {
          prependEthernet(bytes, ip, mac0[row]!, mac2[row]!);
          offset[packet] = ip - ETHERNET_BYTES;
          length[packet] = length[packet]! + ETHERNET_BYTES;
        }
        flags[packet] = flags[packet]! & NO_LINK_GROUP;
        if (services.punt(packet, puntPolicer.reserveOf(group))) {
          interfaceCounters[(row << COUNTERS_SHIFT) + PUNTED]!++;
          next[i] = NEXT_CONSUMED;
        } else {
          counters[COUNT_QUEUE_FULL]!++;
          reason[packet] = COUNT_QUEUE_FULL;
          next[i] = NEXT_DROP;
        }
      }
    };
  },
});

/** A link header for a packet that has none, as if the interface had sent to itself. */
function prependEthernet(bytes: Uint8Array, l3: number, mac0: number, mac2: number): void {
  putMac(bytes, l3 - ETHERNET_BYTES, mac0, mac2);
  putMac(bytes, l3 - 8, mac0, mac2);
  writeU16(bytes, l3 - 2, bytes[l3]! >>> 4 === 4 ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
}

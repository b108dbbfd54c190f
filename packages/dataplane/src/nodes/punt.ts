// punt: gives packets for Linux to the TAP twin of the interface they came in by, at a bounded rate.
//
// Expects: offset at the Ethernet header, or at l3 for what a tunnel or the box itself made.
// Next:    none. Telnet only by interfaces that it is on for. Policed per protocol and source (graph/punt-policer.ts), so that a flood cannot starve IKE or SSH.
//
// DHCP that a bridge received says behind its packet by which member it came, and is policed by that: whoever makes up MAC
// addresses takes no more than the share of one port.

import { MEMBER_NAME_BYTES, MEMBER_TAG_BYTES, MEMBER_TAG_MARK } from '@sluice/shared/net';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_PUNTED } from '../graph/counters.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { PUNT_DHCP, PUNT_LOGIN } from '../graph/punt-policer.js';
import { FLAG_LINK_GROUP, type PacketPool } from '../memory/packet-pool.js';
import { hasEthernet, type InterfaceTable, KIND_BRIDGE, KIND_VLAN } from '../tables/interfaces.js';
import { ETHERNET_BYTES, ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import { writeU16 } from '../wire/ip4.js';
import { putMac } from './arp-input.js';
import { isForTelnet, puntClass, sourceHash } from './punt-class.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const COUNTERS_SHIFT = INTERFACE_COUNTERS_SHIFT;
const PUNTED = INTERFACE_PUNTED;
const NO_LINK_GROUP = ~FLAG_LINK_GROUP;

const LOGIN = PUNT_LOGIN;
const DHCP = PUNT_DHCP;

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
        const member = group === DHCP ? memberOf(pool, interfaces, packet) : 0;
        if (!puntPolicer.take(group, sourceHash(pool, packet, member), now)) {
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
        if (member !== 0) appendMember(pool, packet, interfaces.names, member);
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

/** The row of the bridge's member that a packet came by; 0 for what no bridge, and no VLAN of one, received. */
function memberOf({ rxInterface, member }: PacketPool, interfaces: InterfaceTable, packet: number): number {
  const { kind, parent } = interfaces;
  const row = rxInterface[packet]!;
  const link = kind[row] === KIND_VLAN ? parent[row]! : row;
  return kind[link] === KIND_BRIDGE ? member[packet]! : 0;
}

/** The tag of @sluice/shared's member-tag.ts; a frame that has no room for it goes without. */
function appendMember(pool: PacketPool, packet: number, names: Uint8Array, member: number): void {
  const { bytes } = pool;
  let at = pool.offset[packet]! + pool.length[packet]!;
  if (at + MEMBER_TAG_BYTES > pool.base(packet) + pool.room(packet)) return;
  pool.length[packet] = pool.length[packet]! + MEMBER_TAG_BYTES;
  for (let i = 0; i < MEMBER_TAG_MARK.length; i++) bytes[at++] = MEMBER_TAG_MARK[i]!;
  const name = member * MEMBER_NAME_BYTES;
  for (let i = 0; i < MEMBER_NAME_BYTES; i++) bytes[at++] = names[name + i]!;
}

// arp-input: answers requests for the box's addresses, and hears who is where (RFC 826).
//
// Expects: ethernet-input has run: offset at the Ethernet header, vrf set.
// Next:    interface-output (our reply, in place of the request), punt (replies, which Linux may await too).
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { ADJ_INTERFACE, ADJ_KIND, ADJ_LOCAL, ADJ_NEXT_HOP, ADJ_SHIFT } from '../tables/adjacencies.js';
import type { Ip4Fib } from '../tables/ip4-fib.js';
import { HEARD_ARP_ANNOUNCEMENT, HEARD_ARP_REPLY, HEARD_ARP_REQUEST } from '../tables/neighbour-records.js';
import {
  ARP_FRAME_BYTES,
  ARP_OPERATION,
  ARP_REPLY,
  ARP_REQUEST,
  ARP_SENDER_IP,
  ARP_SENDER_MAC,
  ARP_TARGET_IP,
  ARP_TARGET_MAC,
  isArpForIp4,
} from '../wire/arp.js';
import { ETHERNET_SOURCE } from '../wire/ethernet.js';
import { readI32, writeI32, writeU16 } from '../wire/ip4.js';

const NEXT_OUTPUT = 0;
const NEXT_PUNT = 1;

const COUNT_MALFORMED = 0;
const COUNT_CONFLICT = 1;
const COUNT_NOT_FOR_US = 2;
const COUNT_BAD_SENDER = 3;
const COUNT_ANSWERED = 4;
const COUNT_NOT_LEARNT = 5;

export const arpInput = defineNode({
  name: 'arp-input',
  frames: true,
  next: ['interface-output', 'punt'],
  counters: [
    {
      name: 'malformed',
      severity: 'error',
      drop: true,
      help: 'not ARP for IPv4 over Ethernet, or cut short',
    },
    {
      name: 'address_conflict',
      severity: 'error',
      drop: true,
      help: "another station claims one of the box's addresses (RFC 5227)",
    },
    { name: 'not_for_us', severity: 'info', drop: true, help: 'a request for an address that is not ours' },
    {
      name: 'bad_sender',
      severity: 'warning',
      drop: true,
      help: 'the sender names a group as its MAC or IP address',
    },
    { name: 'answered', severity: 'info', help: 'requests answered' },
    {
      name: 'not_learnt',
      severity: 'warning',
      help: 'heard more neighbours than the control side could take',
    },
  ],

  run({ pool, fib, adjacencies, interfaces, services }, frame, next, counters): void {
    const { offset, length, rxInterface, txInterface, vrf, bytes } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const at = offset[packet]!;
      const row = rxInterface[packet]!;
      let drop = -1;
      if (!isArpForIp4(bytes, at, length[packet]!)) {
        drop = COUNT_MALFORMED;
      } else if (bytes[at + ARP_SENDER_MAC]! & 1 || bytes[at + ARP_SENDER_IP]! >= 224) {
        drop = COUNT_BAD_SENDER;
      } else {
        const sender = readI32(bytes, at + ARP_SENDER_IP);
        const target = readI32(bytes, at + ARP_TARGET_IP);
        const ours = isOurs(fib, adjacencies, vrf[packet]!, row, target);
        const operation = bytes[at + ARP_OPERATION + 1]!;
        if (isOurs(fib, adjacencies, vrf[packet]!, row, sender)) {
          // A full ring only means that the control side knows of enough conflicts.
          services.conflict(row, 0, sender, 0, 0, 0, macWord0(bytes, at), macWord2(bytes, at));
          drop = COUNT_CONFLICT;
        } else {
          // Only what concerns us makes a new entry (RFC 826, "Packet Reception"); others' announcements
          // may refresh one.
          const mac0 = macWord0(bytes, at);
          const mac2 = macWord2(bytes, at);
          const how = !ours
            ? HEARD_ARP_ANNOUNCEMENT
            : operation === ARP_REPLY
              ? HEARD_ARP_REPLY
              : HEARD_ARP_REQUEST;
          const concernsUs = (ours || sender === target) && sender !== 0;
          if (concernsUs && !services.heard(row, how, sender, 0, 0, 0, mac0, mac2)) {
            counters[COUNT_NOT_LEARNT]!++;
          }
          if (operation === ARP_REPLY && ours) {
            next[i] = NEXT_PUNT;
            continue;
          }
          if (operation !== ARP_REQUEST || !ours) drop = COUNT_NOT_FOR_US;
        }
      }
      if (drop >= 0) {
        counters[drop]!++;
        pool.reason[packet] = drop;
        next[i] = NEXT_DROP;
        continue;
      }
      answer(bytes, at, interfaces.mac0[row]!, interfaces.mac2[row]!);
      length[packet] = ARP_FRAME_BYTES;
      txInterface[packet] = row;
      counters[COUNT_ANSWERED]!++;
      next[i] = NEXT_OUTPUT;
    }
  },
});

/** True for one of the box's own addresses on this interface. */
function isOurs(fib: Ip4Fib, adjacencies: Int32Array, vrf: number, row: number, address: number): boolean {
  const adjacency = fib.lookup(vrf, address) << ADJ_SHIFT;
  return (
    adjacencies[adjacency + ADJ_KIND] === ADJ_LOCAL &&
    adjacencies[adjacency + ADJ_NEXT_HOP] === address &&
    adjacencies[adjacency + ADJ_INTERFACE] === row
  );
}

/** Turns the request at `at` into the reply to it. */
function answer(bytes: Uint8Array, at: number, mac0: number, mac2: number): void {
  const sender = readI32(bytes, at + ARP_SENDER_IP);
  const target = readI32(bytes, at + ARP_TARGET_IP);
  bytes.copyWithin(at, at + ARP_SENDER_MAC, at + ARP_SENDER_MAC + 6);
  bytes.copyWithin(at + ARP_TARGET_MAC, at + ARP_SENDER_MAC, at + ARP_SENDER_MAC + 6);
  putMac(bytes, at + ETHERNET_SOURCE, mac0, mac2);
  putMac(bytes, at + ARP_SENDER_MAC, mac0, mac2);
  writeU16(bytes, at + ARP_OPERATION, ARP_REPLY);
  writeI32(bytes, at + ARP_SENDER_IP, target);
  writeI32(bytes, at + ARP_TARGET_IP, sender);
}

/** The sender's MAC address in two words; it stands 2 modulo 4: no aligned load reads its last four octets. */
function macWord0(bytes: Uint8Array, at: number): number {
  return bytes[at + ARP_SENDER_MAC]! | (bytes[at + ARP_SENDER_MAC + 1]! << 8);
}

function macWord2(bytes: Uint8Array, at: number): number {
  const last = at + ARP_SENDER_MAC + 2;
  return bytes[last]! | (bytes[last + 1]! << 8) | (bytes[last + 2]! << 16) | (bytes[last + 3]! << 24);
}

/** Stores a MAC address held as a 16-bit and a 32-bit little-endian load. */
export function putMac(bytes: Uint8Array, at: number, mac0: number, mac2: number): void {
  bytes[at] = mac0;
  bytes[at + 1] = mac0 >>> 8;
  bytes[at + 2] = mac2;
  bytes[at + 3] = mac2 >>> 8;
  bytes[at + 4] = mac2 >>> 16;
  bytes[at + 5] = mac2 >>> 24;
}

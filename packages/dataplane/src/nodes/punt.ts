// punt: gives packets for Linux to the TAP twin of the interface they came in by, at a bounded rate.
//
// Expects: offset at the Ethernet header, or at l3 for what a tunnel or the box itself made.
// Next:    none. Policed per protocol, so that a flood of one cannot starve IKE or SSH.

import { INTERFACE_COUNTERS_SHIFT, INTERFACE_PUNTED } from '../graph/counters.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { RateLimiter } from '../graph/rate-limiter.js';
import { FLAG_LINK_GROUP } from '../memory/packet-pool.js';
import { KIND_ETHERNET } from '../tables/interfaces.js';
import { ETHERNET_BYTES, ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import { isNeighbourDiscovery } from '../wire/icmp6.js';
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_PROTOCOL,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readU16,
  writeU16,
} from '../wire/ip4.js';
import { PROTOCOL_ICMP6 } from '../wire/ip6.js';
import { findIp6Upper, ip6Upper } from '../wire/ip6-extensions.js';
import { PORT_IKE, PORT_IKE_NAT, UDP_DST } from '../wire/udp.js';
import { putMac } from './arp-input.js';

const COUNT_QUEUE_FULL = 0;
const POLICED = 1;

/** Classes; the counter of what a class's policer drops is POLICED + class. */
const CLASS_ARP = 0;
const CLASS_IKE = 1;
const CLASS_ICMP = 2;
const CLASS_TCP = 3;
const CLASS_OTHER = 4;
const CLASS_ND = 5;

/**
 * Packets a second and burst of each class, per worker. Tuning: a TAP takes some 300,000 packets a second
 * on one core, so that all classes together leave the host-I/O thread most of its time.
 */
export function puntPolicers(): RateLimiter[] {
  return [
    new RateLimiter(2_000, 500),
    new RateLimiter(10_000, 2_000),
    new RateLimiter(1_000, 200),
    new RateLimiter(50_000, 5_000),
    new RateLimiter(20_000, 2_000),
    new RateLimiter(2_000, 500),
  ];
}

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
    policed('ike', 'IKE'),
    policed('icmp', 'ICMP'),
    policed('tcp', 'TCP'),
    policed('other', 'other traffic'),
    policed('nd', 'IPv6 neighbour discovery'),
  ],

  run({ pool, interfaces, interfaceCounters, services, puntPolicers, now }, frame, next, counters): void {
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = pool.rxInterface[packet]!;
      const kind = classify(pool.bytes, pool.offset[packet]!, pool.l3[packet]!, pool.length[packet]!);
      if (!puntPolicers[kind]!.take(now)) {
        counters[POLICED + kind]!++;
        pool.reason[packet] = POLICED + kind;
        next[i] = NEXT_DROP;
        continue;
      }
      if (interfaces.kind[row] === KIND_ETHERNET && pool.offset[packet] === pool.l3[packet]) {
        prependEthernet(pool.bytes, pool.l3[packet]!, interfaces.mac0[row]!, interfaces.mac2[row]!);
        pool.offset[packet] = pool.l3[packet]! - ETHERNET_BYTES;
        pool.length[packet] = pool.length[packet]! + ETHERNET_BYTES;
      }
      pool.flags[packet] = pool.flags[packet]! & ~FLAG_LINK_GROUP;
      if (services.punt(packet)) {
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

function classify(bytes: Uint8Array, offset: number, l3: number, length: number): number {
  const type = l3 === offset ? 0 : readU16(bytes, l3 - 2);
  const end = offset + length;
  if (type === ETHERTYPE_IP6 || (type === 0 && bytes[l3]! >>> 4 === 6)) return classify6(bytes, l3, end);
  if (type !== 0 && type !== ETHERTYPE_IP4) return CLASS_ARP;
  const protocol = bytes[l3 + IP4_PROTOCOL]!;
  const fragment = (readU16(bytes, l3 + IP4_FRAGMENT) & IP4_FRAGMENT_OFFSET) !== 0;
  if (protocol === PROTOCOL_ICMP) return CLASS_ICMP;
  return classOf(bytes, protocol, fragment, l3 + headerBytes(bytes, l3), end);
}

function classify6(bytes: Uint8Array, l3: number, end: number): number {
  findIp6Upper(bytes, l3, end);
  const { protocol, at, laterFragment } = ip6Upper;
  if (protocol !== PROTOCOL_ICMP6) return classOf(bytes, protocol, laterFragment, at, end);
  return !laterFragment && at < end && isNeighbourDiscovery(bytes[at]!) ? CLASS_ND : CLASS_ICMP;
}

/** By the upper-layer header at `at`, which a later fragment does not have. */
function classOf(
  bytes: Uint8Array,
  protocol: number,
  laterFragment: boolean,
  at: number,
  end: number,
): number {
  if (protocol === PROTOCOL_TCP) return CLASS_TCP;
  if (protocol !== PROTOCOL_UDP || laterFragment || at + UDP_DST + 2 > end) return CLASS_OTHER;
  const port = readU16(bytes, at + UDP_DST);
  return port === PORT_IKE || port === PORT_IKE_NAT ? CLASS_IKE : CLASS_OTHER;
}

/** A link header for a packet that has none, as if the interface had sent to itself. */
function prependEthernet(bytes: Uint8Array, l3: number, mac0: number, mac2: number): void {
  putMac(bytes, l3 - ETHERNET_BYTES, mac0, mac2);
  putMac(bytes, l3 - 8, mac0, mac2);
  writeU16(bytes, l3 - 2, bytes[l3]! >>> 4 === 6 ? ETHERTYPE_IP6 : ETHERTYPE_IP4);
}

// ip6-input: checks an IPv6 header and its chain of extension headers before anything trusts them (RFC 8200).
//
// Expects: pool.l3 set, 4-byte aligned, and vrf.
// Next:    the features of ip6-unicast, then ip6-lookup. Cuts link padding off: from here on length ends with the IP packet.
import { startArc } from '../graph/arcs.js';
import { BUSY_FEATURES, passesIdle6 } from '../graph/idle-features.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import type { PacketPool } from '../memory/packet-pool.js';
import { readU16 } from '../wire/ip4.js';
import {
  IP6_BYTES,
  IP6_DST,
  IP6_NEXT_HEADER,
  IP6_PAYLOAD_LENGTH,
  IP6_SRC,
  isUnspecifiedAt,
  PROTOCOL_HOP_BY_HOP,
} from '../wire/ip6.js';
import {
  CHAIN_TOO_LONG,
  CHAIN_TRUNCATED,
  findIp6Upper,
  ip6Upper,
  isExtension,
  ROUTING_TYPE,
} from '../wire/ip6-extensions.js';
import { plainLength6 } from '../wire/plain-header.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const plainLength = plainLength6;
const BUSY = BUSY_FEATURES;
const passesIdle = passesIdle6;

/** Nothing but the arc comes behind this node. */
const NEXT_ARC = 0;

const COUNT_TRUNCATED = 0;
const COUNT_VERSION = 1;
const COUNT_PAYLOAD_LENGTH = 2;
const COUNT_JUMBO = 3;
const COUNT_SOURCE = 4;
const COUNT_DESTINATION = 5;
const COUNT_CHAIN_TRUNCATED = 6;
const COUNT_CHAIN_TOO_LONG = 7;
const COUNT_ROUTING_TYPE_0 = 8;
const GOOD = -1;

/** Scopes of groups that never leave a node (RFC 4291 section 2.7): reserved, interface-local. */
const SCOPE_INTERFACE_LOCAL = 1;

export const ip6Input = defineNode({
  name: 'ip6-input',
  next: [],
  arcs: ['ip6-unicast'],
  counters: [
    { name: 'truncated', severity: 'error', drop: true, help: 'shorter than an IPv6 header' },
    { name: 'bad_version', severity: 'error', drop: true, help: 'IP version is not 6' },
    { name: 'bad_payload_length', severity: 'error', drop: true, help: 'payload length beyond the frame' },
    {
      name: 'jumbo',
      severity: 'warning',
      drop: true,
      help: 'a jumbogram (RFC 2675), or none and yet of no length: no link here carries those',
    },
    {
      name: 'martian_source',
      severity: 'error',
      drop: true,
      help: 'source is a group, loopback or IPv4-mapped address, or none at all to a single destination',
    },
    {
      name: 'martian_destination',
      severity: 'error',
      drop: true,
      help: 'destination is a loopback, IPv4-mapped or unspecified address, or a group inside one node',
    },
    {
      name: 'chain_truncated',
      severity: 'error',
      drop: true,
      help: 'the extension headers end behind the packet (RFC 7112)',
    },
    {
      name: 'chain_too_long',
      severity: 'warning',
      drop: true,
      help: 'more extension headers, or octets of them, than an honest packet has',
    },
    {
      name: 'routing_type_0',
      severity: 'warning',
      drop: true,
      help: 'carries a routing header of type 0 (RFC 5095)',
    },
  ],

  make({ pool, interfaces: { features6 } }) {
    const { offset, length, l3, rxInterface, bytes, i32 } = pool;
    return ({ plain }, { packets, length: count }, next, counters) => {
      // Packets of a vector mostly came in by one interface.
      let row = -1;
      let onward = NEXT_ARC;
      let mayPass = false;
      for (let i = 0; i < count; i++) {
        const packet = packets[i]!;
        const ip = l3[packet]!;
        const lead = ip - offset[packet]!;
        if (rxInterface[packet] !== row) {
          row = rxInterface[packet]!;
          onward = startArc(NEXT_ARC, features6[row]!);
          mayPass = plain && onward !== NEXT_ARC && (features6[row]! & BUSY) === 0;
        }
        const available = length[packet]! - lead;
        const total = available < IP6_BYTES ? 0 : plainLength(i32, ip >>> 2, available);
        if (total !== 0) {
          length[packet] = lead + total;
          next[i] = mayPass && passesIdle(i32, ip >>> 2) ? NEXT_ARC : onward;
          continue;
        }
        const verdict = checkHeader(pool, ip, available);
        if (verdict === GOOD) {
          length[packet] = lead + IP6_BYTES + readU16(bytes, ip + IP6_PAYLOAD_LENGTH);
          next[i] = onward;
        } else {
          counters[verdict]!++;
          pool.reason[packet] = verdict;
          next[i] = NEXT_DROP;
        }
      }
    };
  },
});

/** GOOD, or the index of the counter of what is wrong with the header at `ip`, `available` bytes long at most. */
function checkHeader({ bytes, i32 }: PacketPool, ip: number, available: number): number {
  if (available < IP6_BYTES) return COUNT_TRUNCATED;
  if (bytes[ip]! >>> 4 !== 6) return COUNT_VERSION;
  const payload = readU16(bytes, ip + IP6_PAYLOAD_LENGTH);
  if (IP6_BYTES + payload > available) return COUNT_PAYLOAD_LENGTH;
  const first = bytes[ip + IP6_NEXT_HEADER]!;
  if (payload === 0 && first === PROTOCOL_HOP_BY_HOP) return COUNT_JUMBO;
  const source = bytes[ip + IP6_SRC]!;
  const destination = bytes[ip + IP6_DST]!;
  // All that is special in ::/32 begins with a zero octet, which no global address does.
  if (source === 0xff || (source === 0 && isMartian(i32, ip + IP6_SRC))) {
    // A node that has no address yet speaks to groups: duplicate address detection, MLD, router solicitation.
    if (destination !== 0xff || !isUnspecifiedAt(i32, ip + IP6_SRC)) return COUNT_SOURCE;
  }
  if (destination === 0 && isMartian(i32, ip + IP6_DST)) return COUNT_DESTINATION;
  if (destination === 0xff && (bytes[ip + IP6_DST + 1]! & 15) <= SCOPE_INTERFACE_LOCAL) {
    return COUNT_DESTINATION;
  }
  return isExtension(first) ? checkChain(bytes, ip, ip + IP6_BYTES + payload) : GOOD;
}

/**
 * True for ::, ::1 and what else ::/96 holds, which is IPv4-compatible (RFC 4291 section 2.5.5.1), and for
 * ::ffff:0:0/96, IPv4-mapped, which is an address inside a host and never on a link (RFC 5156 section 2.2).
 */
function isMartian(i32: Int32Array, at: number): boolean {
  const word = at >>> 2;
  // A little-endian load: 0x0000ffff on the wire.
  const third = i32[word + 2]!;
  return (i32[word]! | i32[word + 1]!) === 0 && (third === 0 || third === (0xffff0000 | 0));
}

function checkChain(bytes: Uint8Array, ip: number, end: number): number {
  const verdict = findIp6Upper(bytes, ip, end);
  if (verdict === CHAIN_TRUNCATED) return COUNT_CHAIN_TRUNCATED;
  if (verdict === CHAIN_TOO_LONG) return COUNT_CHAIN_TOO_LONG;
  const { routing } = ip6Upper;
  return routing !== 0 && bytes[routing + ROUTING_TYPE] === 0 ? COUNT_ROUTING_TYPE_0 : GOOD;
}

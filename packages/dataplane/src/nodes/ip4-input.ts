// ip4-input: checks an IPv4 header before anything trusts it (RFC 1812 sections 5.2.2 and 5.3.7).
//
// Expects: pool.l3 set, 4-byte aligned, and vrf.
// Next:    the features of ip4-unicast, then ip4-lookup. Cuts link padding off: from here on length ends with the IP packet.
import { startArc } from '../graph/arcs.js';
import { BUSY_FEATURES, passesIdle4 } from '../graph/idle-features.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LINK_GROUP, type PacketPool } from '../memory/packet-pool.js';
import { headerSum, IP4_BYTES, IP4_DST, IP4_SRC, readU16 } from '../wire/ip4.js';
import { plainLength4 } from '../wire/plain-header.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const plainLength = plainLength4;
const BUSY = BUSY_FEATURES;
const passesIdle = passesIdle4;

/** Nothing but the arc comes behind this node. */
const NEXT_ARC = 0;

const COUNT_TRUNCATED = 0;
const COUNT_VERSION = 1;
const COUNT_HEADER_LENGTH = 2;
const COUNT_TOTAL_LENGTH = 3;
const COUNT_CHECKSUM = 4;
const COUNT_SOURCE = 5;
const COUNT_DESTINATION = 6;
const COUNT_SOURCE_ROUTE = 7;
const GOOD = -1;

/** First octet of the groups, and of class E above them, whose last address is everybody's (RFC 1112 section 4). */
const FIRST_OF_GROUPS = 224;

/** Options that name the route (RFC 791): RFC 7126 sections 4.3 and 4.4 have routers drop them. */
const OPTION_LOOSE_SOURCE_ROUTE = 131;
const OPTION_STRICT_SOURCE_ROUTE = 137;

export const ip4Input = defineNode({
  name: 'ip4-input',
  next: [],
  arcs: ['ip4-unicast'],
  counters: [
    { name: 'truncated', severity: 'error', drop: true, help: 'shorter than an IPv4 header' },
    { name: 'bad_version', severity: 'error', drop: true, help: 'IP version is not 4' },
    {
      name: 'bad_header_length',
      severity: 'error',
      drop: true,
      help: 'header length under 20 or beyond the packet',
    },
    {
      name: 'bad_total_length',
      severity: 'error',
      drop: true,
      help: 'total length under the header or beyond the frame',
    },
    { name: 'bad_checksum', severity: 'error', drop: true, help: 'header checksum is wrong' },
    {
      name: 'martian_source',
      severity: 'error',
      drop: true,
      help: 'source is a group, loopback or broadcast address, or none at all to a single destination',
    },
    {
      name: 'martian_destination',
      severity: 'error',
      drop: true,
      help: 'destination is a loopback or zero address',
    },
    {
      name: 'source_route',
      severity: 'warning',
      drop: true,
      help: 'carries a source route option (RFC 7126)',
    },
  ],

  make({ pool, interfaces: { features4 } }) {
    const { offset, length, l3, rxInterface, i32 } = pool;
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
          onward = startArc(NEXT_ARC, features4[row]!);
          mayPass = plain && onward !== NEXT_ARC && (features4[row]! & BUSY) === 0;
        }
        const available = length[packet]! - lead;
        const total = available < IP4_BYTES ? 0 : plainLength(i32, ip >>> 2, available);
        if (total !== 0) {
          length[packet] = lead + total;
          next[i] = mayPass && passesIdle(i32, ip >>> 2) ? NEXT_ARC : onward;
        } else {
          next[i] = checkOther(pool, packet, counters) ? onward : NEXT_DROP;
        }
      }
    };
  },
});

/** True for a right header of another kind; false for one that is wrong, counted. */
function checkOther(pool: PacketPool, packet: number, counters: Float64Array): boolean {
  const ip = pool.l3[packet]!;
  const lead = ip - pool.offset[packet]!;
  const verdict = checkHeader(pool.bytes, pool.u16, ip, pool.length[packet]! - lead);
  if (verdict === GOOD) {
    pool.length[packet] = lead + readU16(pool.bytes, ip + 2);
    // Never forwarded, and never answered with an error, also in a frame to the port's own address.
    if (pool.bytes[ip + IP4_DST]! >= FIRST_OF_GROUPS) {
      pool.flags[packet] = pool.flags[packet]! | FLAG_LINK_GROUP;
    }
    return true;
  }
  counters[verdict]!++;
  pool.reason[packet] = verdict;
  return false;
}

/** GOOD, or the index of the counter of what is wrong with the header at `ip`, `available` bytes long at most. */
function checkHeader(bytes: Uint8Array, u16: Uint16Array, ip: number, available: number): number {
  if (available < IP4_BYTES) return COUNT_TRUNCATED;
  const first = bytes[ip]!;
  if (first >>> 4 !== 4) return COUNT_VERSION;
  const header = (first & 15) << 2;
  if (header < IP4_BYTES || header > available) return COUNT_HEADER_LENGTH;
  const total = readU16(bytes, ip + 2);
  if (total < header || total > available) return COUNT_TOTAL_LENGTH;
  if (headerSum(u16, ip, header) !== 0xffff) return COUNT_CHECKSUM;
  const source = bytes[ip + IP4_SRC]!;
  const destination = bytes[ip + IP4_DST]!;
  // 127/8, and 224/4 with 240/4 and broadcast above it. 0/8 is of hosts that have no address yet: they speak
  // to groups and to everyone (RFC 1122 section 3.2.1.3).
  if (source === 127 || source >= 224 || (source === 0 && destination < 224)) return COUNT_SOURCE;
  if (destination === 127 || destination === 0) return COUNT_DESTINATION;
  if (header > IP4_BYTES && hasSourceRoute(bytes, ip, header)) return COUNT_SOURCE_ROUTE;
  return GOOD;
}

function hasSourceRoute(bytes: Uint8Array, ip: number, header: number): boolean {
  for (let at = ip + IP4_BYTES; at < ip + header; ) {
    const option = bytes[at]!;
    if (option === 0) return false; // end of options
    if (option === OPTION_LOOSE_SOURCE_ROUTE || option === OPTION_STRICT_SOURCE_ROUTE) return true;
    // No-operation is the one option of a single octet; a length under 2 would never end.
    at += option === 1 ? 1 : Math.max(2, bytes[at + 1]!);
  }
  return false;
}

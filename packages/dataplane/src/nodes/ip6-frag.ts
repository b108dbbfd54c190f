// ip6-frag: cuts a packet of the box's own into fragments of its adjacency's MTU (RFC 8200 section 4.5). Routers cut
// nothing of others.
//
// Expects: ip6-rewrite has run: the link header, if any, stands before the IP header. No extension headers: what the
//          box makes has none.
// Next:    interface-output, esp-encrypt.
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { FRAME_BYTES, type PacketPool } from '../memory/packet-pool.js';
import { ADJ_MTU, ADJ_SHIFT } from '../tables/adjacencies.js';
import { writeI32, writeU16 } from '../wire/ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER, IP6_PAYLOAD_LENGTH, PROTOCOL_FRAGMENT } from '../wire/ip6.js';
import { FRAGMENT_BYTES, FRAGMENT_ID, FRAGMENT_MORE, FRAGMENT_WORD } from '../wire/ip6-extensions.js';
import {
  COUNT_MTU_TOO_SMALL,
  COUNT_NO_FRAMES,
  FRAGMENT_START,
  fragmentCounters,
  NEXT_OF_FRAGMENTS,
  sendFragments,
  TAIL_ROOM,
} from './fragments.js';

const PACKET_BYTES_MAX = FRAME_BYTES - FRAGMENT_START - TAIL_ROOM;
/** A packet of 65,535 octets at the least MTU makes 54. */
const FRAGMENTS_MAX = 64;
const fragments = new Int32Array(FRAGMENTS_MAX);

/**
 * The next identification. RFC 7739 section 5.3: they must neither repeat soon nor be guessed by who sees none of them.
 * A xorshift register goes through all numbers but 0 once, from a random one on; each worker has its own.
 */
let identification = crypto.getRandomValues(new Int32Array(1))[0]! || 1;

export const ip6Frag = defineNode({
  name: 'ip6-frag',
  next: NEXT_OF_FRAGMENTS,
  counters: fragmentCounters(
    'the MTU is under the 1280 octets of every IPv6 link, by so much that too many fragments came of it',
  ),

  run(context, frame, next, counters): void {
    const { pool, adjacencies } = context;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = pool.adjacency[packet]! << ADJ_SHIFT;
      const made = cut(pool, packet, Math.min(adjacencies[row + ADJ_MTU]!, PACKET_BYTES_MAX));
      if (made >= 0) {
        sendFragments(context, counters, fragments, made, row);
        pool.free(packet);
        next[i] = NEXT_CONSUMED;
      } else {
        counters[~made]!++;
        pool.reason[packet] = ~made;
        next[i] = NEXT_DROP;
      }
    }
  },
});

/**
 * Copies a packet into fragments, whose frames are in `fragments`, in order. Returns how many there are, or
 * the complement of the counter to drop it under. The packet is as it was.
 */
function cut(pool: PacketPool, packet: number, mtu: number): number {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const lead = ip - pool.offset[packet]!;
  const payload = pool.length[packet]! - lead - IP6_BYTES;
  const room = (mtu - IP6_BYTES - FRAGMENT_BYTES) & ~7;
  if (room <= 0) return ~COUNT_MTU_TOO_SMALL;
  const count = Math.ceil(payload / room);
  if (count > FRAGMENTS_MAX) return ~COUNT_MTU_TOO_SMALL;
  const got = pool.allocMany(fragments, 0, count);
  if (got < count) {
    pool.freeMany(fragments, 0, got);
    return ~COUNT_NO_FRAMES;
  }
  const id = nextIdentification();
  const protocol = bytes[ip + IP6_NEXT_HEADER]!;
  for (let k = 0; k < count; k++) {
    const at = k * room;
    const size = Math.min(room, payload - at);
    const target = fragments[k]!;
    const to = pool.base(target) + FRAGMENT_START;
    const header = to + IP6_BYTES;
    pool.copy(to - lead, ip - lead, lead + IP6_BYTES);
    bytes[to + IP6_NEXT_HEADER] = PROTOCOL_FRAGMENT;
    writeU16(bytes, to + IP6_PAYLOAD_LENGTH, FRAGMENT_BYTES + size);
    bytes[header] = protocol;
    bytes[header + 1] = 0;
    writeU16(bytes, header + FRAGMENT_WORD, at | (k === count - 1 ? 0 : FRAGMENT_MORE));
    writeI32(bytes, header + FRAGMENT_ID, id);
    pool.copy(header + FRAGMENT_BYTES, ip + IP6_BYTES + at, size);
    pool.copyMetadata(packet, target);
    pool.offset[target] = to - lead;
    pool.l3[target] = to;
    pool.length[target] = lead + IP6_BYTES + FRAGMENT_BYTES + size;
  }
  return count;
}

function nextIdentification(): number {
  identification ^= identification << 13;
  identification ^= identification >>> 17;
  identification ^= identification << 5;
  return identification;
}

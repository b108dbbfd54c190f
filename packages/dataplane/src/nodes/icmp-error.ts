// What ip4-icmp-error and ip6-icmp-error have in common: a packet that cannot go on becomes the error about it.
import type { NodeContext } from '../graph/context.js';
import { type CounterSpec, defineNode, NEXT_DROP, type NodeDefinition } from '../graph/node.js';
import type { RateLimiters } from '../graph/rate-limiter.js';
import {
  FLAG_LINK_GROUP,
  FLAG_LOCAL_ORIGIN,
  FRAME_BYTES,
  PACKET_START,
  type PacketPool,
} from '../memory/packet-pool.js';

const NEXT_LOOKUP = 0;

/** More of a packet no error quotes: that of IPv6, RFC 4443 section 2.4 c. */
const QUOTE_BYTES_MAX = 1280;
/** Before a quoted packet: a link header, an IPv6 header and ICMPv6's, and two VLAN tags. */
const HEADROOM = 70;
/** Where one lies that is put elsewhere: 4-byte aligned, as IP headers are. */
const QUOTE_START = PACKET_START + 62;

const COUNT_SENT = 0;
export const COUNT_RATE_LIMITED = 1;
export const COUNT_ABOUT_ERROR = 2;
export const COUNT_ABOUT_GROUP = 3;
export const COUNT_NO_SOURCE = 4;
/** Of IPv4 only. */
export const COUNT_ABOUT_FRAGMENT = 5;
/** Not a counter: the verdict that an error may be sent. */
export const SEND = -1;

/** In the aux word: the packet was for the box, so the error comes from the address that it was sent to. */
const FROM_DESTINATION = 0x80 << 16;

/**
 * What the sending node puts into pool.aux: ICMP type, code, and the 16-bit value that goes with them, which is a
 * next-hop MTU in bytes (RFC 1191, RFC 4443 section 3.2) or the pointer of a parameter problem.
 */
export function icmpErrorAux(type: number, code: number, value: number): number {
  return (type << 24) | (code << 16) | value;
}

/** The same, about a packet that was sent to the box itself. */
export function icmpErrorAuxOfOwn(type: number, code: number, value: number): number {
  return icmpErrorAux(type, code, value) | FROM_DESTINATION;
}

export function errorType(aux: number): number {
  return aux >>> 24;
}

export function errorCode(aux: number): number {
  return (aux >>> 16) & 0x7f;
}

export function errorValue(aux: number): number {
  return aux & 0xffff;
}

export function isFromDestination(aux: number): boolean {
  return (aux & FROM_DESTINATION) !== 0;
}

interface IcmpErrorFamily {
  name: string;
  lookup: string;
  /** Behind the common ones. */
  counters?: readonly CounterSpec[];
  /** One bucket per receiving interface, so that a flood on one does not silence the others. */
  limiter(context: NodeContext): RateLimiters;
  /** SEND, or the counter of why no error may be sent about a packet whose IP packet is `size` octets long. */
  verdict(context: NodeContext, packet: number, size: number): number;
  /** Writes the error before the packet, of which it quotes a part; sets its offset, l3 and length. */
  write(context: NodeContext, packet: number, size: number): void;
}

export function defineIcmpError(family: IcmpErrorFamily): NodeDefinition {
  const { verdict, write, limiter } = family;
  return defineNode({
    name: family.name,
    next: [family.lookup],
    counters: [
      { name: 'sent', severity: 'info', help: 'packets dropped with an ICMP error to their sender' },
      {
        name: 'rate_limited',
        severity: 'warning',
        drop: true,
        help: 'dropped in silence: too many errors a second by this interface',
      },
      { name: 'about_error', severity: 'info', drop: true, help: 'dropped in silence: itself an ICMP error' },
      {
        name: 'about_group',
        severity: 'info',
        drop: true,
        help: 'dropped in silence: to or from a group or broadcast address',
      },
      {
        name: 'no_source',
        severity: 'warning',
        drop: true,
        help: 'dropped in silence: no address in this VRF to answer from',
      },
      ...(family.counters ?? []),
    ],

    run(context, frame, next, counters): void {
      const { pool, interfaces, services, now } = context;
      const { offset, length, l3, rxInterface, flags } = pool;
      const { packets } = frame;
      const limiters = limiter(context);
      for (let i = 0; i < frame.length; i++) {
        const packet = packets[i]!;
        const row = rxInterface[packet]!;
        const size = length[packet]! - (l3[packet]! - offset[packet]!);
        let reason = verdict(context, packet, size);
        if (reason === SEND && !limiters.take(row, now)) reason = COUNT_RATE_LIMITED;
        if (reason !== SEND) {
          counters[reason]!++;
          pool.reason[packet] = reason;
          next[i] = NEXT_DROP;
          continue;
        }
        services.dropped(packet);
        const error = placeForError(pool, packet, size);
        packets[i] = error;
        write(context, error, Math.min(size, QUOTE_BYTES_MAX));
        // About a packet of the box itself it stays in that packet's VRF, where its source is the box's.
        if ((flags[error]! & FLAG_LOCAL_ORIGIN) === 0) pool.vrf[error] = interfaces.vrf[row]!;
        flags[error] = (flags[error]! & ~FLAG_LINK_GROUP) | FLAG_LOCAL_ORIGIN;
        counters[COUNT_SENT]!++;
        next[i] = NEXT_LOOKUP;
      }
    },
  });
}

/**
 * The packet itself, with room for the error's headers before it; or its beginning in a frame of the common size when it
 * is in a large one, which ports do not send. Without a frame it stays in its own.
 */
function placeForError(pool: PacketPool, packet: number, size: number): number {
  const isSmall = pool.room(packet) === FRAME_BYTES;
  const from = pool.l3[packet]!;
  // Tunnels inside tunnels put so many headers before a packet that none is left for these.
  const hasRoom = from - pool.base(packet) >= HEADROOM;
  if (isSmall && hasRoom) return packet;
  let small = isSmall ? packet : pool.alloc();
  if (small < 0) {
    if (hasRoom) return packet;
    small = packet;
  }
  const to = pool.base(small) + QUOTE_START;
  const length = Math.min(size, QUOTE_BYTES_MAX);
  pool.copy(to, from, length);
  pool.offset[small] = to;
  pool.l3[small] = to;
  pool.length[small] = length;
  if (small === packet) return packet;
  pool.copyMetadata(packet, small);
  pool.free(packet);
  return small;
}

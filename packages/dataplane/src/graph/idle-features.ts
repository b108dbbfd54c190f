// Features that have nothing to do with most packets, and which packets those are: those that clamp the MSS look at TCP
// segments with a SYN, virtual reassembly at fragments. Plain packets pass them by.
import { IP4_FRAGMENTED, PROTOCOL_ESP, PROTOCOL_TCP, PROTOCOL_UDP } from '../wire/ip4.js';
import { PROTOCOL_ICMP6 } from '../wire/ip6.js';
import { TCP_SYN } from '../wire/tcp.js';

/** Places on their arcs: users' nodes, of bits 8 to 15, see what came, and the ports of fragments. */
export const VIRTUAL_REASSEMBLY_BIT = 4;
/** Behind it, for the ports of fragments; before whatever drops. It looks at every packet: it is none of the idle ones. */
export const FLOW_METER_BIT = 6;
export const MSS_CLAMP_BIT = 16;

/** The others: with one of these in an interface's mask, no packet passes features by. */
export const BUSY_FEATURES = ~((1 << VIRTUAL_REASSEMBLY_BIT) | (1 << MSS_CLAMP_BIT));

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const FRAGMENTED = IP4_FRAGMENTED;
const TCP = PROTOCOL_TCP;
/** In the little-endian word that holds a TCP header's length and flags. */
const SYN = TCP_SYN << 8;
/** Words before that one, with the IP header. */
const FLAGS4 = (20 + 12) >>> 2;
const FLAGS6 = (40 + 12) >>> 2;
/** 1 for what may follow an IPv6 header at once, besides TCP: not for extension headers. */
const UPPER = Uint8Array.from({ length: 256 }, (_, protocol) =>
  protocol === PROTOCOL_UDP || protocol === PROTOCOL_ESP || protocol === PROTOCOL_ICMP6 ? 1 : 0,
);

/**
 * True when the features that are not busy would let the IPv4 packet whose header begins at `word` pass as it is. Of a
 * segment that ends before its flags it may be either.
 */
export function passesIdle4(i32: Int32Array, word: number): boolean {
  return (
    (i32[word]! & 0xff) === 0x45 &&
    (i32[word + 1]! & FRAGMENTED) === 0 &&
    (((i32[word + 2]! >>> 8) & 0xff) !== TCP || (i32[word + FLAGS4]! & SYN) === 0)
  );
}

/** Likewise of IPv6. */
export function passesIdle6(i32: Int32Array, word: number): boolean {
  const protocol = (i32[word + 1]! >>> 16) & 0xff;
  return protocol === TCP ? (i32[word + FLAGS6]! & SYN) === 0 : UPPER[protocol] === 1;
}

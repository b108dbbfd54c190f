// ip4-mss-clamp: has TCP connections that leave by an interface agree on segments that fit it, by lowering the MSS of
// their SYNs. Hosts behind routers that drop ICMP would otherwise send what never arrives (RFC 2923 section 2.1).
//
// Expects: on the arc ip4-output; adjacency set.
// Next:    along the arc. Segments without a SYN, later fragments, and options that make no sense pass as they are.
import type { NodeContext } from '../graph/context.js';
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_PROTOCOL,
  PROTOCOL_TCP,
  readU16,
} from '../wire/ip4.js';
import { defineMssClamp } from './mss-clamp.js';

export const ip4MssClamp = defineMssClamp({ name: 'ip4-mss-clamp', arc: 'ip4-output', tcpOf: ip4Tcp });

/** Where the TCP header of a packet is, absolute; -1 when it has none. */
export function ip4Tcp({ pool }: NodeContext, packet: number): number {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  if (bytes[ip + IP4_PROTOCOL] !== PROTOCOL_TCP) return -1;
  if (readU16(bytes, ip + IP4_FRAGMENT) & IP4_FRAGMENT_OFFSET) return -1;
  return ip + headerBytes(bytes, ip);
}

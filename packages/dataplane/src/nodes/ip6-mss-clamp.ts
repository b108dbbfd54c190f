// ip6-mss-clamp: as ip4-mss-clamp, for TCP over IPv6 that leaves by an interface.
//
// Expects: on the arc ip6-output; adjacency set.
// Next:    along the arc.
import type { NodeContext } from '../graph/context.js';
import { PROTOCOL_TCP } from '../wire/ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER } from '../wire/ip6.js';
import { CHAIN_GOOD, findIp6Upper, ip6Upper, isExtension } from '../wire/ip6-extensions.js';
import { defineMssClamp } from './mss-clamp.js';

export const ip6MssClamp = defineMssClamp({ name: 'ip6-mss-clamp', arc: 'ip6-output', tcpOf: ip6Tcp });

/** Where the TCP header of a packet is, absolute; -1 when it has none. */
export function ip6Tcp({ pool }: NodeContext, packet: number): number {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const next = bytes[ip + IP6_NEXT_HEADER]!;
  if (next === PROTOCOL_TCP) return ip + IP6_BYTES;
  if (!isExtension(next)) return -1;
  const found = findIp6Upper(bytes, ip, pool.offset[packet]! + pool.length[packet]!);
  if (found !== CHAIN_GOOD || ip6Upper.laterFragment || ip6Upper.protocol !== PROTOCOL_TCP) return -1;
  return ip6Upper.at;
}

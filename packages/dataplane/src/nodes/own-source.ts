// Packets that a link brings from the box's own addresses: nobody else sends by them (RFC 1812 section 5.3.7; Linux's
// accept_local), so they are forged, or a link has a loop. What comes out of a tunnel, or by another VRF, may be from
// the box itself.
import type { NodeContext } from '../graph/context.js';
import { FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import { ADJ_KIND, ADJ_LOCAL, ADJ_SHIFT } from '../tables/adjacencies.js';
import { hasEthernet } from '../tables/interfaces.js';
import { isLinkLocalWord, LINK_LOCAL_VRF, zoneWord } from '../tables/ip6-scope.js';
import { IP4_SRC, swap32 } from '../wire/ip4.js';
import { IP6_SRC } from '../wire/ip6.js';

/**
 * True for an IPv4 packet that came in by an Ethernet interface from an address, or a broadcast, of the box in that
 * interface's VRF.
 */
export function isOwnSource4(context: NodeContext, packet: number): boolean {
  if (!cameByLink(context, packet)) return false;
  const { pool, fib, interfaces } = context;
  const vrf = interfaces.vrf[pool.rxInterface[packet]!]!;
  return isLocal(context, fib.lookup(vrf, swap32(pool.i32[(pool.l3[packet]! + IP4_SRC) >>> 2]!)));
}

/** Likewise of IPv6; a link-local address is the box's when that interface has it. */
export function isOwnSource6(context: NodeContext, packet: number): boolean {
  if (!cameByLink(context, packet)) return false;
  const { pool, fib6, interfaces } = context;
  const { i32 } = pool;
  const row = pool.rxInterface[packet]!;
  const at = (pool.l3[packet]! + IP6_SRC) >>> 2;
  const first = swap32(i32[at]!);
  const linkLocal = isLinkLocalWord(first);
  const adjacency = fib6.lookup(
    linkLocal ? LINK_LOCAL_VRF : interfaces.vrf[row]!,
    linkLocal ? zoneWord(first, row) : first,
    swap32(i32[at + 1]!),
    swap32(i32[at + 2]!),
    swap32(i32[at + 3]!),
  );
  return isLocal(context, adjacency);
}

function cameByLink({ pool, interfaces }: NodeContext, packet: number): boolean {
  return (
    (pool.flags[packet]! & FLAG_LOCAL_ORIGIN) === 0 &&
    hasEthernet(interfaces.kind[pool.rxInterface[packet]!]!)
  );
}

function isLocal({ adjacencies }: NodeContext, adjacency: number): boolean {
  return adjacencies[(adjacency << ADJ_SHIFT) + ADJ_KIND] === ADJ_LOCAL;
}

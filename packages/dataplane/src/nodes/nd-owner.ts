// Whose an IPv6 address is, as neighbour discovery asks: by the FIB, for the interface that the packet came in by.
import type { NodeContext } from '../graph/context.js';
import {
  ADJ_BLACKHOLE,
  ADJ_INTERFACE,
  ADJ_KIND,
  ADJ_LOCAL,
  ADJ_NEXT_HOP6,
  ADJ_SHIFT,
} from '../tables/adjacencies.js';
import { isLinkLocalWord, LINK_LOCAL_VRF, zoneWord } from '../tables/ip6-scope.js';
import { readWord } from '../wire/ip6.js';

/** Somebody else's, the box's on this interface, or to become that when nobody objects. */
export const ELSEWHERE = 0;
const OURS = 1;
export const TENTATIVE = 2;

/** Whether the address at `at` is the box's own on the packet's interface. */
export function ownerOf({ pool, fib6, adjacencies }: NodeContext, packet: number, at: number): number {
  const { i32 } = pool;
  const row = pool.rxInterface[packet]!;
  const w0 = readWord(i32, at, 0);
  const w1 = readWord(i32, at, 1);
  const w2 = readWord(i32, at, 2);
  const w3 = readWord(i32, at, 3);
  const linkLocal = isLinkLocalWord(w0);
  const adjacency =
    fib6.lookup(
      linkLocal ? LINK_LOCAL_VRF : pool.vrf[packet]!,
      linkLocal ? zoneWord(w0, row) : w0,
      w1,
      w2,
      w3,
    ) << ADJ_SHIFT;
  const kind = adjacencies[adjacency + ADJ_KIND];
  if (
    adjacencies[adjacency + ADJ_INTERFACE] !== row ||
    adjacencies[adjacency + ADJ_NEXT_HOP6] !== w0 ||
    adjacencies[adjacency + ADJ_NEXT_HOP6 + 1] !== w1 ||
    adjacencies[adjacency + ADJ_NEXT_HOP6 + 2] !== w2 ||
    adjacencies[adjacency + ADJ_NEXT_HOP6 + 3] !== w3
  ) {
    return ELSEWHERE;
  }
  // An address that is being probed drops what is sent to it (control/address-detection.ts).
  return kind === ADJ_LOCAL ? OURS : kind === ADJ_BLACKHOLE ? TENTATIVE : ELSEWHERE;
}

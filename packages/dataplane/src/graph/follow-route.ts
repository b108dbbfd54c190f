// From what the FIB answers to where a packet goes: adjacencies that stand for others are followed.
//
// ADJ_LOOKUP goes on in another VRF, which the packet is in from there on; ADJ_MULTIPATH is one of several, by the
// flow's hash. Both families share the rows and the rules.
import {
  ADJ_INTERFACE,
  ADJ_KIND,
  ADJ_LOOKUP,
  ADJ_MTU,
  ADJ_MULTIPATH,
  ADJ_NEXT_HOP,
  ADJ_SHIFT,
} from '../tables/adjacencies.js';
import { isLinkLocalWord, LINK_LOCAL_VRF, zoneWord } from '../tables/ip6-scope.js';
import { PATHS_SEED } from '../tables/paths.js';
import { IP4_DST, swap32 } from '../wire/ip4.js';
import type { NodeContext } from './context.js';
import { flowHash4, flowHash6 } from './flow-hash.js';

export type RouteTables = Pick<NodeContext, 'pool' | 'fib' | 'fib6' | 'adjacencies' | 'paths'>;

/** Adjacencies followed for a packet at most. Tuning: routes from VRF to VRF go one or two deep. */
const FOLLOWED_MAX = 8;
/** Instead of an adjacency: routes of several VRFs lead in a circle. */
export const ROUTE_LOOP = -1;

/** RFC 8200 section 3. */
const IP6_DST = 24;

/** The adjacency of an IPv4 packet by its VRF and destination; ROUTE_LOOP when there is no end to it. May set vrf. */
export function routeIp4(context: RouteTables, packet: number): number {
  return follow(context, packet, lookupIp4(context, packet), false);
}

/** Likewise of an IPv6 packet. */
export function routeIp6(context: RouteTables, packet: number): number {
  return follow(context, packet, lookupIp6(context, packet), true);
}

/** What the FIB's answer `first` comes to: for nodes that look up by themselves, and seldom need to follow. */
export function follow(context: RouteTables, packet: number, first: number, isIp6: boolean): number {
  const { pool, adjacencies, paths } = context;
  let row = first;
  for (let followed = 0; followed <= FOLLOWED_MAX; followed++) {
    const at = row << ADJ_SHIFT;
    const kind = adjacencies[at + ADJ_KIND]!;
    if (kind < ADJ_LOOKUP) return row;
    if (kind === ADJ_MULTIPATH) {
      const seed = paths[PATHS_SEED]!;
      row = pathOf(context, at, isIp6 ? flowHash6(pool, packet, seed) : flowHash4(pool, packet, seed));
    } else {
      pool.vrf[packet] = adjacencies[at + ADJ_INTERFACE]!;
      row = isIp6 ? lookupIp6(context, packet) : lookupIp4(context, packet);
    }
  }
  return ROUTE_LOOP;
}

function lookupIp4({ pool, fib }: RouteTables, packet: number): number {
  return fib.lookup(pool.vrf[packet]!, swap32(pool.i32[(pool.l3[packet]! + IP4_DST) >>> 2]!));
}

/** A link-local destination is looked up in the zone of the interface that the packet came in by (tables/ip6-scope.ts). */
function lookupIp6({ pool, fib6 }: RouteTables, packet: number): number {
  const { i32 } = pool;
  const at = (pool.l3[packet]! + IP6_DST) >>> 2;
  const first = swap32(i32[at]!);
  const linkLocal = isLinkLocalWord(first);
  return fib6.lookup(
    linkLocal ? LINK_LOCAL_VRF : pool.vrf[packet]!,
    linkLocal ? zoneWord(first, pool.rxInterface[packet]!) : first,
    swap32(i32[at + 1]!),
    swap32(i32[at + 2]!),
    swap32(i32[at + 3]!),
  );
}

/** The path of a multipath adjacency, whose row begins at word `at`, for a flow. */
function pathOf({ adjacencies, paths }: RouteTables, at: number, hash: number): number {
  return paths[adjacencies[at + ADJ_NEXT_HOP]! + (hash & adjacencies[at + ADJ_MTU]!)]!;
}

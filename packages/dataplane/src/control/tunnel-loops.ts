// Tunnels whose own packets would enter them again, because of the route to their peer: what they send goes nowhere
// (esp-encrypt/tunnel_loop), and whoever configured the route is to be told.
import { ADJ_KIND, ADJ_LOOKUP, ADJ_SHIFT, type AdjacencyTable } from '../tables/adjacencies.js';
import { type Address, formatAddress } from './address.js';
import type { Paths } from './paths.js';
import type { OfferedRoute, RouteTable } from './route-table.js';

/** Routes from VRF to VRF that are followed at most, as packets do (graph/follow-route.ts). */
const FOLLOWED_MAX = 8;

export interface TunnelEnd {
  row: number;
  name: string;
  outerVrf: number;
  /** Where its packets go to; null while it has no SA that would say so. */
  peer: Address | null;
}

export interface LoopTables {
  routes: Pick<RouteTable, 'lookup'>;
  adjacencies: AdjacencyTable;
  paths: Pick<Paths, 'membersOf'>;
}

/** A sentence for each tunnel that leads into itself, directly or by other tunnels. */
export function tunnelLoops(tunnels: readonly TunnelEnd[], tables: LoopTables): string[] {
  const byRow = new Map(tunnels.map((tunnel) => [tunnel.row, tunnel]));
  const next = new Map(tunnels.map((tunnel) => [tunnel.row, waysOf(tunnel, tables)]));
  return tunnels.flatMap(({ row, name, peer }) => {
    const by = pathBack(row, next);
    if (by === null || peer === null) return [];
    const names = by.map((other) => byRow.get(other)!.name);
    const into =
      names.length === 0 ? 'the tunnel itself' : `${names.join(', then ')}, and from there into it`;
    const route = next.get(row)!.route;
    const prefix = route === null ? '' : ` by ${formatAddress(route.network)}/${route.length}`;
    return [
      `${name}: its peer ${formatAddress(peer)} is routed${prefix} into ${into}, so nothing it sends arrives: add a route to ${formatAddress(peer)} by another interface`,
    ];
  });
}

interface Ways {
  route: OfferedRoute | null;
  /** Rows of the interfaces by which packets to the peer leave. */
  rows: number[];
}

/** Tunnels between a tunnel and itself, in their order; null when there is no way back. */
function pathBack(start: number, next: ReadonlyMap<number, Ways>): number[] | null {
  const seen = new Set<number>();
  const search = (row: number, by: readonly number[]): number[] | null => {
    for (const to of next.get(row)?.rows ?? []) {
      if (to === start) return [...by];
      if (seen.has(to) || !next.has(to)) continue;
      seen.add(to);
      const found = search(to, [...by, to]);
      if (found !== null) return found;
    }
    return null;
  };
  return search(start, []);
}

function waysOf({ outerVrf, peer }: TunnelEnd, { routes, adjacencies, paths }: LoopTables): Ways {
  if (peer === null) return { route: null, rows: [] };
  const { words } = adjacencies;
  let vrf = outerVrf;
  for (let followed = 0; followed <= FOLLOWED_MAX; followed++) {
    const route = routes.lookup(vrf, peer);
    if (route === undefined) break;
    if (words[(route.adjacency << ADJ_SHIFT) + ADJ_KIND] === ADJ_LOOKUP) {
      vrf = adjacencies.interface(route.adjacency);
      continue;
    }
    const members = paths.membersOf(route.adjacency);
    const rows = members?.map(({ row }) => row) ?? [adjacencies.interface(route.adjacency)];
    return { route, rows: [...new Set(rows)] };
  }
  return { route: null, rows: [] };
}

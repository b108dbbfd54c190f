// The configuration's routes: brings those in force to those that are wanted.
import { parseIp4, parseIp4Prefix, type RouteSection } from '@sluice/shared';
import { ADJ_BLACKHOLE, type AdjacencyTable } from '../tables/adjacencies.js';
import type { Interface, Interfaces } from './interfaces.js';
import type { Neighbours } from './neighbours.js';
import type { RouteTable } from './route-table.js';

interface Installed {
  vrf: number;
  network: number;
  length: number;
  adjacency: number;
  /** What tells one way from another. */
  text: string;
  /** The interface that it leads through. */
  row: number | null;
  /** The neighbour that it holds. */
  nextHop: { row: number; address: number } | null;
}

type VrfId = (name: string) => number | undefined;

export class StaticRoutes {
  private readonly installed = new Map<string, Installed>();
  private readonly blackhole: number;

  constructor(
    private readonly routes: RouteTable,
    private readonly interfaces: Interfaces,
    private readonly neighbours: Neighbours,
    adjacencies: AdjacencyTable,
  ) {
    this.blackhole = adjacencies.add({ kind: ADJ_BLACKHOLE, interface: 0, mtu: 0 });
  }

  /** Removes the routes that are not wanted any more, or not as they are. */
  prune(wanted: readonly RouteSection[]): void {
    // A changed route keeps its prefix: it is replaced by one store in install().
    const keys = new Set(wanted.map(keyOf));
    for (const [key, route] of this.installed) {
      if (!keys.has(key)) this.remove(key, route);
    }
  }

  /** Installs what is missing or changed. Returns a sentence for each route that cannot be. */
  install(wanted: readonly RouteSection[], vrfId: VrfId, now: number): string[] {
    const problems: string[] = [];
    for (const route of wanted) {
      const key = keyOf(route);
      const old = this.installed.get(key);
      const vrf = vrfId(route.vrf);
      const prefix = parseIp4Prefix(route.prefix);
      if (vrf === undefined || prefix === null) continue;
      const entry = this.leadsThrough(route, vrf);
      if (entry === undefined) {
        // Its way is gone: to keep the old one would send packets where nobody wants them any more.
        if (old !== undefined) this.remove(key, old);
        problems.push(
          `route ${route.prefix} waits for ${route.interface ?? `an interface that reaches ${route.next_hop}`}`,
        );
        continue;
      }
      // Interfaces by adjacency, because a new one of the same name is another.
      const text = `${route.next_hop ?? ''} ${entry?.adjacency ?? 'blackhole'}`;
      if (old?.text === text) continue;
      const nextHop = nextHopOf(route, entry);
      const adjacency =
        nextHop === null
          ? (entry?.adjacency ?? this.blackhole)
          : this.neighbours.reference(nextHop.row, nextHop.address, now);
      this.routes.set(vrf, prefix.address, prefix.length, 'static', adjacency);
      if (old?.nextHop) this.neighbours.release(old.nextHop.row, old.nextHop.address);
      const { address: network, length } = prefix;
      this.installed.set(key, { vrf, network, length, adjacency, text, row: entry?.row ?? null, nextHop });
    }
    return problems;
  }

  /** The interface that a route leads through; null for a blackhole, undefined when there is none. */
  private leadsThrough(route: RouteSection, vrf: number): Interface | null | undefined {
    if (route.blackhole) return null;
    if (route.interface !== undefined) return this.interfaces.get(route.interface);
    const address = parseIp4(route.next_hop ?? '');
    return address === null ? undefined : this.interfaces.connected(vrf, address);
  }

  private remove(key: string, route: Installed): void {
    this.routes.unset(route.vrf, route.network, route.length, 'static', route.adjacency);
    if (route.nextHop !== null) this.neighbours.release(route.nextHop.row, route.nextHop.address);
    this.installed.delete(key);
  }

  /** Removes the routes that lead through an interface that is going away. */
  forgetInterface(row: number): void {
    for (const [key, route] of this.installed) {
      if (route.row === row) this.remove(key, route);
    }
  }
}

/** The neighbour that a route's packets go to; none into a tunnel, or where hosts are directly reachable. */
function nextHopOf(route: RouteSection, entry: Interface | null): Installed['nextHop'] {
  const address = parseIp4(route.next_hop ?? '');
  if (address === null || entry === null || entry.kind === 'tunnel') return null;
  return { row: entry.row, address };
}

function keyOf(route: RouteSection): string {
  return `${route.vrf} ${route.prefix}`;
}

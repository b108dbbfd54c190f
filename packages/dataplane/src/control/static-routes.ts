// The configuration's routes: brings those in force to those that are wanted.
import { parseIp4, parseIp4Prefix, type RouteSection } from '@sluice/shared';
import { ADJ_BLACKHOLE, type AdjacencyTable } from '../tables/adjacencies.js';
import type { Interfaces } from './interfaces.js';
import type { Neighbours } from './neighbours.js';
import type { RouteTable } from './route-table.js';

interface Installed {
  vrf: number;
  network: number;
  length: number;
  text: string;
  /** The neighbour that it holds. */
  nextHop: { row: number; address: number } | null;
}

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
    const texts = new Set(wanted.map((route) => this.describe(route)));
    for (const [key, route] of this.installed) {
      if (texts.has(route.text)) continue;
      // A changed route keeps its prefix: it is replaced by one store in install().
      if (wanted.some((other) => keyOf(other) === key && this.adjacencyExists(other))) continue;
      this.remove(key, route);
    }
  }

  /** Installs what is missing or changed. Returns a sentence for each route that cannot be. */
  install(
    wanted: readonly RouteSection[],
    vrfId: (name: string) => number | undefined,
    now: number,
  ): string[] {
    const problems: string[] = [];
    for (const route of wanted) {
      const text = this.describe(route);
      const old = this.installed.get(keyOf(route));
      if (old?.text === text) continue;
      const vrf = vrfId(route.vrf);
      const prefix = parseIp4Prefix(route.prefix);
      if (vrf === undefined || prefix === null) continue;
      const way = this.wayOf(route, vrf, now);
      if (way === null) {
        problems.push(
          `route ${route.prefix} waits for ${route.interface ?? `an interface that reaches ${route.next_hop}`}`,
        );
        continue;
      }
      this.routes.set(vrf, prefix.address, prefix.length, 'static', way.adjacency);
      if (old?.nextHop) this.neighbours.release(old.nextHop.row, old.nextHop.address);
      this.installed.set(keyOf(route), {
        vrf,
        network: prefix.address,
        length: prefix.length,
        text,
        nextHop: way.nextHop,
      });
    }
    return problems;
  }

  private wayOf(
    route: RouteSection,
    vrf: number,
    now: number,
  ): { adjacency: number; nextHop: Installed['nextHop'] } | null {
    if (route.blackhole) return { adjacency: this.blackhole, nextHop: null };
    if (route.interface !== undefined) {
      const entry = this.interfaces.get(route.interface);
      return entry === undefined ? null : { adjacency: entry.adjacency, nextHop: null };
    }
    const address = parseIp4(route.next_hop ?? '');
    const entry = address === null ? undefined : this.interfaces.connected(vrf, address);
    if (address === null || entry === undefined) return null;
    if (entry.kind === 'tunnel') return { adjacency: entry.adjacency, nextHop: null };
    return {
      adjacency: this.neighbours.reference(entry.row, address, now),
      nextHop: { row: entry.row, address },
    };
  }

  private adjacencyExists(route: RouteSection): boolean {
    return route.interface === undefined || this.interfaces.get(route.interface) !== undefined;
  }

  private remove(key: string, route: Installed): void {
    this.routes.unset(route.vrf, route.network, route.length, 'static');
    if (route.nextHop !== null) this.neighbours.release(route.nextHop.row, route.nextHop.address);
    this.installed.delete(key);
  }

  /** Removes the routes that lead through an interface that is going away. */
  forgetInterface(row: number, adjacency: number): void {
    for (const [key, route] of this.installed) {
      if (route.nextHop?.row === row || route.text.endsWith(`/${adjacency}`)) this.remove(key, route);
    }
  }

  /** What tells one way from another: interfaces by adjacency, because a new one of the same name is another. */
  private describe(route: RouteSection): string {
    const entry = route.interface === undefined ? undefined : this.interfaces.get(route.interface);
    return `${keyOf(route)} ${route.next_hop ?? ''} ${route.blackhole ?? ''} ${route.interface ?? ''}/${entry?.adjacency ?? ''}`;
  }
}

function keyOf(route: RouteSection): string {
  return `${route.vrf} ${route.prefix}`;
}

// The configuration's routes: brings those in force to those that are wanted.
import type { RouteSection } from '@sluice/shared';
import {
  ADJ_BLACKHOLE,
  ADJ_LOOKUP,
  ADJ_PROHIBIT,
  ADJ_UNREACHABLE,
  type AdjacencyTable,
} from '../tables/adjacencies.js';
import type { Address } from './address.js';
import type { Interfaces } from './interfaces.js';
import type { Bundle, Path, Paths } from './paths.js';
import {
  type Destination,
  prefixOf,
  prefixText,
  type Refusal,
  RouteResolver,
  type WantedRoute,
} from './resolve-route.js';
import type { RouteTable } from './route-table.js';

interface Installed {
  vrf: number;
  network: Address;
  length: number;
  adjacency: number;
  refusal: Refusal | null;
  /** Its paths, unless it refuses or looks up elsewhere. */
  bundle: Bundle | null;
}

/** A route as Linux can hold it. */
export interface MirroredRoute {
  prefix: string;
  refusal: Refusal | null;
  paths: readonly Path[];
}

type VrfId = (name: string) => number | undefined;

export class StaticRoutes {
  private readonly installed = new Map<string, Installed>();
  private readonly refusals: Record<Refusal, number>;
  /** By VRF: what looks up there. Kept, as there are no more of them than VRFs. */
  private readonly lookups = new Map<number, number>();

  constructor(
    private readonly routes: RouteTable,
    private readonly interfaces: Interfaces,
    private readonly paths: Paths,
    private readonly adjacencies: AdjacencyTable,
  ) {
    const add = (kind: number): number => adjacencies.add({ kind, interface: 0, mtu: 0 });
    this.refusals = {
      blackhole: add(ADJ_BLACKHOLE),
      unreachable: add(ADJ_UNREACHABLE),
      prohibit: add(ADJ_PROHIBIT),
    };
  }

  /** Removes the routes that are not wanted any more. */
  prune(wanted: readonly RouteSection[]): void {
    // A changed route keeps its prefix: it is replaced by one store in install().
    const keys = new Set(wanted.map(keyOf));
    for (const [key, route] of this.installed) {
      if (!keys.has(key)) this.remove(key, route);
    }
  }

  /** Installs what is missing or leads elsewhere now. Returns a sentence for each route that cannot be as it should. */
  install(wanted: readonly RouteSection[], vrfId: VrfId, now: number): string[] {
    const problems: string[] = [];
    const all = wanted.flatMap((route): WantedRoute[] => {
      const vrf = vrfId(route.vrf);
      const prefix = prefixOf(route);
      return vrf === undefined || prefix === null ? [] : [{ route, vrf, ...prefix }];
    });
    const resolver = new RouteResolver(this.routes, this.interfaces, this.adjacencies, all, vrfId);
    for (const each of all) {
      const destination = resolver.resolve(each);
      try {
        this.put(each, destination, now);
      } catch (error) {
        problems.push(
          `route ${each.route.prefix}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      if (destination.kind !== 'paths') continue;
      problems.push(...destination.waiting.map((what) => `route ${each.route.prefix} waits for ${what}`));
    }
    return problems;
  }

  /** Has no route lead through an interface that is going away. */
  forgetInterface(row: number, now: number): void {
    for (const [key, route] of this.installed) {
      const { bundle } = route;
      if (bundle === null || bundle.members.every((path) => path.row !== row)) continue;
      const left = bundle.members.filter((path) => path.row !== row);
      if (left.length === 0) this.remove(key, route);
      else this.lead(key, route, this.paths.acquire(left, now, bundle));
    }
  }

  /** Those of a VRF that Linux can hold: it has no way into another VRF of ours. */
  mirrored(vrf: number): MirroredRoute[] {
    return [...this.installed.values()]
      .filter((route) => route.vrf === vrf && (route.refusal !== null || route.bundle !== null))
      .map(({ network, length, refusal, bundle }) => ({
        prefix: prefixText(network, length),
        refusal,
        paths: bundle?.members ?? [],
      }));
  }

  private put({ route, vrf, network, length }: WantedRoute, to: Destination, now: number): void {
    const key = keyOf(route);
    const old = this.installed.get(key);
    const at = { vrf, network, length };
    if (to.kind === 'paths') {
      if (to.paths.length > 0) this.lead(key, at, this.paths.acquire(to.paths, now, old?.bundle));
      // Its way is gone: to keep the old one would send packets where nobody wants them any more.
      else if (old !== undefined) this.remove(key, old);
      return;
    }
    const adjacency = to.kind === 'refusal' ? this.refusals[to.refusal] : this.lookupIn(to.vrf);
    const refusal = to.kind === 'refusal' ? to.refusal : null;
    this.replace(key, { ...at, adjacency, refusal, bundle: null });
  }

  private lead(key: string, at: Pick<Installed, 'vrf' | 'network' | 'length'>, bundle: Bundle): void {
    const { vrf, network, length } = at;
    try {
      this.replace(key, { vrf, network, length, adjacency: bundle.adjacency, refusal: null, bundle });
    } catch (error) {
      this.paths.release(bundle);
      throw error;
    }
  }

  /** One store in the FIB; what the route had before is let go of after that. */
  private replace(key: string, route: Installed): void {
    const old = this.installed.get(key);
    if (old?.vrf !== route.vrf || old.adjacency !== route.adjacency) {
      this.routes.set(route.vrf, route.network, route.length, 'static', route.adjacency);
    }
    if (old !== undefined && old.vrf !== route.vrf) {
      this.routes.unset(old.vrf, old.network, old.length, 'static', old.adjacency);
    }
    this.installed.set(key, route);
    if (old?.bundle) this.paths.release(old.bundle);
  }

  private remove(key: string, route: Installed): void {
    this.routes.unset(route.vrf, route.network, route.length, 'static', route.adjacency);
    this.installed.delete(key);
    if (route.bundle !== null) this.paths.release(route.bundle);
  }

  private lookupIn(vrf: number): number {
    let adjacency = this.lookups.get(vrf);
    if (adjacency === undefined) {
      adjacency = this.adjacencies.add({ kind: ADJ_LOOKUP, interface: vrf, mtu: 0 });
      this.lookups.set(vrf, adjacency);
    }
    return adjacency;
  }
}

function keyOf(route: RouteSection): string {
  const prefix = prefixOf(route);
  return `${route.vrf} ${prefix === null ? route.prefix : prefixText(prefix.network, prefix.length)}`;
}

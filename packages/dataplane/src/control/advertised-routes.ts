// Default routes by routers that advertise themselves: one for each VRF, through the best of its links' routers. Those
// of the configuration go before them (ROUTE_SOURCES).
import type { Ip6Words } from '@sluice/shared';
import type { RouterPreference } from '../wire/ra.js';
import { formatAddress } from './address.js';
import type { Interfaces } from './interfaces.js';
import { isUsable } from './neighbour-states.js';
import type { Neighbours } from './neighbours.js';
import type { RouteTable } from './route-table.js';
import type { LearntRouter } from './router-advertisements.js';
import type { TwinRoute } from './twin-routes.js';

const EVERYTHING: Ip6Words = [0, 0, 0, 0];
const RANK: Record<RouterPreference, number> = { high: 2, medium: 1, low: 0 };

interface Installed {
  row: number;
  router: Ip6Words;
  adjacency: number;
}

export class AdvertisedRoutes {
  /** By VRF. */
  private readonly installed = new Map<number, Installed>();
  /** Routers whose neighbour is held, so that one that stops answering is noticed. */
  private readonly held = new Map<string, { row: number; address: Ip6Words; adjacency: number }>();

  constructor(
    private readonly routes: RouteTable,
    private readonly interfaces: Interfaces,
    private readonly neighbours: Neighbours,
  ) {}

  /** Chooses anew. `routers` in the order in which they were heard first. */
  update(routers: readonly LearntRouter[], now: number): void {
    const present = routers.filter(({ row }) => this.interfaces.isUp(row));
    this.hold(present, now);
    const best = new Map<number, LearntRouter>();
    for (const router of present) {
      const vrf = this.interfaces.ofRow(router.row)?.vrf;
      if (vrf === undefined) continue;
      const other = best.get(vrf);
      if (other === undefined || this.rank(router) > this.rank(other)) best.set(vrf, router);
    }
    for (const [vrf, { adjacency }] of this.installed) {
      if (best.has(vrf)) continue;
      this.routes.unset(vrf, EVERYTHING, 0, 'advertised', adjacency);
      this.installed.delete(vrf);
    }
    for (const [vrf, { row, address: router }] of best) {
      const adjacency = this.held.get(keyOf(row, router))!.adjacency;
      if (this.installed.get(vrf)?.adjacency === adjacency) continue;
      this.routes.set(vrf, EVERYTHING, 0, 'advertised', adjacency);
      this.installed.set(vrf, { row, router, adjacency });
    }
    this.letGo(present);
  }

  /** What Linux has of it. */
  mirrored(vrf: number): TwinRoute[] {
    const route = this.installed.get(vrf);
    const name = route === undefined ? undefined : this.interfaces.ofRow(route.row)?.name;
    if (route === undefined || name === undefined) return [];
    return [
      {
        prefix: '::/0',
        refusal: null,
        ways: [{ nextHop: formatAddress(route.router), interface: name, weight: 1 }],
      },
    ];
  }

  /** RFC 4191 section 3.2: one that answers before one that does not, then by preference. */
  private rank({ row, address, preference }: LearntRouter): number {
    const state = this.neighbours.get(row, address)?.state;
    return (state !== undefined && isUsable(state) ? 10 : 0) + RANK[preference];
  }

  private hold(routers: readonly LearntRouter[], now: number): void {
    for (const { row, address } of routers) {
      const key = keyOf(row, address);
      if (this.held.has(key)) continue;
      const adjacency = this.neighbours.reference(row, address, now);
      this.held.set(key, { row, address, adjacency });
    }
  }

  private letGo(routers: readonly LearntRouter[]): void {
    const wanted = new Set(routers.map(({ row, address }) => keyOf(row, address)));
    for (const [key, { row, address }] of this.held) {
      if (wanted.has(key)) continue;
      this.neighbours.release(row, address);
      this.held.delete(key);
    }
  }
}

function keyOf(row: number, address: Ip6Words): string {
  return `${row} ${address.join(':')}`;
}

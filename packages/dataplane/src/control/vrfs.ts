// The VRFs of the configuration: their numbers, which FIBs and packets carry, and the routes that every one has.
import { type DataplaneState, DEFAULT_VRF, type Ip6Words } from '@sluice/shared';
import { ADJ_LOCAL, type AdjacencyTable } from '../tables/adjacencies.js';
import { LINK_LOCAL_VRF } from '../tables/ip6-scope.js';
import type { RouteTable } from './route-table.js';

/** To everyone on the link, and to every router protocol's link-local groups (RFC 5771 section 4). */
const LIMITED_BROADCAST = 0xffffffff;
const LOCAL_GROUPS = 0xe0000000;
const LOCAL_GROUPS_LENGTH = 24;
/** IPv6 groups of link-local scope, solicited-node ones among them (RFC 4291 section 2.7). */
const LINK_GROUPS6: Ip6Words = [0xff020000, 0, 0, 0];
const LINK_GROUPS6_LENGTH = 16;

export class Vrfs {
  private readonly ids = new Map<string, number>();
  /** Leads the broadcasts and groups of all VRFs to Linux. */
  private readonly toAll: number;

  constructor(
    private readonly routes: RouteTable,
    adjacencies: AdjacencyTable,
  ) {
    this.toAll = adjacencies.add({ kind: ADJ_LOCAL, interface: 0, mtu: 0 });
  }

  /** The number of a VRF. @throws Error when there is none of that name. */
  id(name: string): number {
    const id = this.ids.get(name);
    if (id === undefined) throw new Error(`there is no VRF "${name}"`);
    return id;
  }

  find(name: string): number | undefined {
    return this.ids.get(name);
  }

  list(): { id: number; name: string }[] {
    return [...this.ids].map(([name, id]) => ({ id, name }));
  }

  /** Makes those that are missing, with the lowest numbers that are free. */
  add(state: DataplaneState): void {
    for (const name of namesOf(state)) {
      if (this.ids.has(name)) continue;
      const used = new Set(this.ids.values());
      let id = 0;
      while (used.has(id)) id++;
      if (id >= LINK_LOCAL_VRF) throw new Error(`there are ${LINK_LOCAL_VRF} VRFs already`);
      this.routes.addVrf(id);
      this.ids.set(name, id);
      this.routes.set(id, LIMITED_BROADCAST, 32, 'broadcast', this.toAll);
      this.routes.set(id, LOCAL_GROUPS, LOCAL_GROUPS_LENGTH, 'broadcast', this.toAll);
      this.routes.set(id, LINK_GROUPS6, LINK_GROUPS6_LENGTH, 'broadcast', this.toAll);
    }
  }

  /** Removes those that are not wanted any more; nothing is in them then. */
  prune(state: DataplaneState): void {
    const wanted = new Set(namesOf(state));
    for (const [name, id] of this.ids) {
      if (wanted.has(name)) continue;
      this.routes.removeVrf(id);
      this.ids.delete(name);
    }
  }
}

function namesOf(state: DataplaneState): string[] {
  return [DEFAULT_VRF, ...state.vrfs.map((vrf) => vrf.name)];
}

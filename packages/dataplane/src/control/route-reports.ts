// What a person is shown of the forwarding tables.
import type { RouteReport } from '@sluice/shared';
import {
  ADJ_BLACKHOLE,
  ADJ_GLEAN,
  ADJ_LOCAL,
  ADJ_LOOKUP,
  ADJ_NEXT_HOP6,
  ADJ_PROHIBIT,
  ADJ_SHIFT,
  ADJ_TUNNEL,
  ADJ_UNREACHABLE,
  type AdjacencyTable,
} from '../tables/adjacencies.js';
import { type Address, formatAddress, isIp4 } from './address.js';
import type { Interfaces } from './interfaces.js';
import type { Paths } from './paths.js';
import { familyOf, prefixText } from './resolve-route.js';
import type { OfferedRoute, RouteTable } from './route-table.js';

interface VrfName {
  id: number;
  name: string;
}

export class RouteReports {
  constructor(
    private readonly routes: RouteTable,
    private readonly adjacencies: AdjacencyTable,
    private readonly interfaces: Interfaces,
    private readonly paths: Paths,
  ) {}

  /** The routes in force of some VRFs; `all` names those that routes may look up in. */
  list(vrfs: readonly VrfName[], all: readonly VrfName[]): RouteReport[] {
    return vrfs.flatMap(({ id, name }) => this.routes.list(id).map((route) => this.report(route, name, all)));
  }

  private report(route: OfferedRoute, vrf: string, all: readonly VrfName[]): RouteReport {
    const { adjacency, network, length } = route;
    const kind = this.adjacencies.kind(adjacency);
    const report = {
      vrf,
      family: familyOf(network),
      prefix: prefixText(network, length),
      kind: route.source,
      action: actionOf(kind),
      next_hops: [],
      vrf_lookup: null,
    };
    if (kind === ADJ_LOOKUP) {
      const other = this.adjacencies.interface(adjacency);
      return { ...report, vrf_lookup: all.find(({ id }) => id === other)?.name ?? null };
    }
    const members = this.paths.membersOf(adjacency);
    if (members !== undefined) {
      return {
        ...report,
        next_hops: members.map(({ row, address, weight, active }) => ({
          address: address === null ? null : formatAddress(address),
          interface: this.nameOf(row),
          weight: Math.round(weight * 100) / 100,
          active,
        })),
      };
    }
    const row = this.adjacencies.interface(adjacency);
    if (row === 0) return report;
    const address = kind === ADJ_LOCAL ? null : this.nextHop(adjacency, network);
    return {
      ...report,
      next_hops: [
        {
          address: address === null ? null : formatAddress(address),
          interface: this.nameOf(row),
          weight: 1,
          active: true,
        },
      ],
    };
  }

  /** The neighbour's address of the family of the route. */
  private nextHop(adjacency: number, network: Address): Address | null {
    if (isIp4(network)) return this.adjacencies.nextHop(adjacency) || null;
    const at = (adjacency << ADJ_SHIFT) + ADJ_NEXT_HOP6;
    const word = (i: number): number => this.adjacencies.words[at + i]! >>> 0;
    const address = [word(0), word(1), word(2), word(3)] as const;
    return address.every((each) => each === 0) ? null : address;
  }

  private nameOf(row: number): string | null {
    return this.interfaces.ofRow(row)?.name ?? null;
  }
}

function actionOf(kind: number): RouteReport['action'] {
  if (kind === ADJ_LOCAL) return 'local';
  if (kind === ADJ_GLEAN) return 'glean';
  if (kind === ADJ_TUNNEL) return 'tunnel';
  if (kind === ADJ_BLACKHOLE) return 'blackhole';
  if (kind === ADJ_UNREACHABLE) return 'unreachable';
  if (kind === ADJ_PROHIBIT) return 'prohibit';
  return kind === ADJ_LOOKUP ? 'lookup' : 'forward';
}

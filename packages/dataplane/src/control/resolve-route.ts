// Where a configured route leads: next hops are followed through other routes until a connected network.
//
// Resolution looks at the wanted routes and the connected networks, not at what is installed: it does not depend on
// the order in which routes come. A next hop never leads through the default route: a mistyped one would.
import {
  nextHopsOf,
  parseIp4Prefix,
  parseIp6Prefix,
  type RouteNextHop,
  type RouteSection,
} from '@sluice/shared';
import { PrefixMap } from '@sluice/shared/net';
import type { AdjacencyTable } from '../tables/adjacencies.js';
import { type Address, formatAddress, isIp4, isLinkLocal, parseAddress, sameAddress } from './address.js';
import type { Interface } from './interface.js';
import type { Interfaces } from './interfaces.js';
import type { Path } from './paths.js';
import type { RouteTable } from './route-table.js';

/** Routes that a next hop may lead through, one by the other. */
const DEPTH_MAX = 8;

export type Refusal = 'blackhole' | 'unreachable' | 'prohibit';

/** Where a route leads; `waiting` says what keeps paths of it from being. */
export type Destination =
  | { kind: 'refusal'; refusal: Refusal }
  | { kind: 'lookup'; vrf: number }
  | { kind: 'paths'; paths: Path[]; waiting: string[] };

/** A route and what its prefix says. */
export interface WantedRoute {
  route: RouteSection;
  vrf: number;
  network: Address;
  length: number;
}

export class RouteResolver {
  private readonly wanted = new Map<number, PrefixMap<WantedRoute>>();
  private readonly vrfId: (name: string) => number | undefined;

  constructor(
    private readonly routes: RouteTable,
    private readonly interfaces: Interfaces,
    private readonly adjacencies: AdjacencyTable,
    wanted: readonly WantedRoute[],
    vrfId: (name: string) => number | undefined,
  ) {
    this.vrfId = vrfId;
    for (const each of wanted) {
      const map = this.wanted.get(each.vrf) ?? new PrefixMap<WantedRoute>();
      map.set(each.network, each.length, each);
      this.wanted.set(each.vrf, map);
    }
  }

  resolve(wanted: WantedRoute): Destination {
    return this.follow(wanted, []);
  }

  private follow(wanted: WantedRoute, through: readonly WantedRoute[]): Destination {
    const { route } = wanted;
    for (const refusal of ['blackhole', 'unreachable', 'prohibit'] as const) {
      if (route[refusal]) return { kind: 'refusal', refusal };
    }
    if (route.vrf_lookup !== undefined) {
      const vrf = this.vrfId(route.vrf_lookup);
      return vrf === undefined ? wait(`VRF ${route.vrf_lookup}`) : { kind: 'lookup', vrf };
    }
    const ends = nextHopsOf(route).map((hop) => ({ hop, end: this.hop(wanted, hop, [...through, wanted]) }));
    // A single next hop behind a route that refuses is refused as well: so a mark can blackhole many prefixes.
    if (ends.length === 1 && ends[0]!.end.kind === 'refusal') return ends[0]!.end;
    const paths: Path[] = [];
    const waiting: string[] = [];
    for (const { hop, end } of ends) {
      if (end.kind !== 'paths') {
        waiting.push(`a way to ${hop.address} that ends at an interface`);
        continue;
      }
      const total = end.paths.reduce((sum, { weight }) => sum + weight, 0);
      paths.push(...end.paths.map((path) => ({ ...path, weight: (hop.weight * path.weight) / total })));
      waiting.push(...end.waiting);
    }
    return { kind: 'paths', paths, waiting };
  }

  private hop(wanted: WantedRoute, hop: RouteNextHop, through: readonly WantedRoute[]): Destination {
    const { vrf } = wanted;
    const link = hop.interface === undefined ? undefined : this.interfaces.get(hop.interface);
    if (hop.interface !== undefined && link === undefined) return wait(hop.interface);
    const address = hop.address === undefined ? null : parseAddress(hop.address);
    if (link !== undefined) {
      if (address === null) return lead(link, null);
      const onLink = isLinkLocal(address) || this.connectedTo(link.vrf, address)?.row === link.row;
      return onLink ? lead(link, address) : wait(`a network of ${link.name} that holds ${hop.address}`);
    }
    if (address === null) return wait('a next hop');
    const own = this.routes.longest(vrf, address, 'local');
    if (own !== undefined && sameAddress(own.network, address)) {
      return wait(`a next hop other than ${hop.address}, which is an address of this device itself`);
    }
    const connected = this.routes.longest(vrf, address, 'connected');
    const other = this.wanted.get(vrf)?.longest(address, (_, length) => length > 0);
    if (connected !== undefined && connected.length >= (other?.length ?? 0)) {
      const entry = this.interfaces.ofRow(this.adjacencies.interface(connected.adjacency));
      if (entry !== undefined) return lead(entry, address);
    }
    if (other === undefined) return wait(`an interface that reaches ${hop.address}`);
    if (through.includes(other)) {
      return wait(
        `a next hop other than ${hop.address}, which leads in a circle through ${other.route.prefix}`,
      );
    }
    if (through.length > DEPTH_MAX) {
      return wait(`a next hop that does not lead through more than ${DEPTH_MAX} routes`);
    }
    return this.follow(other, through);
  }

  private connectedTo(vrf: number, address: Address): Interface | undefined {
    const offer = this.routes.longest(vrf, address, 'connected');
    return offer && this.interfaces.ofRow(this.adjacencies.interface(offer.adjacency));
  }
}

/** A route's prefix; null for text that is none. */
export function prefixOf(route: RouteSection): { network: Address; length: number } | null {
  const prefix = parseIp4Prefix(route.prefix) ?? parseIp6Prefix(route.prefix);
  return prefix === null ? null : { network: prefix.address, length: prefix.length };
}

/** In the one spelling that all tools print. */
export function prefixText(network: Address, length: number): string {
  return `${formatAddress(network)}/${length}`;
}

/** The family that a route is of. */
export function familyOf(network: Address): 'ipv4' | 'ipv6' {
  return isIp4(network) ? 'ipv4' : 'ipv6';
}

/** Into a tunnel everything goes as it is: it has no neighbours. */
function lead(entry: Interface, address: Address | null): Destination {
  const paths = [{ row: entry.row, address: entry.kind === 'tunnel' ? null : address, weight: 1 }];
  return { kind: 'paths', paths, waiting: [] };
}

function wait(what: string): Destination {
  return { kind: 'paths', paths: [], waiting: [what] };
}

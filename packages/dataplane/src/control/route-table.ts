// Routes by where they come from: several sources may offer one prefix, the most preferred is in the FIB.
import { ip4Mask, networkOf6, PrefixMap } from '@sluice/shared';
import type { Ip4FibWriter } from '../tables/ip4-fib-writer.js';
import type { Ip6FibWriter } from '../tables/ip6-fib-writer.js';
import { LINK_LOCAL_VRF } from '../tables/ip6-scope.js';
import { type Address, isIp4 } from './address.js';

/** Most preferred first. A host route to a neighbour never shadows a local address. */
export const ROUTE_SOURCES = [
  'local',
  'broadcast',
  'connected',
  'neighbour',
  'static',
  'advertised',
] as const;
export type RouteSource = (typeof ROUTE_SOURCES)[number];

export interface OfferedRoute {
  vrf: number;
  /** Host bits zero. */
  network: Address;
  length: number;
  source: RouteSource;
  adjacency: number;
}

export class RouteTable {
  /** By VRF, then by prefix: the offers, most preferred first. */
  private readonly vrfs = new Map<number, PrefixMap<OfferedRoute[]>>();

  constructor(
    private readonly fib: Ip4FibWriter,
    private readonly fib6: Ip6FibWriter,
  ) {
    // For both families, because a number is a VRF's in both; IPv4 has no routes there.
    this.addVrf(LINK_LOCAL_VRF);
  }

  addVrf(vrf: number): void {
    if (this.vrfs.has(vrf)) return;
    this.fib.createVrf(vrf);
    try {
      this.fib6.createVrf(vrf);
    } catch (error) {
      this.fib.removeVrf(vrf);
      throw error;
    }
    this.vrfs.set(vrf, new PrefixMap());
  }

  removeVrf(vrf: number): void {
    this.vrfs.delete(vrf);
    this.fib.removeVrf(vrf);
    this.fib6.removeVrf(vrf);
  }

  /** Offers a route, or changes the adjacency of the source's offer. Throws FibError; the offers are as before then. */
  set(vrf: number, address: Address, length: number, source: RouteSource, adjacency: number): void {
    const prefixes = this.vrfs.get(vrf);
    if (prefixes === undefined) throw new Error(`there is no VRF ${vrf}`);
    const network = networkOf(address, length);
    const others = (prefixes.get(network, length) ?? []).filter((offer) => offer.source !== source);
    const offers = [...others, { vrf, network, length, source, adjacency }];
    offers.sort((a, b) => ROUTE_SOURCES.indexOf(a.source) - ROUTE_SOURCES.indexOf(b.source));
    this.write(offers[0]!);
    prefixes.set(network, length, offers);
  }

  /**
   * Withdraws a source's offer, if it still leads to this adjacency: a network that moved from one interface
   * to another is offered by the new one already when the old one withdraws it.
   */
  unset(vrf: number, address: Address, length: number, source: RouteSource, adjacency: number): void {
    const network = networkOf(address, length);
    const prefixes = this.vrfs.get(vrf);
    const offers = prefixes?.get(network, length);
    if (prefixes === undefined || offers === undefined) return;
    const left = offers.filter((offer) => offer.source !== source || offer.adjacency !== adjacency);
    if (left.length === offers.length) return;
    if (left.length === 0) {
      prefixes.delete(network, length);
      if (isIp4(network)) this.fib.remove(vrf, network, length);
      else this.fib6.remove(vrf, network, length);
    } else {
      this.write(left[0]!);
      prefixes.set(network, length, left);
    }
  }

  /** The route by which packets to an address go. */
  lookup(vrf: number, address: Address): OfferedRoute | undefined {
    return this.vrfs.get(vrf)?.longest(address)?.[0];
  }

  /** The longest prefix's offer for an address among those of one source. */
  longest(vrf: number, address: Address, source: RouteSource): OfferedRoute | undefined {
    const of = (offers: OfferedRoute[]): OfferedRoute | undefined =>
      offers.find((offer) => offer.source === source);
    const offers = this.vrfs.get(vrf)?.longest(address, (offers) => of(offers) !== undefined);
    return offers === undefined ? undefined : of(offers);
  }

  /** The routes in force of a VRF: IPv4 before IPv6, by address and length. */
  list(vrf: number): OfferedRoute[] {
    return [...(this.vrfs.get(vrf) ?? [])].map((offers) => offers[0]!).sort(compare);
  }

  private write({ vrf, network, length, adjacency }: OfferedRoute): void {
    if (isIp4(network)) this.fib.add(vrf, network, length, adjacency);
    else this.fib6.add(vrf, network, length, adjacency);
  }
}

function networkOf(address: Address, length: number): Address {
  return isIp4(address) ? (address & ip4Mask(length)) >>> 0 : networkOf6({ address, length });
}

function compare(a: OfferedRoute, b: OfferedRoute): number {
  if (isIp4(a.network) || isIp4(b.network)) {
    if (!isIp4(a.network)) return 1;
    if (!isIp4(b.network)) return -1;
    return a.network - b.network || a.length - b.length;
  }
  for (let i = 0; i < 4; i++) {
    if (a.network[i] !== b.network[i]) return a.network[i]! - b.network[i]!;
  }
  return a.length - b.length;
}

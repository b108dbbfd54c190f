// Routes by where they come from: several sources may offer one prefix, the most preferred is in the FIB.
import { ip4Mask } from '@sluice/shared';
import type { Ip4FibWriter } from '../tables/ip4-fib-writer.js';

/** Most preferred first. A host route to a neighbour never shadows a local address. */
export const ROUTE_SOURCES = ['local', 'broadcast', 'connected', 'neighbour', 'static'] as const;
export type RouteSource = (typeof ROUTE_SOURCES)[number];

export interface OfferedRoute {
  vrf: number;
  /** Unsigned, host bits zero. */
  network: number;
  length: number;
  source: RouteSource;
  adjacency: number;
}

export class RouteTable {
  /** By VRF, then by prefix: the offers, most preferred first. */
  private readonly vrfs = new Map<number, Map<number, OfferedRoute[]>>();

  constructor(private readonly fib: Ip4FibWriter) {}

  addVrf(vrf: number): void {
    if (this.vrfs.has(vrf)) return;
    this.fib.createVrf(vrf);
    this.vrfs.set(vrf, new Map());
  }

  removeVrf(vrf: number): void {
    this.vrfs.delete(vrf);
    this.fib.removeVrf(vrf);
  }

  /** Offers a route, or changes the adjacency of the source's offer. */
  set(vrf: number, address: number, length: number, source: RouteSource, adjacency: number): void {
    const network = (address & ip4Mask(length)) >>> 0;
    const offers = this.offers(vrf, network, length);
    const own = offers.findIndex((offer) => offer.source === source);
    if (own >= 0) offers.splice(own, 1);
    offers.push({ vrf, network, length, source, adjacency });
    offers.sort((a, b) => ROUTE_SOURCES.indexOf(a.source) - ROUTE_SOURCES.indexOf(b.source));
    this.fib.add(vrf, network, length, offers[0]!.adjacency);
  }

  /**
   * Withdraws a source's offer, if it still leads to this adjacency: a network that moved from one interface
   * to another is offered by the new one already when the old one withdraws it.
   */
  unset(vrf: number, address: number, length: number, source: RouteSource, adjacency: number): void {
    const network = (address & ip4Mask(length)) >>> 0;
    const prefixes = this.vrfs.get(vrf);
    const key = keyOf(network, length);
    const offers = prefixes?.get(key);
    if (prefixes === undefined || offers === undefined) return;
    const left = offers.filter((offer) => offer.source !== source || offer.adjacency !== adjacency);
    if (left.length === offers.length) return;
    if (left.length === 0) {
      prefixes.delete(key);
      this.fib.remove(vrf, network, length);
    } else {
      prefixes.set(key, left);
      this.fib.add(vrf, network, length, left[0]!.adjacency);
    }
  }

  /** The routes in force of a VRF, by address and length. */
  list(vrf: number): OfferedRoute[] {
    const routes = [...(this.vrfs.get(vrf)?.values() ?? [])].map((offers) => offers[0]!);
    return routes.sort((a, b) => a.network - b.network || a.length - b.length);
  }

  private offers(vrf: number, network: number, length: number): OfferedRoute[] {
    const prefixes = this.vrfs.get(vrf);
    if (prefixes === undefined) throw new Error(`there is no VRF ${vrf}`);
    const key = keyOf(network, length);
    let offers = prefixes.get(key);
    if (offers === undefined) {
      offers = [];
      prefixes.set(key, offers);
    }
    return offers;
  }
}

function keyOf(network: number, length: number): number {
  return network * 64 + length;
}

// Static routes as Linux holds them for its own processes: what they send has to leave as forwarded packets do.
import { formatAddress } from './address.js';
import type { Refusal } from './resolve-route.js';
import type { MirroredRoute } from './static-routes.js';

export interface TwinRoute {
  prefix: string;
  /** Set for a route that refuses, which has no ways. */
  refusal: Refusal | null;
  ways: TwinWay[];
}

export interface TwinWay {
  /** Null: directly by the interface. */
  nextHop: string | null;
  interface: string;
  weight: number;
}

/** A route in the JSON of iproute2. */
export interface RouteJson {
  type?: string;
  dst: string;
  gateway?: string;
  dev?: string;
  nexthops?: { gateway?: string; dev: string; weight?: number }[];
}

/** rtnetlink's rtnh_hops is an octet (linux/rtnetlink.h): weights of 1 to 256. */
const WEIGHT_MAX = 256;
const HOST_BITS = /\/(32|128)$/;

export function mirror(
  routes: readonly MirroredRoute[],
  nameOf: (row: number) => string | undefined,
): TwinRoute[] {
  return routes.flatMap(({ prefix, refusal, paths }) => {
    const least = Math.min(...paths.map((path) => path.weight));
    const ways = paths.flatMap(({ row, address, weight }) => {
      const name = nameOf(row);
      if (name === undefined) return [];
      const nextHop = address === null ? null : formatAddress(address);
      return [{ nextHop, interface: name, weight: Math.min(WEIGHT_MAX, Math.round(weight / least)) }];
    });
    return refusal === null && ways.length === 0 ? [] : [{ prefix, refusal, ways }];
  });
}

/** A route of Linux's as a TwinRoute; iproute2 shortens its prefix. */
export function fromJson(route: RouteJson, isIp6: boolean): TwinRoute {
  const { dst, type, gateway, dev, nexthops } = route;
  const everything = isIp6 ? '::/0' : '0.0.0.0/0';
  const prefix = dst === 'default' ? everything : dst.includes('/') ? dst : `${dst}/${isIp6 ? 128 : 32}`;
  const refusal = type === 'blackhole' || type === 'unreachable' || type === 'prohibit' ? type : null;
  if (refusal !== null) return { prefix, refusal, ways: [] };
  const hops =
    nexthops ?? (dev === undefined ? [] : [{ ...(gateway === undefined ? {} : { gateway }), dev }]);
  return {
    prefix,
    refusal,
    ways: hops.map((hop) => ({
      nextHop: hop.gateway ?? null,
      interface: hop.dev,
      weight: 'weight' in hop ? (hop.weight ?? 1) : 1,
    })),
  };
}

/** The arguments by which iproute2 adds or deletes it; the same text for the same route. */
export function routeText({ prefix, refusal, ways }: TwinRoute): string {
  const target = prefix.replace(HOST_BITS, '');
  if (refusal !== null) return `${refusal} ${target}`;
  const way = ({ nextHop, interface: name }: TwinWay): string =>
    `${nextHop === null ? '' : `via ${nextHop} `}dev ${name}`;
  if (ways.length === 1) return `${target} ${way(ways[0]!)}`;
  return `${target} ${ways.map((each) => `nexthop ${way(each)} weight ${each.weight}`).join(' ')}`;
}

/** What of a route Linux can have by these interfaces; null when nothing is left. */
export function by(route: TwinRoute, up: ReadonlySet<string>, up6: ReadonlySet<string>): TwinRoute | null {
  const usable = isIp6Prefix(route.prefix) ? up6 : up;
  if (route.refusal !== null) return usable.size > 0 ? route : null;
  const ways = route.ways.filter((way) => usable.has(way.interface));
  return ways.length === 0 ? null : { ...route, ways };
}

export function isIp6Prefix(prefix: string): boolean {
  return prefix.includes(':');
}

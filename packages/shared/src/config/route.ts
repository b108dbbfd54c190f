import { z } from 'zod';
import { interfaceName, ipAddress, ipPrefix, name } from './values.js';
import { vrfReference } from './vrf.js';

/** Ways of which a route has exactly one. */
export const ROUTE_WAYS = [
  'next_hop',
  'next_hops',
  'interface',
  'vrf_lookup',
  'blackhole',
  'unreachable',
  'prohibit',
] as const;

export const routeNextHop = z
  .strictObject({
    address: ipAddress.optional().describe('A router; without an interface, wherever its own route leads.'),
    interface: interfaceName
      .optional()
      .describe('With an address, the link that it is on; without, as in interface of the route.'),
    weight: z.int().min(1).max(255).default(1).describe('Its share of the flows, relative to the others.'),
  })
  .refine(
    (hop) => hop.address !== undefined || hop.interface !== undefined,
    'needs an address, an interface, or both',
  );

export const routeSection = z
  .strictObject({
    prefix: ipPrefix,
    vrf: vrfReference,
    next_hop: ipAddress
      .optional()
      .describe('A router on a connected network, or behind another route of the VRF but the default one.'),
    next_hops: z
      .array(routeNextHop)
      .min(1, 'needs a next hop')
      .max(32, 'at most 32 next hops share a route')
      .optional()
      .describe('Several that share the flows by weight.'),
    interface: interfaceName
      .optional()
      .describe('A tunnel, or an interface whose hosts are directly reachable.'),
    vrf_lookup: name.optional().describe('Look up again in this VRF.'),
    blackhole: z.literal(true).optional().describe('Drop what matches, silently.'),
    unreachable: z.literal(true).optional().describe('Answer that the host is unreachable.'),
    prohibit: z.literal(true).optional().describe('Answer that it is administratively prohibited.'),
  })
  .refine(
    (route) => ROUTE_WAYS.filter((way) => route[way] !== undefined).length === 1,
    `needs exactly one of ${ROUTE_WAYS.join(', ')}`,
  );

export type RouteNextHop = z.output<typeof routeNextHop>;
export type RouteSection = z.output<typeof routeSection>;

/** The next hops of a route, however it names them; none of one that refuses or looks up elsewhere. */
export function nextHopsOf(route: RouteSection): RouteNextHop[] {
  if (route.next_hops !== undefined) return route.next_hops;
  if (route.next_hop !== undefined) return [{ address: route.next_hop, weight: 1 }];
  return route.interface === undefined ? [] : [{ interface: route.interface, weight: 1 }];
}

import { z } from 'zod';
import { interfaceName, ip4Address, ip4Prefix } from './values.js';
import { vrfReference } from './vrf.js';

export const routeSection = z
  .strictObject({
    prefix: ip4Prefix,
    vrf: vrfReference,
    next_hop: ip4Address.optional().describe('A router on a connected network.'),
    interface: interfaceName
      .optional()
      .describe('A tunnel, or an interface whose hosts are directly reachable.'),
    blackhole: z.literal(true).optional().describe('Drop what matches, silently.'),
  })
  .refine(
    (route) =>
      [route.next_hop, route.interface, route.blackhole].filter((way) => way !== undefined).length === 1,
    'needs exactly one of next_hop, interface, blackhole',
  );

export type RouteSection = z.output<typeof routeSection>;

// What the box says of itself as a router of a link (RFC 4861 section 6.2.1, RFC 8106, RFC 4191).
import { z } from 'zod';
import { domainName, interfaceName, ip6Address, ip6Prefix } from './values.js';

/** RFC 4861 section 6.2.1: a router's lifetime has at most so many seconds. */
const ROUTER_LIFETIME_MAX_S = 9_000;
export const INFINITE_LIFETIME_S = 0xffffffff;

const lifetime = z.int().min(0).max(INFINITE_LIFETIME_S);

export const routerPreferences = ['low', 'medium', 'high'] as const;

export const advertisedPrefixSection = z
  .strictObject({
    prefix: ip6Prefix,
    on_link: z.boolean().default(true).describe('Its hosts are on the link.'),
    autonomous: z.boolean().default(true).describe('Hosts make addresses of it by themselves (RFC 4862).'),
    valid_lifetime_s: lifetime.default(86_400),
    preferred_lifetime_s: lifetime.default(14_400),
  })
  .refine(
    ({ valid_lifetime_s: valid, preferred_lifetime_s: preferred }) => preferred <= valid,
    'preferred_lifetime_s must not be longer than valid_lifetime_s',
  );

export const advertisedRouteSection = z.strictObject({
  to: ip6Prefix,
  preference: z.enum(routerPreferences).default('medium'),
  lifetime_s: lifetime.default(1_800),
});

export const routerAdvertisementSection = z.strictObject({
  interface: interfaceName.describe('The interface, VLAN or bridge on whose link the box is a router.'),
  enabled: z.boolean().default(true),
  router_lifetime_s: z
    .int()
    .min(0)
    .max(ROUTER_LIFETIME_MAX_S)
    .default(1_800)
    .describe('For how long hosts may have it as a default router; 0: not at all.'),
  preference: z
    .enum(routerPreferences)
    .default('medium')
    .describe('Beside other routers of the link (RFC 4191).'),
  interval_s: z
    .int()
    .min(4, 'at least 4 (RFC 4861)')
    .max(1_800, 'at most 1800 (RFC 4861)')
    .default(600)
    .describe('The longest time between two advertisements to all; the shortest is a third of it.'),
  managed: z
    .boolean()
    .optional()
    .describe(
      'M: hosts ask for addresses by DHCPv6. Left out: where dhcp6 gives addresses on the interface.',
    ),
  other_config: z
    .boolean()
    .optional()
    .describe('O: hosts ask for the rest by DHCPv6. Left out: where dhcp6 serves the interface.'),
  mtu: z.boolean().default(true).describe("Whether it tells the interface's MTU."),
  hop_limit: z.int().min(0).max(255).default(64),
  reachable_ms: z.int().min(0).max(3_600_000).default(0).describe('0: hosts use their own.'),
  retransmit_ms: z.int().min(0).max(0xffffffff).default(0).describe('0: hosts use their own.'),
  prefixes: z
    .array(advertisedPrefixSection)
    .max(32, 'at most 32 prefixes')
    .optional()
    .describe("Left out: those of the interface's addresses."),
  routes: z
    .array(advertisedRouteSection)
    .max(32, 'at most 32 routes')
    .default([])
    .describe('More specific routes through the box (RFC 4191), for hosts that take them.'),
  dns_servers: z.array(ip6Address).max(8, 'at most 8 servers').default([]).describe('RDNSS (RFC 8106).'),
  domain_search: z.array(domainName).max(8, 'at most 8 domains').default([]).describe('DNSSL (RFC 8106).'),
  dns_lifetime_s: lifetime.optional().describe('Left out: three times interval_s.'),
});

export type RouterAdvertisementSection = z.output<typeof routerAdvertisementSection>;
export type AdvertisedPrefixSection = z.output<typeof advertisedPrefixSection>;

// DHCPv6: which networks are served, with which addresses and prefixes (RFC 8415).
import { z } from 'zod';
import { hexOctets } from '../dhcp-options/values.js';
import { parseIp6Range } from '../net/ip6-range.js';
import { declineHold, plainHex } from './dhcp.js';
import { domainName, interfaceName, ip6Address, ip6Prefix, u32 } from './values.js';
import { vrfReference } from './vrf.js';

export const ip6Range = z
  .string()
  .refine(
    (text) => parseIp6Range(text) !== null,
    'must be an IPv6 address or a range of them, the lower one first: 2001:db8::100-2001:db8::1ff',
  );

/** RFC 8415 section 11.1: two octets of the type, and at most 128 more. */
const DUID_OCTETS_MIN = 3;
const DUID_OCTETS_MAX = 130;

const duid = hexOctets.refine((text) => {
  const octets = plainHex(text).length / 2;
  return octets >= DUID_OCTETS_MIN && octets <= DUID_OCTETS_MAX;
}, `must be a DUID of ${DUID_OCTETS_MIN} to ${DUID_OCTETS_MAX} octets, such as 00:03:00:01:02:00:5e:10:00:01`);

export const dhcp6PoolSection = z.strictObject({
  range: ip6Range.describe(
    'Addresses that clients are given (IA_NA). ::100-::1ff: of the subnet of a delegated prefix that the interface has.',
  ),
});

export const dhcp6DelegationSection = z
  .strictObject({
    prefix: ip6Prefix.describe('What delegated prefixes are taken of (IA_PD).'),
    length: z.int().min(8).max(128).describe('The length of each.'),
  })
  .refine(
    ({ prefix, length }) => length >= Number(prefix.split('/')[1]),
    'length must be at least that of the prefix',
  );

export const dhcp6ReservationSection = z
  .strictObject({
    duid: duid.describe('The client.'),
    iaid: u32.optional().describe('One of its interfaces. Left out: the first that asks.'),
    address: ip6Address.optional().describe('::50: of the subnet of a delegated prefix.'),
    prefix: ip6Prefix.optional(),
  })
  .refine(
    ({ address, prefix }) => address !== undefined || prefix !== undefined,
    'needs an address, a prefix, or both',
  );

export const dhcp6OptionsSection = z.strictObject({
  dns_servers: z.array(ip6Address).min(1).optional().describe('Option 23.'),
  domain_search: z.array(domainName).min(1).optional().describe('Option 24.'),
  ntp_servers: z.array(ip6Address).min(1).optional().describe('Options 31 and 56.'),
});

export const dhcp6LimitsSection = z.strictObject({
  requests_per_s: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(500)
    .describe('Messages of all its clients together; twice as many at once.'),
  client_requests_per_s: z
    .int()
    .min(1)
    .max(10_000)
    .default(10)
    .describe('Messages of one link-local address; four times as many at once.'),
  leases_per_client: z.int().min(1).max(10_000).default(8).describe('Addresses and prefixes of one DUID.'),
  leases_per_port: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(32)
    .describe(
      'Addresses and prefixes behind one link-local address, or one port of a relay that names its ports (option 18).',
    ),
  leases: z.int().min(1).max(1_000_000).default(65_536).describe('Addresses and prefixes of the network.'),
});

const lifetime = z.int().min(60, 'at least 60').max(0xffffffff);

export const dhcp6ServerSection = z
  .strictObject({
    interface: interfaceName
      .optional()
      .describe('The interface, VLAN or bridge whose network is served; its addresses say which prefixes.'),
    subnet: ip6Prefix.optional().describe('A network behind DHCPv6 relays, in place of an interface.'),
    vrf: vrfReference.describe('Of a network behind relays. An interface has its own.'),
    relays: z
      .array(ip6Address)
      .min(1)
      .optional()
      .describe('Addresses of relays that may ask. Left out: all whose link-address is in the network.'),
    enabled: z.boolean().default(true),
    pools: z.array(dhcp6PoolSection).max(64).default([]),
    delegation: z.array(dhcp6DelegationSection).max(64).default([]),
    reservations: z.array(dhcp6ReservationSection).default([]),
    options: dhcp6OptionsSection.prefault({}),
    rapid_commit: z
      .boolean()
      .default(false)
      .describe('Two messages in place of four, for clients that ask so. Only where no other server is.'),
    preference: z
      .int()
      .min(0)
      .max(255)
      .default(0)
      .describe('Beside other servers of the link; 255: clients take this one at once.'),
    valid_lifetime_s: lifetime.default(43_200),
    preferred_lifetime_s: lifetime.optional().describe('Left out: five eighths of valid_lifetime_s.'),
    refresh_s: z
      .int()
      .min(600, 'at least 600 (RFC 8415)')
      .max(0xffffffff)
      .default(86_400)
      .describe('When those that only asked for options ask again.'),
    decline_hold_s: declineHold,
    limits: dhcp6LimitsSection.prefault({}),
  })
  .refine(
    ({ interface: served, subnet }) => (served === undefined) !== (subnet === undefined),
    'needs interface or subnet, and not both',
  )
  .refine(
    ({ preferred_lifetime_s: preferred, valid_lifetime_s: valid }) =>
      preferred === undefined || preferred <= valid,
    'preferred_lifetime_s must not be longer than valid_lifetime_s',
  );

export const dhcp6Section = z.strictObject({
  servers: z.array(dhcp6ServerSection).default([]).describe('A network each.'),
});

export type Dhcp6Section = z.output<typeof dhcp6Section>;
export type Dhcp6ServerSection = z.output<typeof dhcp6ServerSection>;

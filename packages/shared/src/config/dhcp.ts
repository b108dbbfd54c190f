// DHCPv4: which networks are served, with which addresses and options.
import { z } from 'zod';
import { dhcpOptionsSection } from '../dhcp-options/index.js';
import { hasOneValue, hexOctets, ONE_VALUE, octetsValue } from '../dhcp-options/values.js';
import { parseIp4Range } from '../net/ip4-range.js';
import { interfaceName, ip4Address, ip4Prefix, name } from './values.js';
import { vrfReference } from './vrf.js';

/** Addresses of one pool at most: a /12. */
const POOL_MAX = 1 << 20;

export const ip4Range = z
  .string()
  .refine(
    (text) => parseIp4Range(text) !== null,
    'must be an address or a range of them, the lower one first: 10.1.0.100-10.1.0.199',
  );

const poolRange = ip4Range.refine((text) => {
  const range = parseIp4Range(text);
  return range === null || range.last - range.first < POOL_MAX;
}, `at most ${POOL_MAX} addresses: make it smaller`);

export const macAddress = z
  .string()
  .regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, 'must be a MAC address such as 02:00:5e:10:00:01');

const macPrefix = z
  .string()
  .regex(
    /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){0,5}$/,
    'must be the beginning of a MAC address, such as 02:00:5e',
  );

/** What goes into the header for clients that boot from the network (RFC 2131 section 2). */
export const dhcpBootSection = z.strictObject({
  next_server: ip4Address.optional().describe('Server that has the boot file (siaddr).'),
  server_name: z
    .string()
    .max(63, 'at most 63 characters')
    .optional()
    .describe('Its name (sname, option 66).'),
  file: z.string().max(127, 'at most 127 characters').optional().describe('The boot file (file, option 67).'),
});

const otherOption = z
  .strictObject({ code: z.int().min(1).max(254), ...octetsValue })
  .refine(hasOneValue, ONE_VALUE);

const given = {
  options: dhcpOptionsSection.prefault({}),
  other_options: z
    .array(otherOption)
    .default([])
    .describe('Options that have no name here, by code and value.'),
  boot: dhcpBootSection.optional(),
};

export const dhcpPoolSection = z.strictObject({
  range: poolRange.describe('Addresses that clients are given.'),
  classes: z
    .array(name)
    .min(1)
    .optional()
    .describe('Only for clients of one of these classes. Left out: for all.'),
});

export const dhcpReservationSection = z
  .strictObject({
    mac: macAddress.optional(),
    client_id: hexOctets.optional().describe('Client identifier (option 61) with its type octet.'),
    address: ip4Address,
    ...given,
  })
  .refine(
    ({ mac, client_id: id }) => (mac === undefined) !== (id === undefined),
    'needs mac or client_id, and not both',
  );

const pattern = z.string().min(1).max(255).describe('* stands for anything.');

export const dhcpClassSection = z.strictObject({
  name,
  match: z
    .strictObject({
      vendor_class: pattern.optional().describe('Vendor class identifier (option 60): PXEClient*'),
      user_class: pattern.optional().describe('User class (option 77).'),
      mac: macPrefix.optional().describe('Beginning of the MAC address.'),
      client_arch: z
        .array(z.int().min(0).max(65_535))
        .min(1)
        .optional()
        .describe('System architectures (option 93, RFC 4578): 0 is BIOS, 7 and 9 are UEFI on x86-64.'),
    })
    .refine((match) => Object.values(match).some((value) => value !== undefined), 'needs something to match')
    .describe('All that is named must be so.'),
  ...given,
});

export const dhcpLimitsSection = z.strictObject({
  requests_per_s: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(1_000)
    .describe('Messages of all its clients together; twice as many at once.'),
  client_requests_per_s: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Messages of one client; four times as many at once.'),
  leases_per_mac: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(32)
    .describe('Addresses behind one MAC address of the link, whatever the clients there call themselves.'),
  leases_per_circuit: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Addresses behind one port of a relay or switch that names its ports (option 82).'),
  per_port: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'Addresses behind one member of a bridge, whatever MAC addresses there are; and half of requests_per_s for one member. Left out: as many as there are.',
    ),
});

/** RFC 2131 section 3.3: all ones is for ever. */
const leaseTime = z.int().min(60, 'at least 60').max(0xffffffff);

export const declineHold = z
  .int()
  .min(1)
  .max(604_800)
  .default(3_600)
  .describe('For how long an address that turned out to be in use is left alone.');

export const dhcpServerSection = z
  .strictObject({
    interface: interfaceName
      .optional()
      .describe('The interface, VLAN or bridge whose network is served; its addresses say which subnets.'),
    subnet: ip4Prefix.optional().describe('A network behind DHCP relays, in place of an interface.'),
    vrf: vrfReference.describe('Of a network behind relays. An interface has its own.'),
    relays: z
      .array(ip4Address)
      .min(1)
      .optional()
      .describe('Relays (giaddr) that may ask. Left out: all whose address is in the network.'),
    enabled: z.boolean().default(true),
    pools: z.array(dhcpPoolSection).default([]),
    exclude: z
      .array(ip4Range)
      .default([])
      .describe("Addresses of pools that are not given; the box's own, and those reserved, never are."),
    reservations: z.array(dhcpReservationSection).default([]),
    classes: z.array(dhcpClassSection).default([]).describe('The first one that matches counts first.'),
    ...given,
    lease_time_s: leaseTime.default(43_200),
    lease_time_max_s: leaseTime
      .optional()
      .describe('For clients that ask for longer. Left out: lease_time_s. 4294967295 is for ever.'),
    authoritative: z
      .boolean()
      .default(false)
      .describe(
        'true: no other server serves this network, so a client with an address that this one does not know is told to begin anew.',
      ),
    probe_ms: z
      .int()
      .min(0)
      .max(5_000)
      .default(500)
      .describe(
        'For how long an answer is awaited from a station that already has an address before it is offered; 0: not asked.',
      ),
    decline_hold_s: declineHold,
    limits: dhcpLimitsSection.prefault({}),
  })
  .refine(
    ({ interface: served, subnet }) => (served === undefined) !== (subnet === undefined),
    'needs interface or subnet, and not both',
  );

export const dhcpSection = z.strictObject({
  servers: z.array(dhcpServerSection).default([]).describe('A network each.'),
});

/** Who a reservation is for, so that two for one client show: MAC addresses in small letters, octets without colons. */
export function reservationClient(reservation: {
  mac?: string | undefined;
  client_id?: string | undefined;
}): string {
  const { mac, client_id: id } = reservation;
  return mac !== undefined ? `mac ${mac.toLowerCase()}` : `client_id ${plainHex(id ?? '')}`;
}

/** `01:02 FF` as `0102ff`. */
export function plainHex(octets: string): string {
  return octets.replace(/[: ]/g, '').toLowerCase();
}

export const DHCP_FOREVER_S = 0xffffffff;

export type DhcpSection = z.output<typeof dhcpSection>;
export type DhcpServerSection = z.output<typeof dhcpServerSection>;
export type DhcpReservationSection = z.output<typeof dhcpReservationSection>;
export type DhcpClassSection = z.output<typeof dhcpClassSection>;
export type DhcpPoolSection = z.output<typeof dhcpPoolSection>;
export type DhcpBootSection = z.output<typeof dhcpBootSection>;
export type DhcpLimitsSection = z.output<typeof dhcpLimitsSection>;

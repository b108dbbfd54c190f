// What the DHCP server answers and announces.
import { z } from 'zod';
import { defineContract } from '../actor/contract.js';
import { dhcpServerSection } from '../config/dhcp.js';
import { dhcpClientSection } from '../config/dhcp-client.js';
import { dhcp6ServerSection } from '../config/dhcp6.js';
import { dhcp6ClientSection } from '../config/dhcp6-client.js';
import { dnsForwarderSection } from '../config/dns.js';
import { routerAdvertisementSection } from '../config/router-advertisement.js';

/** A network that is served, with what its interface says of it. */
export const dhcpNetworkSchema = z.object({
  server: dhcpServerSection,
  vrf: z.string(),
  /** The interface's IPv4 addresses with their prefix lengths; none of a network behind relays. */
  addresses: z.array(z.string()),
  /** Of a bridge, or of a VLAN on one: its members. */
  members: z.array(z.string()).default([]),
});

/** When what was given ends, of the clock; both 0 for what is taken back. */
const lifetimes = { preferred_until_ms: z.number(), valid_until_ms: z.number() };

/** A /64 of a prefix that the box was delegated. */
export const delegatedPrefixSchema = z.object({ prefix: z.string(), ...lifetimes });

/** A network that is served by DHCPv6, with what its interface says of it. */
export const dhcp6NetworkSchema = z.object({
  server: dhcp6ServerSection,
  vrf: z.string(),
  /** The interface's IPv6 addresses with their prefix lengths; none of a network behind relays. */
  addresses: z.array(z.string()),
  /** What of that is of a delegated prefix, until when: no lease is longer. */
  delegated: z.array(delegatedPrefixSchema).default([]),
});

/** Names for the links of a VRF. */
export const dnsForwarderSchema = z.object({
  section: dnsForwarderSection,
  vrf: z.string(),
  /** Whom it asks; none: those that interfaces of the VRF were told by DHCP. */
  servers: z.array(z.string()),
});

/** A link on which the box advertises itself, with what its interface says of it. */
export const advertisedLinkSchema = z.object({
  section: routerAdvertisementSection,
  vrf: z.string(),
  /** Null: not told. */
  mtu: z.int().nullable(),
  /** Beside those of the section. */
  delegated: z.array(delegatedPrefixSchema).default([]),
});

/** An interface that asks for its address. */
export const dhcpClientSchema = z.object({
  interface: z.string(),
  vrf: z.string(),
  client: dhcpClientSection.required({ hostname: true }),
});

/** An interface that asks by DHCPv6. */
export const dhcp6ClientSchema = z.object({
  interface: z.string(),
  vrf: z.string(),
  client: dhcp6ClientSection,
});

/** The part of the device configuration that is DHCP: whole, at a revision. */
export const dhcpStateSchema = z.object({
  revision: z.int().min(0),
  networks: z.array(dhcpNetworkSchema),
  /** The box's own IPv4 addresses in each VRF that has a network. */
  vrfs: z.array(z.object({ name: z.string(), addresses: z.array(z.string()) })),
  /** Those that are enabled. */
  forwarders: z.array(dnsForwarderSchema).default([]),
  networks6: z.array(dhcp6NetworkSchema).default([]),
  /** Those that are enabled, each with the prefixes that it tells. */
  advertisements: z.array(advertisedLinkSchema).default([]),
  clients: z.array(dhcpClientSchema).default([]),
  clients6: z.array(dhcp6ClientSchema).default([]),
});

export const dhcpStatusSchema = z.object({
  instance: z.string(),
  revision: z.number().nullable(),
  converged: z.boolean(),
  /** What keeps it from serving, a sentence each. */
  problems: z.array(z.string()),
});

export const dhcpLeaseStates = ['bound', 'expired', 'released', 'declined'] as const;

export const dhcpLeaseSchema = z.object({
  vrf: z.string(),
  address: z.string(),
  state: z.enum(dhcpLeaseStates),
  /** Of the client; null where it has none, or the address was found to be a stranger's. */
  mac: z.string().nullable(),
  client_id: z.string().nullable(),
  host_name: z.string().nullable(),
  vendor_class: z.string().nullable(),
  /** The interface, or the subnet behind relays; null where the configuration has none any more. */
  network: z.string().nullable(),
  /** Option 82: which port of which relay. */
  circuit_id: z.string().nullable(),
  remote_id: z.string().nullable(),
  /** The bridge's member behind which it was given; `?` when that is not known. Null where there is no bridge. */
  member: z.string().nullable().default(null),
  reserved: z.boolean(),
  started_ms: z.number(),
  /** Null: for ever. Of a declined one: until when it is left alone. */
  expires_ms: z.number().nullable(),
});

export const dhcpNetworkReportSchema = z.object({
  network: z.string(),
  vrf: z.string(),
  subnets: z.array(z.string()),
  state: z.enum(['up', 'down', 'disabled']),
  /** Addresses that clients can be given, those reserved included. */
  addresses: z.number(),
  bound: z.number(),
  declined: z.number(),
  /** Other servers that were heard there: `10.1.0.66 (02:00:00:00:00:66)`. */
  other_servers: z.array(z.string()),
});

export const dhcpCounterSchema = z.object({
  name: z.string(),
  /** Whether a message ended there without an answer. */
  drop: z.boolean(),
  help: z.string(),
  count: z.number(),
});

/** What a server has given to an interface of the box. */
export const dhcpClientLeaseSchema = z.object({
  interface: z.string(),
  /** With its prefix length. */
  address: z.string(),
  server: z.string().nullable(),
  /** Default routers, the best one first. */
  routers: z.array(z.string()),
  /** Classless static routes (RFC 3442): without a next hop, directly on the link. With any, `routers` does not count. */
  routes: z.array(z.object({ prefix: z.string(), next_hop: z.string().nullable() })),
  dns_servers: z.array(z.string()),
  domain: z.string().nullable(),
  mtu: z.number().nullable(),
  obtained_ms: z.number(),
  expires_ms: z.number(),
});

/** What a DHCPv6 server has given to an interface of the box. */
export const dhcp6ClientLeaseSchema = z.object({
  interface: z.string(),
  /** Its DUID, in hexadecimal. */
  server: z.string().nullable(),
  /** Without prefix lengths: DHCPv6 says nothing of the link. */
  addresses: z.array(z.object({ address: z.string(), ...lifetimes })),
  /** The one of which subnets are given. */
  prefix: delegatedPrefixSchema.nullable(),
  /** Prefixes that were delegated before; hosts are told until then that they are not any more. */
  withdrawn: z.array(z.object({ prefix: z.string(), until_ms: z.number() })),
  dns_servers: z.array(z.string()),
  domain_search: z.array(z.string()),
  obtained_ms: z.number(),
  /** When the last of all that ends. */
  expires_ms: z.number(),
});

export const dhcp6ClientReportSchema = z.object({
  interface: z.string(),
  vrf: z.string(),
  state: z.enum(['asking', 'bound']),
  lease: dhcp6ClientLeaseSchema.nullable(),
});

export const dhcpClientReportSchema = z.object({
  interface: z.string(),
  vrf: z.string(),
  /** `asking`: nothing has come; `refused`: the server took its address back. */
  state: z.enum(['asking', 'bound', 'refused']),
  lease: dhcpClientLeaseSchema.nullable(),
});

export const dhcpClientLeasesSchema = z.object({
  leases: z.array(dhcpClientLeaseSchema),
  leases6: z.array(dhcp6ClientLeaseSchema).default([]),
});

/** What has become of an address. */
export const dhcpLeaseEventSchema = z.object({
  changes: z.array(
    z.object({ kind: z.enum(['bound', 'expired', 'released', 'declined']), lease: dhcpLeaseSchema }),
  ),
});

const none = z.object({});

export const dhcpdContract = defineContract({
  name: 'dhcpd',
  requests: {
    apply: { request: dhcpStateSchema, reply: dhcpStatusSchema, deadlineMs: 30_000 },
    status: { request: none, reply: dhcpStatusSchema, deadlineMs: 2000 },
    'show-leases': {
      request: z.object({
        vrf: z.string().optional(),
        /** Those too that nobody holds any more. */
        all: z.boolean().default(false),
        limit: z.int().min(1).max(100_000).default(1000),
      }),
      reply: z.object({ leases: z.array(dhcpLeaseSchema), total: z.number() }),
      deadlineMs: 10_000,
    },
    'show-dhcp': {
      request: none,
      reply: z.object({
        networks: z.array(dhcpNetworkReportSchema),
        clients: z.array(dhcpClientReportSchema),
        clients6: z.array(dhcp6ClientReportSchema).default([]),
        counters: z.array(dhcpCounterSchema),
      }),
      deadlineMs: 5000,
    },
    /** Takes an address back: its client is refused when it renews. */
    'clear-lease': {
      request: z.object({ vrf: z.string(), address: z.string() }),
      reply: z.object({ cleared: z.boolean() }),
      deadlineMs: 5000,
    },
  },
  topics: {
    leases: { event: dhcpLeaseEventSchema, snapshot: z.object({ leases: z.array(dhcpLeaseSchema) }) },
    status: { event: dhcpStatusSchema, snapshot: dhcpStatusSchema },
    /** All leases of the box's own interfaces, at every change of one. */
    'client-leases': { event: dhcpClientLeasesSchema, snapshot: dhcpClientLeasesSchema },
  },
});

export type DhcpState = z.output<typeof dhcpStateSchema>;
export type DhcpNetwork = z.output<typeof dhcpNetworkSchema>;
export type Dhcp6Network = z.output<typeof dhcp6NetworkSchema>;
export type DnsForwarder = z.output<typeof dnsForwarderSchema>;
export type AdvertisedLink = z.output<typeof advertisedLinkSchema>;
export type DhcpStatus = z.output<typeof dhcpStatusSchema>;
export type DhcpLease = z.output<typeof dhcpLeaseSchema>;
export type DhcpLeaseState = DhcpLease['state'];
export type DhcpLeaseEvent = z.output<typeof dhcpLeaseEventSchema>;
export type DhcpNetworkReport = z.output<typeof dhcpNetworkReportSchema>;
export type DhcpClientLease = z.output<typeof dhcpClientLeaseSchema>;
export type DhcpClientReport = z.output<typeof dhcpClientReportSchema>;
export type DelegatedPrefix = z.output<typeof delegatedPrefixSchema>;
export type Dhcp6ClientLease = z.output<typeof dhcp6ClientLeaseSchema>;
export type Dhcp6ClientReport = z.output<typeof dhcp6ClientReportSchema>;
export type Dhcp6ClientState = z.output<typeof dhcp6ClientSchema>;
export type DhcpClientState = z.output<typeof dhcpClientSchema>;
export type DhcpCounter = z.output<typeof dhcpCounterSchema>;

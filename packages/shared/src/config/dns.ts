// Names: the device's DNS servers, and what it answers on its links.
import { z } from 'zod';
import { domainName, interfaceName, ipAddress } from './values.js';

const servers = z.array(ipAddress).max(16, 'at most 16 servers');

export const dnsHostSection = z.strictObject({
  name: domainName.describe('With dots as it is, without them in the domain of the forwarder.'),
  addresses: z.array(ipAddress).min(1),
});

export const dnsZoneSection = z.strictObject({
  domain: domainName.describe('Names in it, and in what is below, are asked for elsewhere: at another site.'),
  servers: servers.min(1),
});

export const dnsForwarderSection = z.strictObject({
  interfaces: z
    .array(interfaceName)
    .min(1)
    .describe('Interfaces, VLANs or bridges of one VRF on whose addresses it answers.'),
  enabled: z.boolean().default(true),
  servers: servers.optional().describe("Left out: the device's."),
  domain: domainName
    .optional()
    .describe('Of the hosts here. Who is not known in it does not exist: nobody else is asked.'),
  hosts: z.array(dnsHostSection).default([]).describe('Names that are always there.'),
  leases: z
    .boolean()
    .default(true)
    .describe('Names of DHCP clients too, as they call themselves; those of hosts go before them.'),
  zones: z.array(dnsZoneSection).default([]),
  cache_entries: z.int().min(0).max(10_000).default(1_000),
});

export const dnsSection = z.strictObject({
  servers: servers
    .default([])
    .describe('Whom forwarders ask. Left out: those that interfaces of their VRF were told by DHCP.'),
  forwarders: z.array(dnsForwarderSection).default([]),
});

export type DnsSection = z.output<typeof dnsSection>;
export type DnsForwarderSection = z.output<typeof dnsForwarderSection>;

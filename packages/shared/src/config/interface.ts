import { z } from 'zod';
import { dhcpClientSection } from './dhcp-client.js';
import { dhcp6ClientSection } from './dhcp6-client.js';
import { interfaceName, ipInterfaceAddress, mssClamp, mtu } from './values.js';
import { vrfReference } from './vrf.js';

export const interfaceDrivers = ['af_xdp', 'af_packet'] as const;

export const interfaceIp6Section = z.strictObject({
  accept_ra: z
    .boolean()
    .default(false)
    .describe(
      'Take default routes, addresses, timers and MTU from routers of the link (RFC 4861), as on a WAN.',
    ),
  dad_transmits: z
    .int()
    .min(0)
    .max(10)
    .default(1)
    .describe('Probes before an address is used (RFC 4862); 0 uses it at once.'),
});

export const interfaceSection = z.strictObject({
  name: interfaceName.describe('Name of the interface, and of its TAP twin on Linux.'),
  device: interfaceName.describe('The Linux network device that carries it; not the same as name.'),
  driver: z.enum(interfaceDrivers).default('af_xdp'),
  vrf: vrfReference,
  mtu: mtu.default(1500),
  enabled: z.boolean().default(true),
  addresses: z
    .array(ipInterfaceAddress)
    .default([])
    .describe('Of both families. A link-local IPv6 address it has by itself, unless one is given.'),
  dhcp_client: dhcpClientSection
    .optional()
    .describe('Ask a DHCP server of the link for an IPv4 address, routes and DNS servers, as on a WAN.'),
  dhcp6_client: dhcp6ClientSection
    .optional()
    .describe(
      'Ask a DHCPv6 server of the link for an address and a prefix, as on a WAN. Default routes come from routers: see ipv6.accept_ra.',
    ),
  ipv6: interfaceIp6Section.optional(),
  mss_clamp: mssClamp
    .optional()
    .describe(
      'true: TCP connections through it, both ways, agree on segments that fit its MTU; or on so many octets at most. Left out: false.',
    ),
  virtual_reassembly: z
    .boolean()
    .optional()
    .describe(
      'true: fragments that come in by it are known by the ports of their first one, and wait for it. Left out: where a tunnel of its VRF has selectors with ports.',
    ),
});

export type InterfaceIp6Section = z.output<typeof interfaceIp6Section>;
export type InterfaceSection = z.output<typeof interfaceSection>;

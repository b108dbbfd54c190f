// DHCPv4 as a client: what an interface asks a server of its link for.
import { z } from 'zod';
import { hexOctets } from '../dhcp-options/values.js';

/** Printable, and nothing that a shell or udhcpc would take apart. */
const VENDOR_CLASS = /^[A-Za-z0-9 ._:/+-]{1,128}$/;
/** RFC 1123 section 2.1. */
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

export const dhcpClientSection = z.strictObject({
  hostname: z
    .string()
    .regex(HOST_NAME, 'must be a host name: letters, digits and hyphens, at most 63')
    .optional()
    .describe('Sent as option 12. Left out: the hostname of the device.'),
  client_id: hexOctets
    .optional()
    .describe('Client identifier (option 61) with its type octet. Left out: the MAC address.'),
  vendor_class: z
    .string()
    .regex(VENDOR_CLASS, 'at most 128 letters, digits, blanks and . _ : / + -')
    .default('sluice')
    .describe('Vendor class identifier (option 60).'),
  default_route: z
    .boolean()
    .default(true)
    .describe(
      'Take the default route that the server names. One of the configuration goes before it; of several interfaces that have one, the first with a lease.',
    ),
});

export type DhcpClientSection = z.output<typeof dhcpClientSection>;

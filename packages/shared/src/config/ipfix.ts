// Flows: where they are metered, and the collectors that they are exported to by IPFIX (RFC 7011).
import { z } from 'zod';
import { interfaceName, ipAddress, u32 } from './values.js';
import { vrfReference } from './vrf.js';

export const ipfixCollectorSection = z.strictObject({
  host: ipAddress.describe('Its address.'),
  port: z.int().min(1).max(65535).default(4739).describe('Of UDP; 4739 is that of IPFIX (RFC 7011).'),
  vrf: vrfReference,
});

const seconds = (most: number) => z.int().min(1, 'at least 1 second').max(most, `at most ${most} seconds`);

export const ipfixSection = z.strictObject({
  interfaces: z
    .array(interfaceName)
    .default([])
    .describe('Whose packets are metered as they come in: interfaces, VLANs, bridges, tunnels.'),
  collectors: z.array(ipfixCollectorSection).max(8, 'at most 8 collectors').default([]),
  active_timeout_s: seconds(3_600)
    .default(60)
    .describe('A flow that goes on is exported after so long, and counted anew.'),
  idle_timeout_s: seconds(600).default(15).describe('A flow without packets ends after so long.'),
  max_flows: z
    .int()
    .min(16, 'at least 16')
    .max(1_000_000, 'at most 1000000')
    .default(65_536)
    .describe('At once. Packets of more go on, and are counted as ip4-flow-meter/flows_not_metered.'),
  sampling: z
    .int()
    .min(1)
    .max(16_384, 'at most 16384')
    .default(1)
    .describe('One of so many packets is metered; 1: each. Collectors are told.'),
  observation_domain: u32.default(1).describe('Tells this box from others behind one address (RFC 7011).'),
  template_refresh_s: seconds(3_600)
    .default(60)
    .describe('How often collectors are told again what records look like: one that restarts waits so long.'),
});

export type IpfixSection = z.output<typeof ipfixSection>;
export type IpfixCollectorSection = z.output<typeof ipfixCollectorSection>;

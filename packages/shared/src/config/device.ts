// The device's one configuration: what an operator writes and the controller sends.
//
// Keys are snake_case with units last, as in every file and message; code uses the inferred types as they are.
import { z } from 'zod';
import { bridgeSection } from './bridge.js';
import { crossCheck } from './cross-check.js';
import { dhcpSection } from './dhcp.js';
import { dhcp6Section } from './dhcp6.js';
import { dnsSection } from './dns.js';
import { ikeSection } from './ike.js';
import { interfaceSection } from './interface.js';
import { ipfixSection } from './ipfix.js';
import { loopbackSection } from './loopback.js';
import { managementSection } from './management.js';
import { nodeSection, USER_NODES_MAX } from './node.js';
import { reassemblySection } from './reassembly.js';
import { routeSection } from './route.js';
import { routerAdvertisementSection } from './router-advertisement.js';
import { tunnelSection } from './tunnel.js';
import { name } from './values.js';
import { vlanSection } from './vlan.js';
import { DEFAULT_VRF, vrfSection } from './vrf.js';

export const dataplaneSection = z.strictObject({
  workers: z
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('Forwarding threads; each owns its queues and its share of the SAs.'),
  cpus: z
    .array(z.int().min(0).max(1023))
    .optional()
    .describe(
      'Cores to pin the workers to, in order; left out, workers are placed on the cores this process may use.',
    ),
  frames: z
    .int()
    .min(1024)
    .max(1_000_000)
    .default(16384)
    .describe('Frames of 2048 bytes in the packet pool.'),
  reassembly: reassemblySection.prefault({}),
});

export const deviceConfigSchema = z
  .strictObject({
    schema: z.literal(1).describe('Version of this format.'),
    hostname: name.default('sluice'),
    dataplane: dataplaneSection.prefault({}),
    vrfs: z.array(vrfSection).default([{ name: DEFAULT_VRF }]),
    interfaces: z.array(interfaceSection).default([]),
    vlans: z.array(vlanSection).default([]),
    bridges: z.array(bridgeSection).default([]),
    loopbacks: z.array(loopbackSection).default([]),
    tunnels: z.array(tunnelSection).default([]),
    routes: z.array(routeSection).default([]),
    nodes: z.array(nodeSection).max(USER_NODES_MAX).default([]),
    ike: ikeSection.prefault({}),
    dhcp: dhcpSection.prefault({}),
    dhcp6: dhcp6Section.prefault({}),
    dns: dnsSection.prefault({}),
    router_advertisements: z
      .array(routerAdvertisementSection)
      .default([])
      .describe('Links on which the box is an IPv6 router for hosts, each once.'),
    ipfix: ipfixSection.prefault({}),
    management: managementSection.prefault({}),
  })
  .superRefine(crossCheck);

export type DeviceConfig = z.output<typeof deviceConfigSchema>;
export type DeviceConfigInput = z.input<typeof deviceConfigSchema>;

import { z } from 'zod';
import { interfaceSection } from './interface.js';
import { interfaceName, mtu } from './values.js';
import { vrfReference } from './vrf.js';

/** Members of one bridge at most: as many as a worker walks along for one frame. */
export const BRIDGE_MEMBERS_MAX = 64;

export const bridgeSection = z.strictObject({
  name: interfaceName.describe(
    'A bridge: its members are one network. Also the name of its TAP twin on Linux.',
  ),
  members: z
    .array(interfaceName)
    .min(1, 'a bridge needs a member')
    .max(BRIDGE_MEMBERS_MAX, `at most ${BRIDGE_MEMBERS_MAX} members`)
    .describe("Interfaces and VLANs without addresses. The first one's MAC address is the bridge's own."),
  vrf: vrfReference.describe('VRF of what the bridge routes.'),
  mtu: mtu.optional().describe("Left out: the smallest of its members'."),
  enabled: z.boolean().default(true),
  addresses: interfaceSection.shape.addresses,
  ageing_s: z
    .int()
    .min(10)
    .max(1_000_000)
    .default(300)
    .describe('For how long a silent station is remembered (IEEE 802.1Q-2018 table 8-6).'),
  mac_limit: z
    .int()
    .min(1)
    .max(65_536)
    .default(8_192)
    .describe('Stations it remembers; frames to others go to every member.'),
});

export type BridgeSection = z.output<typeof bridgeSection>;

import { z } from 'zod';
import { interfaceSection } from './interface.js';
import { interfaceName, mtu } from './values.js';
import { vrfReference } from './vrf.js';

/** 0 is no VLAN, 4095 is reserved (IEEE 802.1Q-2018 table 9-2). */
const vid = z.int().min(1, 'at least 1: 0 is no VLAN').max(4094, 'at most 4094 (IEEE 802.1Q)');

export const vlanTags = ['802.1q', '802.1ad'] as const;

export const vlanSection = z.strictObject({
  name: interfaceName.describe('A VLAN sub-interface, and the name of its TAP twin on Linux.'),
  parent: interfaceName.describe('The interface or bridge whose frames have the tag.'),
  vlan: vid.describe('VID of the tag; of the outer one when there are two.'),
  inner_vlan: vid.optional().describe('VID of a second tag behind it (QinQ).'),
  outer_tag: z
    .enum(vlanTags)
    .optional()
    .describe(
      'Type of the outer tag: 802.1q is 0x8100, 802.1ad is 0x88a8. Left out: 802.1ad with inner_vlan, else 802.1q.',
    ),
  vrf: vrfReference,
  mtu: mtu.optional().describe("Left out: the parent's. Tags do not count."),
  enabled: z.boolean().default(true),
  addresses: interfaceSection.shape.addresses,
  dhcp_client: interfaceSection.shape.dhcp_client,
});

export type VlanSection = z.output<typeof vlanSection>;

/** True when the outer tag is an S-TAG, of type 0x88a8. */
export function isServiceTagged(vlan: Pick<VlanSection, 'outer_tag' | 'inner_vlan'>): boolean {
  return (vlan.outer_tag ?? (vlan.inner_vlan === undefined ? '802.1q' : '802.1ad')) === '802.1ad';
}

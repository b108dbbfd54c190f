import { z } from 'zod';
import { interfaceName, ipInterfaceAddress, mtu } from './values.js';
import { vrfReference } from './vrf.js';

export const tunnelSection = z.strictObject({
  name: interfaceName.describe('A route-based IPsec tunnel interface; routes point into it.'),
  if_id: z
    .int()
    .min(1)
    .max(0xfffffffe)
    .optional()
    .describe('XFRM interface id that ties its SAs to it; left out, derived from the name.'),
  vrf: vrfReference.describe('VRF of the packets inside.'),
  outer_vrf: vrfReference.describe('VRF of the encrypted packets.'),
  mtu: mtu
    .optional()
    .describe('Left out: what fits the outer interface after encryption, NAT traversal included.'),
  enabled: z.boolean().default(true),
  addresses: z.array(ipInterfaceAddress).default([]),
});

export type TunnelSection = z.output<typeof tunnelSection>;

/**
 * The interface id of a tunnel: as configured, else FNV-1a of its name folded to 31 bits, so that it
 * stays the same whatever else the configuration gains or loses. The cross-check refuses collisions.
 */
export function tunnelIfId(tunnel: { name: string; if_id?: number | undefined }): number {
  if (tunnel.if_id !== undefined) return tunnel.if_id;
  let hash = 0x811c9dc5;
  for (let i = 0; i < tunnel.name.length; i++) {
    hash = Math.imul(hash ^ tunnel.name.charCodeAt(i), 0x01000193);
  }
  return hash & 0x7fffffff || 1;
}

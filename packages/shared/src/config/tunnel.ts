import { z } from 'zod';
import { ipFamily } from '../net/ip.js';
import { interfaceName, ipAddress, ipInterfaceAddress, mssClamp, tunnelMtu, u32 } from './values.js';
import { vrfReference } from './vrf.js';

const tunnelFields = z.strictObject({
  name: interfaceName.describe('A tunnel interface; routes point into it.'),
  kind: z
    .enum(['ipsec', 'gre', 'ipip'])
    .optional()
    .describe(
      'ipsec, or left out: route-based IPsec, its child in tunnel mode. gre (RFC 2784) and ipip (RFC 2003) have a header of their own, protected by a child in transport mode.',
    ),
  local: ipAddress.optional().describe('Of gre and ipip: our outer address.'),
  remote: ipAddress.optional().describe("Of gre and ipip: the other end's outer address."),
  key: u32
    .optional()
    .describe('Of gre: the key (RFC 2890), where several tunnels are between two addresses.'),
  protect: z
    .enum(['required', 'none'])
    .optional()
    .describe(
      'Of gre and ipip. required, or left out: what no SA protects is dropped, both ways. none: without an SA packets leave in clear.',
    ),
  if_id: z
    .int()
    .min(1)
    .max(0xfffffffe)
    .optional()
    .describe('XFRM interface id that ties its SAs to it; left out, derived from the name.'),
  vrf: vrfReference.describe('VRF of the packets inside.'),
  outer_vrf: vrfReference.describe('VRF of the encrypted packets.'),
  mtu: tunnelMtu
    .optional()
    .describe(
      'Left out: what fits the outer interface after encryption, NAT traversal included; with fragmentation after, 1500.',
    ),
  fragmentation: z
    .enum(['before', 'after'])
    .optional()
    .describe(
      'before, or left out: what exceeds the MTU is fragmented, then encrypted. after: it is encrypted whole, and its outer packet fragmented; the other end puts it together.',
    ),
  df: z
    .enum(['copy', 'set', 'clear'])
    .optional()
    .describe(
      'DF of outer IPv4 packets (RFC 4301 section 8.1). Left out: clear with fragmentation after, else as copy_df of the child says.',
    ),
  mss_clamp: mssClamp
    .optional()
    .describe(
      'true, or left out: TCP connections through the tunnel agree on segments that fit it without fragmentation; or on so many octets at most.',
    ),
  enabled: z.boolean().default(true),
  addresses: z.array(ipInterfaceAddress).default([]),
  virtual_reassembly: z
    .boolean()
    .optional()
    .describe(
      'true: fragments that come in by it are known by the ports of their first one, and wait for it. Left out: where a tunnel of its VRF has selectors with ports.',
    ),
});

export const tunnelSection = tunnelFields.superRefine((tunnel, context) => {
  const report = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  if ((tunnel.kind ?? 'ipsec') === 'ipsec') {
    for (const field of ['local', 'remote', 'key', 'protect'] as const) {
      if (tunnel[field] !== undefined)
        report(
          field,
          `is of gre and ipip tunnels: leave it out, or set kind (the ike section has an ipsec tunnel's ends)`,
        );
    }
    return;
  }
  for (const field of ['local', 'remote'] as const) {
    if (tunnel[field] === undefined)
      report(field, `is missing: a tunnel of kind ${tunnel.kind} has both ends' addresses`);
  }
  if (
    tunnel.local !== undefined &&
    tunnel.remote !== undefined &&
    ipFamily(tunnel.local) !== ipFamily(tunnel.remote)
  )
    report('remote', 'must be of the family of local');
  if (tunnel.kind === 'ipip' && tunnel.key !== undefined) report('key', 'is of gre tunnels: ipip has none');
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

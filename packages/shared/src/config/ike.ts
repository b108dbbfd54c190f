// IKE connections, in the terms of RFC 7296 and of strongSwan's swanctl.conf.
import { z } from 'zod';
import { ipFamily } from '../net/ip.js';
import { childSection, rekeyTimeS } from './ike-child.js';
import { ipAddress, name } from './values.js';

const IKE_PROPOSAL = /^[a-z0-9]+(-[a-z0-9]+)+$/;

const endpoint = z.strictObject({
  address: ipAddress,
  id: z.string().min(1).max(255).optional().describe('IKE identity; left out, the address.'),
});

/** A secret is a reference, never the secret: configurations are shown, compared and stored. */
const secretReference = z.strictObject({
  file: z
    .string()
    .regex(/^\//, 'must be an absolute path to a file that only its owner can read')
    .describe('File that holds the pre-shared key; a trailing newline is not part of it.'),
});

export const connectionSection = z
  .strictObject({
    name,
    version: z.literal(2).default(2),
    local: endpoint,
    remote: endpoint,
    psk: secretReference,
    start: z
      .enum(['initiate', 'on-traffic', 'respond'])
      .default('initiate')
      .describe(
        'initiate: connect at once and stay connected; on-traffic: connect when a packet wants through the tunnel; respond: wait for the peer.',
      ),
    force_udp_encapsulation: z.boolean().default(false).describe('ESP in UDP even where no NAT is seen.'),
    proposals: z
      .array(
        z
          .string()
          .regex(IKE_PROPOSAL, 'must be algorithms joined by "-", such as aes256gcm16-prfsha384-ecp384'),
      )
      .min(1)
      .default(['aes256gcm16-prfsha384-x25519', 'aes128gcm16-prfsha256-x25519']),
    rekey_time_s: rekeyTimeS.default(14_400),
    detect_failure_within_s: z
      .int()
      .min(5)
      .max(3600)
      .optional()
      .describe(
        'A peer that no longer answers is given up within so many seconds; left out, 40. Less than 40 has every connection of the gateway bear shorter outages.',
      ),
    dpd_delay_s: z
      .int()
      .min(0)
      .max(3600)
      .optional()
      .describe(
        'In place of detect_failure_within_s: seconds of silence after which the peer is asked; 0 switches dead peer detection off.',
      ),
    children: z.array(childSection).min(1),
  })
  .superRefine(({ detect_failure_within_s: within, dpd_delay_s: delay }, context) => {
    if (within === undefined || delay === undefined) return;
    const message = 'must be left out where detect_failure_within_s is given, which decides it';
    context.addIssue({ code: 'custom', path: ['dpd_delay_s'], message });
  })
  .superRefine(({ local, remote }, context) => {
    if (ipFamily(local.address) === ipFamily(remote.address)) return;
    const message = `must be of the same address family as the local address ${local.address}`;
    context.addIssue({ code: 'custom', path: ['remote', 'address'], message });
  });

export const ikeSection = z.strictObject({
  connections: z.array(connectionSection).default([]),
});

export type ConnectionSection = z.output<typeof connectionSection>;

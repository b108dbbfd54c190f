// IKE connections, in the terms of RFC 7296 and of strongSwan's swanctl.conf.
import { z } from 'zod';
import { localEnd, remoteEnd, secretReference } from './ike-auth.js';
import { childSection, rekeyTimeS } from './ike-child.js';
import { checkConnection } from './ike-parts.js';
import { IKE_CAPABILITIES, ikeProposalFault } from './ike-proposal.js';
import { ipAddress, name } from './values.js';

const ikeProposal = z
  .string()
  .superRefine((text, context) => {
    const fault = ikeProposalFault(text);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  })
  .describe(IKE_CAPABILITIES);

export const connectionSection = z
  .strictObject({
    name,
    version: z.literal([1, 2]).default(2).describe('IKEv2, or IKEv1 for peers that have no other.'),
    aggressive: z
      .boolean()
      .default(false)
      .describe('IKEv1 in aggressive mode instead of main mode: weak, and warned of.'),
    local: localEnd,
    remote: remoteEnd,
    psk: secretReference
      .optional()
      .describe('File that holds the pre-shared key; a trailing newline is not part of it.'),
    start: z
      .enum(['initiate', 'on-traffic', 'respond'])
      .default('initiate')
      .describe(
        'initiate: connect at once and stay connected; on-traffic: connect when a packet wants through the tunnel; respond: wait for the peer.',
      ),
    force_udp_encapsulation: z.boolean().default(false).describe('ESP in UDP even where no NAT is seen.'),
    mobike: z
      .boolean()
      .default(false)
      .describe(
        'IKEv2: when an end gets another address, the tunnel goes over to it without a new authentication (RFC 4555), where the peer can do so too. IKE uses UDP port 4500 then.',
      ),
    proposals: z
      .array(ikeProposal)
      .min(1)
      .optional()
      .describe(
        'In order of preference. Left out: AES-GCM or AES with SHA2, and X25519 or ECP384; in IKEv1 AES with SHA2-256 and MODP2048.',
      ),
    request_addresses: z
      .array(z.union([z.enum(['any4', 'any6']), ipAddress], 'must be any4, any6, or an address to ask for'))
      .min(1)
      .optional()
      .describe(
        'Addresses that we ask the peer for (config payload); local_ts of dynamic stands for them, and the tunnel interface has them while it is up.',
      ),
    assign_addresses: z
      .array(ipAddress)
      .min(1)
      .optional()
      .describe(
        'Addresses that the peer is given when it asks; remote_ts of dynamic stands for the one it has.',
      ),
    assign_dns: z.array(ipAddress).min(1).optional().describe('Name servers that it is told of then.'),
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
  .superRefine((connection, context) => {
    checkConnection(connection, (path, message) => context.addIssue({ code: 'custom', path, message }));
  });

export const ikeSection = z.strictObject({
  connections: z.array(connectionSection).default([]),
});

export type ConnectionSection = z.output<typeof connectionSection>;

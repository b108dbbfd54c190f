// A CHILD_SA of an IKE connection: what it protects, how, and for how long.
import { z } from 'zod';
import { ESP_CAPABILITIES, espProposalFault, INTEROPERABLE } from './esp-proposal.js';
import { checkChild } from './ike-child-parts.js';
import { parseTrafficSelector, SELECTOR_FORM } from './traffic-selector.js';
import { interfaceName, name } from './values.js';

const espProposal = z
  .string()
  .superRefine((text, context) => {
    const fault = espProposalFault(text);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  })
  .describe(ESP_CAPABILITIES);

const selector = z
  .string()
  .superRefine((text, context) => {
    const read = parseTrafficSelector(text);
    if (typeof read === 'string') context.addIssue({ code: 'custom', message: read });
  })
  .describe(SELECTOR_FORM);

export const rekeyTimeS = z
  .int()
  .min(10)
  .max(86_400 * 30);

const selectors = z.array(selector).min(1).optional();
const WITHOUT =
  'Left out: 0.0.0.0/0 in tunnel mode, dynamic (the address of the connection) in transport mode.';

export const childSection = z
  .strictObject({
    name,
    tunnel: interfaceName.describe('The tunnel interface that its SAs serve.'),
    mode: z
      .enum(['tunnel', 'transport'])
      .default('tunnel')
      .describe(
        'transport: only what the two addresses of the connection exchange, such as GRE between them.',
      ),
    local_ts: selectors.describe(`What this side may send. ${WITHOUT}`),
    remote_ts: selectors.describe(`What the other side may send. ${WITHOUT}`),
    esp_proposals: z
      .array(espProposal)
      .min(1)
      .optional()
      .describe(
        `In order of preference; the word ${INTEROPERABLE} stands for a list for peers of which little is known. Left out: AES-GCM with X25519 or ECP384; in IKEv1 AES with MODP2048.`,
      ),
    esn: z
      .enum(['no', 'prefer', 'require'])
      .optional()
      .describe(
        'Extended sequence numbers in every proposal. Left out: as the proposals say; no without a word.',
      ),
    replay_window: z
      .union([
        z.literal(32),
        z.literal(64),
        z.literal(128),
        z.literal(256),
        z.literal(512),
        z.literal(1024),
        z.literal(2048),
        z.literal(4096),
      ])
      .default(256)
      .describe('Packets that may arrive late by so many others.'),
    copy_dscp: z
      .enum(['out', 'in', 'yes', 'no'])
      .default('out')
      .describe('DSCP of inner packets: copied to the outer header (out), back from it (in), both, neither.'),
    copy_ecn: z.boolean().default(true).describe('ECN between inner and outer as RFC 6040 says.'),
    copy_df: z.boolean().default(true).describe('DF of an outer IPv4 header: as inside, else clear.'),
    tfc_padding: z
      .union([z.int().min(0).max(65_535), z.literal('mtu')])
      .default(0)
      .describe(
        'Inner packets are padded to this many octets, to hide their lengths, where the peer allows it; mtu: as far as the path goes.',
      ),
    rekey_time_s: rekeyTimeS.default(3600),
    rekey_bytes: z
      .int()
      .min(1 << 20)
      .optional(),
    rekey_packets: z.int().min(1000).optional(),
  })
  .superRefine((child, context) => {
    checkChild(child, (path, message) => context.addIssue({ code: 'custom', path, message }));
  });

export type ChildSection = z.output<typeof childSection>;

// A CHILD_SA of an IKE connection: what it protects, how, and for how long.
import { z } from 'zod';
import {
  ESP_CAPABILITIES,
  espProposalEsn,
  espProposalFault,
  INTEROPERABLE,
  INTEROPERABLE_ESP_PROPOSALS,
  isAeadProposal,
} from './esp-proposal.js';
import { DYNAMIC, isHost, pairs, parseTrafficSelector, SELECTOR_FORM } from './traffic-selector.js';
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

/** charon's XFRM requests have 1024 octets: two keys and all else take up to 532, a window of 4096 packets 540. */
const WINDOW_MAX_WITH_TWO_KEYS = 2048;

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
      .default(['aes256gcm16-x25519', 'aes128gcm16-x25519'])
      .describe(
        `In order of preference; the word ${INTEROPERABLE} stands for a list for peers of which little is known.`,
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
    const report = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const sides = childSelectors(child);
    const [local, remote] = [sides.local, sides.remote].map((side) => side.map(parseTrafficSelector));
    const readable = [...(local ?? []), ...(remote ?? [])].every((read) => typeof read !== 'string');
    if (readable) {
      const matched = local?.some((mine) =>
        remote?.some(
          (theirs) => typeof mine !== 'string' && typeof theirs !== 'string' && pairs(mine, theirs),
        ),
      );
      if (matched === false)
        report(
          ['remote_ts'],
          'has nothing of the same address family and protocol as local_ts: no packet would match',
        );
    }
    if (child.mode === 'transport') {
      for (const [key, side] of [
        ['local_ts', local],
        ['remote_ts', remote],
      ] as const) {
        side?.forEach((read, i) => {
          if (typeof read !== 'string' && !isHost(read))
            report(
              [key, i],
              'must be dynamic in transport mode, or one address: it protects the traffic of the two addresses of the connection',
            );
        });
      }
      if (child.tfc_padding !== 0)
        report(['tfc_padding'], 'must be left out in transport mode: only tunnel mode can pad');
    }
    if (child.replay_window > WINDOW_MAX_WITH_TWO_KEYS && !child.esp_proposals.every(isAeadProposal))
      report(
        ['replay_window'],
        `must be at most ${WINDOW_MAX_WITH_TWO_KEYS} with ciphers that need an integrity algorithm: charon has no room for more beside two keys`,
      );
    child.esp_proposals.forEach((proposal, i) => {
      if (child.esn !== undefined && espProposalEsn(proposal) !== 'unsaid')
        report(['esp_proposals', i], 'must not say esn or noesn where the child has the key esn');
    });
  });

export type ChildSection = z.output<typeof childSection>;

/** The traffic selectors of a child, with what stands for those left out. */
export function childSelectors(child: Pick<ChildSection, 'mode' | 'local_ts' | 'remote_ts'>): {
  local: string[];
  remote: string[];
} {
  const otherwise = [child.mode === 'transport' ? DYNAMIC : '0.0.0.0/0'];
  return { local: child.local_ts ?? otherwise, remote: child.remote_ts ?? otherwise };
}

const ESN_SUFFIX = { no: '-noesn', prefer: '-esn-noesn', require: '-esn' };

/** The ESP proposals of a child as charon is to read them. */
export function childEspProposals(child: Pick<ChildSection, 'esp_proposals' | 'esn'>): string[] {
  const suffix = child.esn === undefined ? '' : ESN_SUFFIX[child.esn];
  const named = child.esp_proposals.flatMap((proposal) =>
    proposal === INTEROPERABLE ? INTEROPERABLE_ESP_PROPOSALS : [proposal],
  );
  return named.map((proposal) => proposal + suffix);
}

/** Whether its SAs have extended sequence numbers whatever the peer says. */
export function childAlwaysEsn(child: Pick<ChildSection, 'esp_proposals' | 'esn'>): boolean {
  return childEspProposals(child).every((proposal) => espProposalEsn(proposal) === 'always');
}

// What the keys of a child mean together: what they come to for charon, and what of one excludes another.
import {
  espProposalEsn,
  INTEROPERABLE,
  INTEROPERABLE_ESP_PROPOSALS,
  isAeadProposal,
} from './esp-proposal.js';
import type { ChildSection } from './ike-child.js';
import { type IkeVersion, singly } from './ike-proposal.js';
import { type ConfiguredSelector, DYNAMIC, isHost, pairs, parseTrafficSelector } from './traffic-selector.js';

type Report = (path: (string | number)[], message: string) => void;

/** charon's XFRM requests have 1024 octets: two keys and all else take up to 532, a window of 4096 packets 540. */
export const WINDOW_MAX_WITH_TWO_KEYS = 2048;

/** Traffic selectors of an SA that the data plane compares (RFC 7296 section 3.13 counts them in an octet). */
const PAIRS_MAX = 255;

export function checkChild(child: ChildSection, report: Report): void {
  const { local, remote } = childSelectors(child);
  checkSelectors(child, local.map(parseTrafficSelector), remote.map(parseTrafficSelector), report);
  if (child.mode === 'transport' && child.tfc_padding !== 0)
    report(['tfc_padding'], 'must be left out in transport mode: only tunnel mode can pad');
  const proposals = child.esp_proposals ?? [];
  if (child.replay_window > WINDOW_MAX_WITH_TWO_KEYS && !proposals.every(isAeadProposal))
    report(
      ['replay_window'],
      `must be at most ${WINDOW_MAX_WITH_TWO_KEYS} with ciphers that need an integrity algorithm: charon has no room for more beside two keys`,
    );
  proposals.forEach((proposal, i) => {
    if (child.esn !== undefined && espProposalEsn(proposal) !== 'unsaid')
      report(['esp_proposals', i], 'must not say esn or noesn where the child has the key esn');
  });
}

type Read = ReturnType<typeof parseTrafficSelector>;
const isRead = (read: Read): read is ConfiguredSelector => typeof read !== 'string';

function checkSelectors({ mode }: ChildSection, local: Read[], remote: Read[], report: Report): void {
  // What cannot be read has been reported where it stands.
  if (local.every(isRead) && remote.every(isRead)) {
    const count = local.flatMap((mine) => remote.filter((theirs) => pairs(mine, theirs))).length;
    if (count === 0)
      report(
        ['remote_ts'],
        'has nothing of the same address family and protocol as local_ts: no packet would match',
      );
    if (count > PAIRS_MAX)
      report(
        ['remote_ts'],
        `makes ${count} pairs with local_ts, and an SA has at most ${PAIRS_MAX}: write wider selectors, or several children`,
      );
  }
  if (mode === 'tunnel') return;
  for (const [key, side] of [
    ['local_ts', local],
    ['remote_ts', remote],
  ] as const) {
    side.forEach((read, i) => {
      if (isRead(read) && !isHost(read))
        report(
          [key, i],
          'must be dynamic in transport mode, or one address: it protects the traffic of the two addresses of the connection',
        );
    });
  }
}

/** The traffic selectors of a child, with what stands for those left out. */
export function childSelectors(child: Pick<ChildSection, 'mode' | 'local_ts' | 'remote_ts'>): {
  local: string[];
  remote: string[];
} {
  const otherwise = [child.mode === 'transport' ? DYNAMIC : '0.0.0.0/0'];
  return { local: child.local_ts ?? otherwise, remote: child.remote_ts ?? otherwise };
}

const ESN_SUFFIX = { no: '-noesn', prefer: '-esn-noesn', require: '-esn' };

/** With perfect forward secrecy; IKEv1 has no X25519. */
const DEFAULT_ESP_PROPOSALS: Record<IkeVersion, readonly string[]> = {
  1: ['aes256gcm16-modp2048', 'aes256-sha256-modp2048', 'aes128-sha256-modp2048'],
  2: ['aes256gcm16-x25519', 'aes128gcm16-x25519', 'aes256gcm16-ecp384'],
};

/** IKEv1 settles on the key exchange before the proposal, so one goes with all. */
const INTEROPERABLE_ESP_PROPOSALS_1: readonly string[] = [
  'aes256gcm16-aes128gcm16-modp2048',
  'aes256-aes128-sha512-sha256-sha1-modp2048',
];

type Proposing = Pick<ChildSection, 'esp_proposals' | 'esn'>;

/** The ESP proposals of a child as charon is to read them. */
export function childEspProposals(child: Proposing, version: IkeVersion = 2): string[] {
  const suffix = child.esn === undefined || version === 1 ? '' : ESN_SUFFIX[child.esn];
  const interoperable = version === 1 ? INTEROPERABLE_ESP_PROPOSALS_1 : INTEROPERABLE_ESP_PROPOSALS;
  const named = (child.esp_proposals ?? DEFAULT_ESP_PROPOSALS[version]).flatMap((proposal) =>
    proposal === INTEROPERABLE ? interoperable : [proposal],
  );
  return version === 1 ? [...new Set(named.flatMap(singly))] : named.map((proposal) => proposal + suffix);
}

/** Whether its SAs have extended sequence numbers whatever the peer says. */
export function childAlwaysEsn(child: Proposing): boolean {
  return childEspProposals(child).every((proposal) => espProposalEsn(proposal) === 'always');
}

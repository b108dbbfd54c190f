// What went wrong with an SA, from the lines that charon logs about it.
import {
  type ConnectionSection,
  childEspProposals,
  childSelectors,
  identities,
  ikeProposals,
} from '@sluice/shared';

export type FailureKind =
  | 'proposal'
  | 'authentication'
  | 'traffic-selector'
  | 'no-response'
  | 'no-connection'
  | 'install';

export interface Failure {
  kind: FailureKind;
  /** For the operator: what happened, what either side has where charon says so, what to compare. */
  sentence: string;
}

interface Rule {
  kind: FailureKind;
  /** Of charon's log messages, levels 0 and 1, as 5.9 words them. */
  pattern: RegExp;
  say: (match: RegExpMatchArray, connection: ConnectionSection | undefined) => string;
}

const local = (what: string, values: readonly string[] | undefined): string =>
  values === undefined || values.length === 0 ? '' : ` This side has ${what} ${values.join(', ')}.`;

const espProposals = (connection: ConnectionSection | undefined): string[] | undefined =>
  connection && [
    ...new Set(connection.children.flatMap((child) => childEspProposals(child, connection.version))),
  ];

const ownIdentity = (connection: ConnectionSection | undefined): string[] | undefined =>
  connection && [identities(connection).local ?? 'the subject of its certificate'];

const bothIdentities = (connection: ConnectionSection | undefined): string[] | undefined =>
  connection && [`${ownIdentity(connection)} (local)`, `${identities(connection).remote} (remote)`];

/** The most specific first: a notify of the peer says less than what this side found out by itself. */
const RULES: readonly Rule[] = [
  {
    kind: 'authentication',
    pattern: /no shared key found for '([^']*)' - '([^']*)'/,
    say: ([, mine, theirs]) =>
      `There is no pre-shared key for ${mine} and ${theirs}: the identities of the two sides do not match those configured.`,
  },
  {
    kind: 'authentication',
    pattern: /tried \d+ shared keys? for '([^']*)' - '([^']*)', but MAC mismatched/,
    say: ([, mine, theirs]) =>
      `The pre-shared keys of ${mine} and ${theirs} differ: put the same one on both sides.`,
  },
  {
    kind: 'no-connection',
    pattern: /no IKE config found for (\S+?)\.\.\.(\S+?),/,
    say: ([, mine, theirs]) =>
      `${theirs} called, but no connection has local address ${mine} and remote address ${theirs}: configure one, or correct its addresses.`,
  },
  {
    kind: 'no-connection',
    pattern: /no matching peer config found/,
    say: (_match, connection) =>
      `The peer called with identities that no connection has.${local('identity', ownIdentity(connection))} Compare the identities of both sides.`,
  },
  {
    kind: 'proposal',
    pattern: /received proposals unacceptable/,
    say: (_match, connection) =>
      `The peer proposed algorithms for IKE that this side does not allow.${local('the IKE proposals', connection && ikeProposals(connection))}`,
  },
  {
    kind: 'proposal',
    pattern: /no acceptable proposal found/,
    say: (_match, connection) =>
      `The peer proposed algorithms for ESP that this side does not allow.${local('the ESP proposals', espProposals(connection))}`,
  },
  {
    kind: 'proposal',
    pattern: /received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built/,
    say: (_match, connection) =>
      `The peer allows none of the ESP proposals.${local(
        'the ESP proposals',
        espProposals(connection),
      )} Give both sides a common one.`,
  },
  {
    kind: 'proposal',
    pattern: /received NO_PROPOSAL_CHOSEN notify error/,
    say: (_match, connection) =>
      `The peer allows none of the IKE proposals, or has no connection for this address.${local('the IKE proposals', connection && ikeProposals(connection))}`,
  },
  {
    kind: 'authentication',
    pattern: /received AUTHENTICATION_FAILED notify error/,
    say: (_match, connection) =>
      `The peer refused the authentication: its pre-shared key or its identities differ.${local('identities', bothIdentities(connection))} The peer's log says which.`,
  },
  {
    kind: 'traffic-selector',
    pattern: /traffic selectors (.+) === (.+?) unacceptable/,
    say: ([, mine, theirs]) =>
      `The peer asked for traffic between ${mine} here and ${theirs} there, which no child allows: make the traffic selectors of both sides mirror each other.`,
  },
  {
    kind: 'traffic-selector',
    pattern: /received TS_UNACCEPTABLE notify/,
    say: (_match, connection) =>
      `The peer does not accept the traffic selectors.${local(
        'the selectors',
        connection?.children
          .map(childSelectors)
          .map((ts) => `${ts.local.join(' ')} === ${ts.remote.join(' ')}`),
      )} Make those of both sides mirror each other.`,
  },
  {
    kind: 'install',
    pattern: /unable to install .*IPsec (SA|policies)/,
    say: () =>
      'The SA was agreed on but could not be handed to the data plane: look for its reason in the IKE bridge log.',
  },
  {
    kind: 'no-response',
    pattern: /giving up after \d+ retransmits|peer not responding|not established after \d+ms/,
    say: (_match, connection) =>
      `${connection?.remote.address ?? 'The peer'} does not answer: check that it is reachable and that UDP ports 500 and 4500 are open on the way.`,
  },
];

/**
 * Explains a failed attempt from its log lines, in any order; null when they hold none of the usual reasons.
 * @param connection where known, to say what this side has
 */
export function explainFailure(lines: readonly string[], connection?: ConnectionSection): Failure | null {
  for (const { kind, pattern, say } of RULES) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match !== null) return { kind, sentence: say(match, connection) };
    }
  }
  return null;
}

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
  | 'certificate'
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
  say: (
    match: RegExpMatchArray,
    connection: ConnectionSection | undefined,
    lines: readonly string[],
  ) => string;
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

const remoteHas = (connection: ConnectionSection | undefined): string =>
  connection?.local.auth === 'certificate' ? 'it does not trust our certificate,' : 'its pre-shared key';

/** The certificate that charon looked at last before it gave up, as ` SUBJECT,`; empty when it named none. */
function lookedAt(lines: readonly string[]): string {
  const subjects = lines.flatMap((line) => /checking certificate status of "([^"]+)"/.exec(line)?.[1] ?? []);
  const last = subjects.at(-1);
  return last === undefined ? '' : `, ${last},`;
}

/** A CHILD_SA with a key exchange of its own: the first of an IKE_SA goes without. */
const INSIDE_WITH_EXCHANGE = /^generating CREATE_CHILD_SA request \d+ \[ .*\bKE\b/;

/** The most specific first: a notify of the peer says less than what this side found out by itself. */
const RULES: readonly Rule[] = [
  {
    kind: 'certificate',
    pattern: /certificate was revoked on (.+?), reason: (.+)/,
    say: ([, when, reason], _connection, lines) =>
      `The certificate of the peer${lookedAt(lines)} was revoked on ${when} (${reason}): the peer needs another one.`,
  },
  {
    kind: 'certificate',
    pattern: /subject certificate invalid \(valid from (.+?) to (.+?)\)/,
    say: ([, from, to]) =>
      `The certificate of the peer is valid from ${from} to ${to}, and not now: it has to be renewed, or a clock is wrong.`,
  },
  {
    kind: 'certificate',
    pattern: /no issuer certificate found for "([^"]+)"/,
    say: ([, subject]) =>
      `Nobody here knows who issued the certificate ${subject}: add that authority to remote.ca, or have the peer send its intermediate certificates.`,
  },
  {
    kind: 'certificate',
    pattern: /certificate status is (?:not available|unknown)/,
    say: (_match, _connection, lines) =>
      `No valid revocation list speaks of the certificate of the peer${lookedAt(lines)} which revocation strict asks for: add the list of its authority to remote.crl, or renew it.`,
  },
  {
    kind: 'certificate',
    pattern: /no trusted (\S+) public key found for '([^']*)'/,
    say: ([, type, who]) =>
      `The peer showed no ${type} certificate for ${who} that an authority of remote.ca has issued: compare remote.id and remote.ca with its certificate.`,
  },
  {
    kind: 'certificate',
    pattern: /no private key found for '([^']*)'/,
    say: ([, who]) =>
      `This side has no private key for ${who}: compare local.id, local.certificate and local.private_key.`,
  },
  {
    kind: 'authentication',
    pattern: /EAP-MS-CHAPv2 (?:failed|verification failed)|received EAP_FAILURE|EAP method \S+ failed/,
    say: (_match, connection) =>
      `The peer refused the name${connection?.local.eap ? ` ${connection.local.eap.username}` : ''} or its password: compare local.eap with what the peer has.`,
  },
  {
    kind: 'authentication',
    pattern: /XAuth authentication of '([^']*)' \(myself\) failed/,
    say: ([, who]) =>
      `The peer refused the name ${who} or its password: compare local.xauth with what the peer has.`,
  },
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
    say: (_match, connection, lines) =>
      `The peer allows none of the ESP proposals.${local(
        'the ESP proposals',
        espProposals(connection),
      )} Give both sides a common one${lines.some((line) => INSIDE_WITH_EXCHANGE.test(line)) ? ', with the same key exchange for ESP (PFS) or with none' : ''}.`,
  },
  {
    kind: 'proposal',
    pattern: /received NO_PROPOSAL_CHOSEN notify error/,
    say: (_match, connection) =>
      `The peer allows none of the IKE proposals, or has no connection for this address.${local('the IKE proposals', connection && ikeProposals(connection))}`,
  },
  {
    // IKEv1 words it so, and says neither of which exchange it is nor, in quick mode, whether it is about PFS.
    kind: 'proposal',
    pattern: /received NO_PROPOSAL_CHOSEN error notify/,
    say: (_match, connection) =>
      `The peer allows none of the proposals.${local('the IKE proposals', connection && ikeProposals(connection))}${local('the ESP proposals', espProposals(connection))} Give both sides a common one, in IKEv1 with the same key exchange for ESP or with none.`,
  },
  {
    kind: 'authentication',
    pattern: /received AUTHENTICATION_FAILED (?:notify error|error notify)/,
    say: (_match, connection) =>
      `The peer refused the authentication: ${remoteHas(connection)} or the identities differ.${local('identities', bothIdentities(connection))} The peer's log says which.`,
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
      if (match !== null) return { kind, sentence: say(match, connection, lines) };
    }
  }
  return null;
}

// Rekeyings of CHILD_SAs that an end refuses, found in charon's log: nothing else tells of them.
//
// The first CHILD_SA of an IKE_SA has its keys from IKE's own key exchange (RFC 7296 section 1.2). Only when it is rekeyed do
// the ends find out whether they want perfect forward secrecy for ESP, and by which group.
import { type ConnectionSection, childEspProposals } from '@sluice/shared';
import type { LogLine } from './log-line.js';

export interface Refusal {
  connection: string;
  /** Unique id of the IKE_SA. */
  ikeId: string;
  /** Which end has refused what the other one asked for. */
  by: 'us' | 'peer';
  /** The notify of a peer that refuses (RFC 7296 section 3.10.1), such as NO_PROPOSAL_CHOSEN; null where we do. */
  notify: string | null;
  /** Whether what was asked for has a key exchange. */
  withKeyExchange: boolean;
  /** What the peer proposed, as charon prints it, such as ESP:AES_GCM_16_256/NO_EXT_SEQ; null where the peer refuses. */
  theirs: string | null;
}

interface Request {
  withKeyExchange: boolean;
  theirs: string | null;
}

/** The exchanges of an IKE_SA that are under way: one of each end at most. */
interface Exchanges {
  ours: Request | null;
  peers: Request | null;
}

/** IKE_SAs with an exchange under way that are remembered. */
const EXCHANGES_MAX = 4096;

/** As charon 5.9 words it, level 1. */
const REQUEST = /^(generating|parsed) CREATE_CHILD_SA request \d+ \[ (.*) \]$/;
const RESPONSE = /^generating CREATE_CHILD_SA response /;
const OFFERED = /^received proposals: (.+)$/;
const REFUSED_HERE = /^no acceptable proposal found$/;
const REFUSED_THERE = /^received (\w+) notify, no CHILD_SA built$/;

export class RekeyRefusals {
  readonly #exchanges = new Map<string, Exchanges>();

  /** The refusal that a line tells of; null for all others. Lines of an IKE_SA come in their order. */
  heard({ connection, unique_id: ikeId, message }: LogLine): Refusal | null {
    if (connection === null || ikeId === null) return null;
    const request = REQUEST.exec(message);
    if (request !== null) {
      const [, whose, payloads = ''] = request;
      this.#begin(ikeId, whose === 'generating' ? 'ours' : 'peers', payloads.split(' '));
      return null;
    }
    const exchanges = this.#exchanges.get(ikeId);
    if (exchanges === undefined) return null;
    const refusal = { connection, ikeId };
    const { ours, peers } = exchanges;
    if (peers !== null) {
      if (RESPONSE.test(message)) exchanges.peers = null;
      else if (REFUSED_HERE.test(message)) return { ...refusal, by: 'us', notify: null, ...peers };
      else peers.theirs = OFFERED.exec(message)?.[1] ?? peers.theirs;
    }
    const notify = ours === null ? undefined : REFUSED_THERE.exec(message)?.[1];
    if (ours !== null && notify !== undefined) {
      exchanges.ours = null;
      return { ...refusal, by: 'peer', notify, ...ours };
    }
    return null;
  }

  /** charon is new, and so are the ids of its IKE_SAs. */
  clear(): void {
    this.#exchanges.clear();
  }

  #begin(ikeId: string, whose: keyof Exchanges, payloads: readonly string[]): void {
    const before = this.#exchanges.get(ikeId);
    const exchanges = before ?? { ours: null, peers: null };
    const isRekeying = payloads.includes('N(REKEY_SA)');
    exchanges[whose] = isRekeying ? { withKeyExchange: payloads.includes('KE'), theirs: null } : null;
    if (before !== undefined || !isRekeying) return;
    this.#exchanges.set(ikeId, exchanges);
    if (this.#exchanges.size <= EXCHANGES_MAX) return;
    const [oldest] = this.#exchanges.keys();
    if (oldest !== undefined) this.#exchanges.delete(oldest);
  }
}

/** For the operator: who refuses what, what either side has, and what to configure. */
export function refusalSentence(refusal: Refusal, connection: ConnectionSection): string {
  const ours = [
    ...new Set(connection.children.flatMap((child) => childEspProposals(child, connection.version))),
  ];
  const reason = refusal.by === 'us' ? refusedHere(refusal, ours) : refusedThere(refusal, ours);
  return `${connection.name} cannot be rekeyed: ${reason} Until then the peer is authenticated anew whenever a rekeying is refused, before the old SAs go.`;
}

function refusedHere({ theirs }: Refusal, ours: readonly string[]): string {
  const offered = theirs ?? '';
  const [mine, peers] = [groupsOf(ours.join(' ')), groupsOf(offered)];
  const has = `This side has the ESP proposals ${ours.join(', ')}, the peer ${offered || 'none'}.`;
  if (mine.length > 0 && peers.length === 0)
    return `the peer asks for it without a key exchange (no PFS), and this side wants one. ${has} ${switchOn('the peer', mine, 'here')}`;
  if (mine.length === 0 && peers.length > 0)
    return `the peer asks for it with the key exchange ${peers.join(' or ')} (PFS), and this side has none. ${has} ${switchOn('this side', peers, 'there')}`;
  if (mine.length > 0 && !mine.some((group) => peers.includes(group)))
    return `the peer asks for it with the key exchange ${peers.join(' or ')} (PFS), and this side wants ${mine.join(' or ')}. ${has} Give both sides a common one.`;
  return `the peer asks for algorithms that this side does not allow. ${has} Give both sides a common one.`;
}

function refusedThere({ notify, withKeyExchange }: Refusal, ours: readonly string[]): string {
  const has = `This side has the ESP proposals ${ours.join(', ')}.`;
  if (notify === 'TS_UNACCEPTABLE')
    return 'the peer no longer accepts the traffic selectors (TS_UNACCEPTABLE). Make those of both sides mirror each other.';
  if (notify !== 'NO_PROPOSAL_CHOSEN' && notify !== 'INVALID_KE_PAYLOAD')
    return `the peer refuses with ${notify}. Its log says why.`;
  if (!withKeyExchange)
    return `the peer refuses it without a key exchange (${notify}): it wants one (PFS), or other algorithms. ${has} Add the peer's group to them, or switch PFS off at the peer.`;
  const groups = groupsOf(ours.join(' '));
  return `the peer refuses it with the key exchange ${groups.join(' or ')} (${notify}): it has another, or none (no PFS). ${has} ${switchOn('the peer', groups, 'here')}`;
}

function switchOn(who: string, groups: readonly string[], where: 'here' | 'there'): string {
  const without =
    where === 'here' ? 'or leave it out of esp_proposals here' : 'or switch PFS off at the peer';
  return `Have ${who} use ${groups.join(' or ')} for ESP (PFS), ${without}.`;
}

/** Key exchanges in proposals, of the configuration or as charon prints them, by the configuration's names. */
function groupsOf(proposals: string): string[] {
  const found = proposals
    .toLowerCase()
    .replaceAll('_', '')
    .replaceAll(/curve(\d)/g, 'x$1')
    .matchAll(/\b(?:modp\d+\w*|ecp\d+\w*|x25519|x448)\b/g);
  return [...new Set([...found].map(([group]) => group))];
}

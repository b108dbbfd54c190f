// Who may have lied: a neighbour that has another MAC address now, and nobody had asked.
//
// Whoever claims an address gets it at once, as RFC 826 and RFC 4861 have it, so that a failover takes no time. A forged
// claim looks the same, and the states alone would believe it for a minute: the neighbour is reachable, or stale and
// delayed, then probed by the forged MAC address alone. So such a change is doubted: as soon as the neighbour is used,
// everyone is asked, and whoever has the address has it back in a little more than the time between two questions.
import { HEARD_SOLICITED } from '../tables/neighbour-records.js';
import { type Heard, isUsable, type Known, sameMac } from './neighbour-states.js';

export interface Doubt {
  /** When it was last asked, in ms, and whether the answer to that has not come yet. */
  askedAt: number;
  awaited: boolean;
  /** Somebody said unasked that it has another MAC address. */
  doubted: boolean;
}

export function noDoubt(): Doubt {
  return { askedAt: Number.NEGATIVE_INFINITY, awaited: false, doubted: false };
}

/**
 * Judges a message that makes `after` of an entry, before it does; `retransmitMs` is for how long an answer is waited
 * for. Returns true when it has to be doubted.
 */
export function doubtClaim(
  entry: Known & Doubt,
  heard: Heard,
  after: Known,
  now: number,
  retransmitMs: number,
): boolean {
  if (after.mac === null) return false;
  const awaited = entry.awaited && now < entry.askedAt + retransmitMs;
  const ofAfter = heard.mac === null || sameMac(heard.mac, after.mac);
  if (awaited && ofAfter && (heard.flags & HEARD_SOLICITED) !== 0) {
    entry.awaited = false;
    entry.doubted = false;
    return false;
  }
  if (entry.mac !== null && sameMac(entry.mac, after.mac)) return false;
  entry.doubted = true;
  return true;
}

/** True when a doubted one may be asked, should it be used: not more often than any other, whatever is claimed. */
export function mayAskDoubted(entry: Known & Doubt, now: number, retransmitMs: number): boolean {
  return (
    entry.doubted && isUsable(entry.state) && entry.state !== 'probe' && now >= entry.askedAt + retransmitMs
  );
}

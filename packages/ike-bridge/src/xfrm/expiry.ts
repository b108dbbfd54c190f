// When an SA has to be replaced (soft) and when it ends (hard): RFC 4301 section 4.4.2.1, as the kernel's
// xfrm_state_check_expire and xfrm_timer_handler decide it.

import { type SaEntry, totals } from './sa-entry.js';

/**
 * Without extended sequence numbers an SA sends 2^32 - 1 packets. What is left here is some minutes' worth
 * at 1 Mpps, for the rekeying. The data plane says so too, but not again to a bridge that starts later.
 */
const SEQUENCE_LOW = 2 ** 32 - 2 ** 28;

/** What is due now. Soft is due once; a caller that raises it sets softExpired. */
export function dueExpiry(entry: SaEntry, nowMs: number): 'soft' | 'hard' | null {
  const used = totals(entry);
  const { lifetime } = entry;
  const reached = (figure: number, limit: number | null): boolean => limit !== null && figure >= limit;
  const sinceAdd = (nowMs - entry.addedAtMs) / 1000;
  const sinceUse = used.first_used_at_ms === null ? -1 : (nowMs - used.first_used_at_ms) / 1000;
  if (
    reached(used.bytes, lifetime.hard_bytes) ||
    reached(used.packets, lifetime.hard_packets) ||
    reached(sinceAdd, lifetime.hard_add_s) ||
    reached(sinceUse, lifetime.hard_use_s)
  ) {
    return 'hard';
  }
  if (entry.softExpired) return null;
  const soft =
    entry.softDue ||
    reached(used.sequence, entry.esn || entry.direction === 'in' ? null : SEQUENCE_LOW) ||
    reached(used.bytes, lifetime.soft_bytes) ||
    reached(used.packets, lifetime.soft_packets) ||
    reached(sinceAdd, lifetime.soft_add_s) ||
    reached(sinceUse, lifetime.soft_use_s);
  return soft ? 'soft' : null;
}

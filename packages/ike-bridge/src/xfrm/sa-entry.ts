// One SA of the SAD: what charon installed, and what became of it.
import type { SaCounters, SaKey, SaLifetime, SaSpec, TrafficSelector } from '@sluice/shared';
import type { IPPROTO_ESP } from './constants.js';
import type { Attribute } from './netlink.js';
import type { SaCrypto } from './sa-crypto.js';
import type { XfrmMark } from './sa-structs.js';
import type { XfrmSelector } from './selector.js';

export interface SaEntry {
  readonly dst: string;
  readonly spi: number;
  readonly protocol: typeof IPPROTO_ESP;
  readonly direction: 'in' | 'out';
  /** Its keys are overwritten with zeros when the SA is removed. */
  readonly crypto: SaCrypto;
  readonly esn: boolean;
  readonly replayWindow: number;
  readonly mark: XfrmMark | null;
  /** XFRM_MODE_TUNNEL or XFRM_MODE_TRANSPORT. */
  readonly mode: number;
  /** XFRM_STATE_x, and XFRM_SA_XFLAG_x of XFRMA_SA_EXTRA_FLAGS. */
  readonly flags: number;
  readonly extraFlags: number;
  /** XFRMA_TFCPAD: inner packets are padded to so many octets; 0 without. */
  readonly tfcBytes: number;
  /** Given back as it came. */
  readonly seq: number;
  src: string;
  readonly ifId: number;
  reqid: number;
  encap: SaSpec['encap'];
  lifetime: SaLifetime;
  /** Milliseconds since 1970. */
  addedAtMs: number;
  /** The SA's own selector, as charon gave it; in tunnel mode empty. */
  ownSelector: XfrmSelector;
  /** What the data plane is told: of all policies that the SA serves, or its own. */
  selectors: TrafficSelector[] | null;
  /** Attributes that mean nothing here and are given back on GETSA. */
  otherAttributes: Attribute[];

  /** Used before the data plane's present counts began: at another address, or before it restarted. */
  base: UsedBefore;
  /** Sequence number to start after. */
  startSequence: number;
  /** As the data plane said last, without the base. */
  counters: SaCounters;
  softExpired: boolean;
  /** Due for replacement whatever its lifetime says. */
  softDue: boolean;
  /** False while the data plane does not have it. */
  installed: boolean;
}

export interface UsedBefore {
  packets: number;
  bytes: number;
  firstUsedAtMs: number | null;
  lastUsedAtMs: number | null;
}

export const UNUSED: UsedBefore = Object.freeze({
  packets: 0,
  bytes: 0,
  firstUsedAtMs: null,
  lastUsedAtMs: null,
});

export const NO_COUNTERS: SaCounters = Object.freeze({
  packets: 0,
  bytes: 0,
  first_used_at_ms: null,
  last_used_at_ms: null,
  sequence: 0,
  replayed: 0,
  integrity_failed: 0,
});

export function keyOf(sa: { dst: string; spi: number }): SaKey {
  return { dst: sa.dst, spi: sa.spi };
}

/** `dst spi`, the SPI as tools print it: eight hexadecimal digits. */
export function nameOf(sa: { dst: string; spi: number }): string {
  return `${sa.dst} ${sa.spi.toString(16).padStart(8, '0')}`;
}

/** Counters since the SA was added, whatever the data plane has forgotten. */
export function totals(entry: SaEntry): SaCounters {
  const { base, counters } = entry;
  return {
    ...counters,
    packets: base.packets + counters.packets,
    bytes: base.bytes + counters.bytes,
    first_used_at_ms: base.firstUsedAtMs ?? counters.first_used_at_ms,
    last_used_at_ms: counters.last_used_at_ms ?? base.lastUsedAtMs,
    sequence: Math.max(entry.startSequence, counters.sequence),
  };
}

/**
 * Sequence numbers left out when an outbound SA goes on elsewhere under the same key. Its worker sends until it
 * sees that the SA is gone, and figures are a second old when the data plane does not answer; a number that is
 * used twice gives the key's authentication away (RFC 4106 section 3.1). Tuning: 16 s at 1 Mpps.
 */
const SEQUENCE_MARGIN = 2 ** 24;

/** The number to start after, for an SA that goes on and had reached `last` as far as is known. */
export function continueAfter(sa: Pick<SaEntry, 'direction' | 'esn'>, last: number): number {
  if (sa.direction === 'in') return last;
  return Math.min(last + SEQUENCE_MARGIN, sa.esn ? Number.MAX_SAFE_INTEGER : 2 ** 32 - 1);
}

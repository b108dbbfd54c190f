// One SA of the SAD: what charon installed, and what became of it.
import type { SaCounters, SaKey, SaLifetime, SaSpec } from '@sluice/shared';
import { IPPROTO_ESP, XFRM_MODE_TUNNEL, XFRM_STATE_AF_UNSPEC, XFRM_STATE_ESN } from './constants.js';
import type { Attribute } from './netlink.js';
import type { XfrmMark } from './sa-structs.js';
import { selectorOf, type TrafficSelector, type XfrmSelector } from './selector.js';

export interface SaEntry {
  readonly dst: string;
  readonly spi: number;
  readonly protocol: typeof IPPROTO_ESP;
  readonly direction: 'in' | 'out';
  /** The key with its four octets of salt. Overwritten with zeros when the SA is removed. */
  readonly key: Buffer;
  readonly esn: boolean;
  readonly replayWindow: number;
  readonly mark: XfrmMark | null;
  readonly mode: number;
  readonly flags: number;
  src: string;
  ifId: number;
  reqid: number;
  encap: SaSpec['encap'];
  lifetime: SaLifetime;
  /** Milliseconds since 1970. */
  addedAtMs: number;
  /** The SA's own selector, as charon gave it; in tunnel mode usually empty. */
  ownSelector: XfrmSelector;
  /** What the data plane is told: from the SA itself or from the policy that it serves. */
  selector: TrafficSelector | null;
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

/** Policies of charon that name ports are not told apart from those that name none. */
const ANY_PORTS = { src_ports: [0, 65_535] as [number, number], dst_ports: [0, 65_535] as [number, number] };

export function specOf(entry: SaEntry): SaSpec {
  return {
    dst: entry.dst,
    spi: entry.spi,
    direction: entry.direction,
    src: entry.src,
    if_id: entry.ifId,
    reqid: entry.reqid,
    encap: entry.encap,
    crypto: {
      cipher: 'aes-gcm',
      key_hex: entry.key.toString('hex'),
      integrity: 'none',
      integrity_key_hex: '',
      icv_bytes: 16,
    },
    esn: entry.esn,
    replay_window: entry.replayWindow,
    lifetime: entry.lifetime,
    added_at_ms: entry.addedAtMs,
    mode: 'tunnel',
    selectors: entry.selector === null ? null : [{ ...entry.selector, ...ANY_PORTS }],
    dscp: 'copy',
    ecn: true,
    df: 'clear',
    start_sequence: entry.startSequence,
  };
}

/** An SA that the data plane has and this process does not know: it was installed by a former instance. */
export function entryOfSpec(spec: SaSpec, counters: SaCounters): SaEntry {
  return {
    dst: spec.dst,
    spi: spec.spi,
    protocol: IPPROTO_ESP,
    direction: spec.direction,
    key: Buffer.from(spec.crypto.key_hex, 'hex'),
    esn: spec.esn,
    replayWindow: spec.replay_window,
    mark: null,
    mode: XFRM_MODE_TUNNEL,
    flags: XFRM_STATE_AF_UNSPEC | (spec.esn ? XFRM_STATE_ESN : 0),
    src: spec.src,
    ifId: spec.if_id,
    reqid: spec.reqid,
    encap: spec.encap,
    lifetime: spec.lifetime,
    addedAtMs: spec.added_at_ms,
    ownSelector: selectorOf(null),
    selector: spec.selectors?.[0] ?? null,
    otherAttributes: [],
    base: UNUSED,
    startSequence: spec.start_sequence ?? 0,
    counters,
    softExpired: false,
    softDue: false,
    installed: true,
  };
}

// Audit records of IPsec (RFC 4303 section 4, RFC 4301 section 5.2): what a worker tells the control side of packets
// that it refused. A ring of its own, so that a flood of forged packets crowds nothing else out; at a bounded rate,
// and what goes beyond it is counted.
import type { SpscRing } from '../memory/spsc-ring.js';
import { IP4_DST, IP4_SRC, readI32 } from '../wire/ip4.js';
import { IP6_DST, IP6_SRC } from '../wire/ip6.js';
import { readUpper, upper } from '../wire/upper-layer.js';

/** Why; the names are those of the topic's events, in this order from 1 on. */
export const AUDIT_REASONS = [
  'unknown_spi',
  'integrity_failed',
  'replayed',
  'bad_padding',
  'outside_selector',
  'sequence_exhausted',
] as const;
export const AUDIT_UNKNOWN_SPI = 1;
export const AUDIT_INTEGRITY = 2;
export const AUDIT_REPLAYED = 3;
export const AUDIT_PADDING = 4;
export const AUDIT_SELECTOR = 5;
export const AUDIT_EXHAUSTED = 6;

/** Words of a record, and of the ring: a multiple, so that it never takes a part of one. */
export const AUDIT_WORDS = 32;
export const AUDIT_RING_WORDS = 64 * AUDIT_WORDS;

/** Word offsets in a record: AUDIT_… */
export const AUDIT_REASON = 0;
export const AUDIT_SPI = 1;
/** The number's halves; the high one is 0 where it cannot be known. */
export const AUDIT_SEQUENCE_LOW = 2;
export const AUDIT_SEQUENCE_HIGH = 3;
/** Row of the interface that the packet came by, or was to leave by. */
export const AUDIT_INTERFACE = 4;
/** Flow label of an outer IPv6 header, else -1. */
export const AUDIT_FLOW = 5;
/** Family, source and destination of the outer packet: 9 words, addresses of four. */
export const AUDIT_OUTER = 8;
/** The same of the inner packet; family 0 when there is none to show. */
export const AUDIT_INNER = 17;
/** Protocol and ports of the inner packet; a port that is not known is -1. */
export const AUDIT_INNER_PROTOCOL = 26;
export const AUDIT_INNER_SRC_PORT = 27;
export const AUDIT_INNER_DST_PORT = 28;

/** Records a second and at once, per worker. Tuning: a person reads them; counters have the numbers. */
const PER_SECOND = 10;
const BURST = 20;

/** A worker's side. */
export class AuditLog {
  private readonly words = new Int32Array(AUDIT_WORDS);
  private tokens = BURST;
  private takenAt = 0;

  /** @param suppressed the word at `index` counts records that were not made. */
  constructor(
    private readonly ring: SpscRing,
    private readonly suppressed: Int32Array,
    private readonly index: number,
  ) {}

  /**
   * Records a refused packet: `outer` is where its outer IP header is, or -1 for one that has none yet; `inner` where
   * the inner header is and `innerEnd` where that packet ends, or -1 when it is not known. `clock` is the node's context:
   * its time as an argument would be boxed.
   */
  refused(
    clock: { readonly now: number },
    reason: number,
    spi: number,
    low: number,
    high: number,
    row: number,
    bytes: Uint8Array,
    outer: number,
    inner: number,
    innerEnd: number,
  ): void {
    const { words } = this;
    if (this.take(clock)) {
      words.fill(0);
      words[AUDIT_REASON] = reason;
      words[AUDIT_SPI] = spi;
      words[AUDIT_SEQUENCE_LOW] = low;
      words[AUDIT_SEQUENCE_HIGH] = high;
      words[AUDIT_INTERFACE] = row;
      words[AUDIT_FLOW] = -1;
      if (outer >= 0) {
        writeAddresses(words, AUDIT_OUTER, bytes, outer);
        if (words[AUDIT_OUTER] === 6) words[AUDIT_FLOW] = readI32(bytes, outer) & 0xfffff;
      }
      if (inner >= 0) {
        writeAddresses(words, AUDIT_INNER, bytes, inner);
        readUpper(bytes, inner, innerEnd, 0, 0);
        words[AUDIT_INNER_PROTOCOL] = upper.protocol;
        words[AUDIT_INNER_SRC_PORT] = upper.srcPort;
        words[AUDIT_INNER_DST_PORT] = upper.dstPort;
      }
      if (this.ring.pushMany(words, 0, AUDIT_WORDS) === AUDIT_WORDS) return;
    }
    this.suppressed[this.index] = (this.suppressed[this.index]! + 1) | 0;
  }

  /**
   * Takes a token if there is one, as graph/rate-limiter.ts does: written out, because a time that is an argument is
   * boxed wherever the call is not inlined, and this one is made for every packet of a flood.
   */
  private take(clock: { readonly now: number }): boolean {
    const elapsed = clock.now - this.takenAt;
    this.takenAt = clock.now;
    if (elapsed > 0) this.tokens = Math.min(BURST, this.tokens + (elapsed * PER_SECOND) / 1000);
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}

function writeAddresses(words: Int32Array, at: number, bytes: Uint8Array, ip: number): void {
  const four = bytes[ip]! >>> 4 === 4;
  words[at] = four ? 4 : 6;
  if (four) {
    words[at + 1] = readI32(bytes, ip + IP4_SRC);
    words[at + 5] = readI32(bytes, ip + IP4_DST);
    return;
  }
  for (let i = 0; i < 4; i++) {
    words[at + 1 + i] = readI32(bytes, ip + IP6_SRC + 4 * i);
    words[at + 5 + i] = readI32(bytes, ip + IP6_DST + 4 * i);
  }
}

// Security associations as the workers use them (RFC 4301 section 4.4.2): two cache lines each in shared
// memory. The control side writes a row before it is reachable; from then on only the worker that owns the SA
// writes its sequence numbers, replay window and counters.
//
// The first line is what every packet of either direction needs; the second is addresses, and what only an
// outbound packet needs.

import { allocateHugeMemory } from '../memory/huge-memory.js';
import { allocateSelectors } from './selectors.js';

export const SAS_MAX = 32_768;
/** Int32 words of a row. */
export const SA_WORDS = 32;
export const SA_SHIFT = 5;

/** Word offsets in a row: SA_FREE, SA_INBOUND or SA_OUTBOUND. */
export const SA_STATE = 0;
/** Security parameters index, in host order. */
export const SA_SPI = 1;
/** The only worker that seals or opens with it. */
export const SA_WORKER = 2;
/** Slot of its key in the native layer. */
export const SA_KEY = 3;
/** 1 when its sequence numbers have 64 bits (RFC 4303 section 2.2.1). */
export const SA_ESN = 4;
/** Packets of the replay window, 0 for none. */
export const SA_WINDOW = 5;
/** Outbound: sequence number of the last packet sent. Inbound: the highest that was authenticated. */
export const SA_SEQ_LOW = 6;
export const SA_SEQ_HIGH = 7;
/** Octets of the IV: 0, 8 (the sequence number, which the node writes) or 16 (random, which the crypto writes). */
export const SA_IV_BYTES = 8;
export const SA_ICV_BYTES = 9;
/** Payload, padding and trailer together are a multiple of it: a power of two. */
export const SA_ALIGNMENT = 10;
/** MODE_TUNNEL or MODE_TRANSPORT. */
export const SA_MODE = 11;
/** What passes between inner and outer header: POLICY_… bits. */
export const SA_POLICY = 12;
/** The tunnel interface it serves. */
export const SA_INTERFACE = 13;
/** What may be inside (RFC 4301 section 4.4.1.1): a run of the selector table, see tables/selectors.ts; 0 is anything. */
export const SA_SELECTORS = 14;
/** Of the outer addresses: 4 or 6. */
export const SA_FAMILY = 15;

/**
 * Outer addresses: four words in host order, the most significant first; an IPv4 address is in the first, and the
 * others are zero.
 */
export const SA_SRC = 16;
export const SA_DST = 20;
/** UDP ports of ESP in UDP (RFC 3948), 0 for plain ESP. */
export const SA_UDP_SRC = 24;
export const SA_UDP_DST = 25;
/** Outbound: last sequence number that may be sent before the control side reserves more. */
export const SA_LIMIT_LOW = 26;
export const SA_LIMIT_HIGH = 27;
/** Inbound: hash of the source that the control side was told of last, and the second in which it was. */
export const SA_TOLD_SOURCE = 26;
export const SA_TOLD_AT = 27;
/** VRF of the outer packets. */
export const SA_OUTER_VRF = 28;
/** Outbound: identification field of the next outer IPv4 header. */
export const SA_IP_ID = 29;
/** Inbound: set by its worker at the first authenticated packet: the peer has this SA. */
export const SA_PROVED = 29;
/**
 * Outbound: octets that must be free before the inner packet, outer headers with room for a link header, and behind
 * it, padding at most, trailer and ICV: head << 16 | tail.
 */
export const SA_ROOM = 30;
/** Outbound, tunnel mode: shorter inner packets are padded to so many octets (RFC 4303 section 2.7); 0 for none. */
export const SA_TFC = 31;

export const SA_FREE = 0;
export const SA_INBOUND = 1;
export const SA_OUTBOUND = 2;

export const MODE_TUNNEL = 0;
export const MODE_TRANSPORT = 1;

/**
 * Bits of the traffic class, so that the word is its mask. Outbound: the outer header takes the inner one's DSCP. Inbound: the inner header takes the outer one's (RFC 2983).
 */
export const POLICY_DSCP = 0xfc;
/** ECN as RFC 6040 has it; without, the outer header is not ECN-capable, and is not looked at on arrival. */
export const POLICY_ECN = 3;
/** DF of an outer IPv4 header (RFC 4301 section 8.1): set, or as the inner header has it; without both, clear. */
export const POLICY_DF_SET = 0x100;
export const POLICY_DF_COPY = 0x200;
export const POLICY_DF = POLICY_DF_SET | POLICY_DF_COPY;

/** Bits of a replay window at most, and the words that hold it. */
export const WINDOW_BITS_MAX = 4096;
const WINDOW_WORDS = WINDOW_BITS_MAX / 32;
export const WINDOW_SHIFT = 7;

/** Float64 counters of an SA. */
export const SA_COUNTERS = 8;
export const SA_COUNTERS_SHIFT = 3;
export const SA_PACKETS = 0;
/** Bytes of inner packets, as XFRM counts them (linux/xfrm.h, xfrm_lifetime_cur). */
export const SA_BYTES = 1;
/** Milliseconds since 1970; 0 when never. */
export const SA_FIRST_USED = 2;
export const SA_LAST_USED = 3;
export const SA_REPLAYED = 4;
export const SA_INTEGRITY_FAILED = 5;
/** Packets that waited for or lacked a reserved sequence number. */
export const SA_EXHAUSTED = 6;
/** Inner packets that no selector allows. */
export const SA_REFUSED = 7;

export interface SaBuffers {
  rows: SharedArrayBuffer;
  windows: SharedArrayBuffer;
  counters: SharedArrayBuffer;
  selectors: SharedArrayBuffer;
}

export class SaTable {
  readonly buffers: SaBuffers;
  readonly words: Int32Array;
  /** Replay windows: bit (sequence modulo window) of WINDOW_WORDS words per SA. */
  readonly windows: Int32Array;
  readonly counters: Float64Array;
  /** Rows of SELECTOR_WORDS words; see tables/selectors.ts. */
  readonly selectors: Int32Array;

  constructor(buffers: SaBuffers) {
    this.buffers = buffers;
    this.words = new Int32Array(buffers.rows);
    this.windows = new Int32Array(buffers.windows);
    this.counters = new Float64Array(buffers.counters);
    this.selectors = new Int32Array(buffers.selectors);
  }

  static allocate(): SaBuffers {
    return {
      rows: allocateHugeMemory(SAS_MAX * SA_WORDS * 4),
      windows: allocateHugeMemory(SAS_MAX * WINDOW_WORDS * 4),
      counters: allocateHugeMemory(SAS_MAX * SA_COUNTERS * 8),
      selectors: allocateSelectors(),
    };
  }
}

/**
 * The scope of an inbound SA's SPI: its IPv4 destination, or a hash of an IPv6 one. Whoever finds a row by it compares
 * the whole address with the row's.
 */
export function spiScope(family: number, w0: number, w1: number, w2: number, w3: number): number {
  if (family === 4) return w0;
  const hash =
    Math.imul(Math.imul(Math.imul(w0 ^ 0x9e3779b1, 0x85ebca6b) ^ w1, 0xc2b2ae35) ^ w2, 0x27d4eb2f) ^ w3;
  return hash === -1 ? 0 : hash; // 0xffffffff is no scope
}

// Security associations as the workers use them (RFC 4301 section 4.4.2): two cache lines each in
// shared memory. The control side writes a row before it is reachable; from then on only the worker
// that owns the SA writes its sequence numbers, replay window and counters.

export const SAS_MAX = 32_768;
/** Int32 words of a row. */
export const SA_WORDS = 32;
export const SA_SHIFT = 5;

/** Word offsets in a row. */
export const SA_STATE = 0;
/** Security parameters index, in host order. */
export const SA_SPI = 1;
/** Outer addresses, host order. */
export const SA_SRC = 2;
export const SA_DST = 3;
/** UDP ports of ESP in UDP (RFC 3948), 0 for plain ESP. */
export const SA_UDP_SRC = 4;
export const SA_UDP_DST = 5;
/** The tunnel interface it serves. */
export const SA_INTERFACE = 6;
/** Slot of its key in the native layer. */
export const SA_KEY = 7;
/** The only worker that seals or opens with it. */
export const SA_WORKER = 8;
export const SA_ICV_BYTES = 9;
/** 1 when its sequence numbers have 64 bits (RFC 4303 section 2.2.1). */
export const SA_ESN = 10;
/** Packets of the replay window, 0 for none. */
export const SA_WINDOW = 11;
/** Outbound: sequence number of the last packet sent. Inbound: the highest that was authenticated. */
export const SA_SEQ_LOW = 12;
export const SA_SEQ_HIGH = 13;
/** Outbound: last sequence number that may be sent before the control side reserves more. */
export const SA_LIMIT_LOW = 14;
export const SA_LIMIT_HIGH = 15;
/** VRF of the outer packets. */
export const SA_OUTER_VRF = 16;
/** Inbound: set by its worker at the first authenticated packet: the peer has this SA. */
export const SA_PROVED = 17;
/** Identification field of the next outer IPv4 header. */
export const SA_IP_ID = 18;
/**
 * Inbound: what may be inside (RFC 4301 section 5.2): source and destination networks with their masks, all in
 * host order, and protocol. Masks of zero and protocol 0 allow everything.
 */
export const SA_TS_SRC = 19;
export const SA_TS_SRC_MASK = 20;
export const SA_TS_DST = 21;
export const SA_TS_DST_MASK = 22;
export const SA_TS_PROTOCOL = 23;

export const SA_FREE = 0;
export const SA_INBOUND = 1;
export const SA_OUTBOUND = 2;

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

export interface SaBuffers {
  rows: SharedArrayBuffer;
  windows: SharedArrayBuffer;
  counters: SharedArrayBuffer;
}

export class SaTable {
  readonly buffers: SaBuffers;
  readonly words: Int32Array;
  /** Replay windows: bit (sequence modulo window) of WINDOW_WORDS words per SA. */
  readonly windows: Int32Array;
  readonly counters: Float64Array;

  constructor(buffers: SaBuffers) {
    this.buffers = buffers;
    this.words = new Int32Array(buffers.rows);
    this.windows = new Int32Array(buffers.windows);
    this.counters = new Float64Array(buffers.counters);
  }

  static allocate(): SaBuffers {
    return {
      rows: new SharedArrayBuffer(SAS_MAX * SA_WORDS * 4),
      windows: new SharedArrayBuffer(SAS_MAX * WINDOW_WORDS * 4),
      counters: new SharedArrayBuffer(SAS_MAX * SA_COUNTERS * 8),
    };
  }
}

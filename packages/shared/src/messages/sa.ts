// A security association as the IKE bridge hands it to the data plane (RFC 4301 section 4.4.2.1).
import { z } from 'zod';
import { ipAddress, ipPrefix, u32 } from '../config/values.js';

/** XFRM counts without limit as all ones (linux/xfrm.h, XFRM_INF); here it is null. */
const limit = z.number().positive().nullable();

export const saLifetimeSchema = z.object({
  soft_bytes: limit,
  hard_bytes: limit,
  soft_packets: limit,
  hard_packets: limit,
  soft_add_s: limit,
  hard_add_s: limit,
  soft_use_s: limit,
  hard_use_s: limit,
});

/** Keyed as the protocol keys it: destination, protocol (ESP always) and SPI. */
export const saKeySchema = z.object({ dst: ipAddress, spi: u32 });

const port = z.int().min(0).max(65535);
/** First and last port, both included; 0 to 65535 is any. For ICMP the source port is type << 8 | code (RFC 4301 section 4.4.1.1). */
const portRange = z.tuple([port, port]);

/** What may be inside an SA (RFC 4301 section 4.4.1.1); both prefixes of one family. */
export const trafficSelectorSchema = z.object({
  src: ipPrefix,
  dst: ipPrefix,
  /** IP protocol; 0 is any. */
  protocol: z.int().min(0).max(255),
  src_ports: portRange,
  dst_ports: portRange,
});

export const espCiphers = ['aes-gcm', 'aes-gmac', 'aes-cbc', 'aes-ctr', 'chacha20-poly1305', 'null'] as const;
export const espIntegrities = [
  'none',
  'hmac-sha1',
  'hmac-sha2-256',
  'hmac-sha2-384',
  'hmac-sha2-512',
] as const;

const hex = z.string().regex(/^([0-9a-f]{2})*$/);

/** Algorithms and keys of an SA. What fits together, and how long keys are: the data plane's table of ESP algorithms. */
export const espCryptoSchema = z.object({
  cipher: z.enum(espCiphers),
  /** As XFRM carries it: for aes-gcm, aes-gmac, aes-ctr and chacha20-poly1305 with four octets of salt or nonce behind. */
  key_hex: hex,
  /** `none` with ciphers that authenticate by themselves. */
  integrity: z.enum(espIntegrities),
  integrity_key_hex: hex,
  icv_bytes: z.union([z.literal(8), z.literal(12), z.literal(16), z.literal(24), z.literal(32)]),
});

export const saSpecSchema = saKeySchema.extend({
  direction: z.enum(['in', 'out']),
  src: ipAddress,
  /** The tunnel interface that it serves. */
  if_id: u32,
  reqid: u32,
  /** UDP ports of ESP in UDP (RFC 3948), or null for plain ESP. */
  encap: z.object({ src_port: z.int().min(1).max(65535), dst_port: z.int().min(1).max(65535) }).nullable(),
  crypto: espCryptoSchema,
  mode: z.enum(['tunnel', 'transport']),
  esn: z.boolean(),
  /** Packets; 0 switches anti-replay off. */
  replay_window: z.int().min(0).max(4096),
  lifetime: saLifetimeSchema,
  /** Milliseconds since 1970. */
  added_at_ms: z.number(),
  /** What may be inside; null before it is known, and then nothing is refused. */
  selectors: z.array(trafficSelectorSchema).nullable(),
  /** Outbound: whether the outer header takes the inner one's DSCP (RFC 2983). Inbound: whether it gives it back. */
  dscp: z.enum(['copy', 'keep']),
  /** ECN between inner and outer as RFC 6040 says; false: the outer header is not ECN-capable. */
  ecn: z.boolean(),
  /** DF of an outer IPv4 header (RFC 4301 section 8.1). */
  df: z.enum(['copy', 'set', 'clear']),
  /**
   * Outbound, in tunnel mode: an inner packet is padded to this many octets (RFC 4303 section 2.7), at most to what
   * the path takes; all ones is as far as that. Left out or 0: no such padding.
   */
  tfc_bytes: u32.optional(),
  /**
   * For an SA that has been in use before: the last sequence number that may have been sent (the next is
   * one more), or the highest received (older ones count as seen). AES-GCM must never use a number twice
   * under one key. Left out: 0.
   */
  start_sequence: z.int().min(0).optional(),
});

export const saCountersSchema = z.object({
  packets: z.number(),
  bytes: z.number(),
  /** Milliseconds since 1970, null when never used. */
  first_used_at_ms: z.number().nullable(),
  last_used_at_ms: z.number().nullable(),
  /** Highest sequence number sent or received. */
  sequence: z.number(),
  replayed: z.number(),
  integrity_failed: z.number(),
});

export type SaKey = z.output<typeof saKeySchema>;
export type SaSpec = z.output<typeof saSpecSchema>;
export type SaCounters = z.output<typeof saCountersSchema>;
export type SaLifetime = z.output<typeof saLifetimeSchema>;
export type EspCrypto = z.output<typeof espCryptoSchema>;
export type TrafficSelector = z.output<typeof trafficSelectorSchema>;

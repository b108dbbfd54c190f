// A security association as the IKE bridge hands it to the data plane (RFC 4301 section 4.4.2.1).
import { z } from 'zod';
import { ip4Address, u32 } from '../config/values.js';

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
export const saKeySchema = z.object({ dst: ip4Address, spi: u32 });

export const trafficSelectorSchema = z.object({
  /** `a.b.c.d/n` */
  src: z.string(),
  dst: z.string(),
  /** IP protocol; 0 is any. */
  protocol: z.int().min(0).max(255),
});

export const saSpecSchema = saKeySchema.extend({
  direction: z.enum(['in', 'out']),
  src: ip4Address,
  /** The tunnel interface that it serves. */
  if_id: u32,
  reqid: u32,
  /** UDP ports of ESP in UDP (RFC 3948), or null for plain ESP. */
  encap: z.object({ src_port: z.int().min(1).max(65535), dst_port: z.int().min(1).max(65535) }).nullable(),
  /** AES-GCM (RFC 4106). The key is followed by its four octets of salt, as XFRM carries it, in hexadecimal. */
  aead: z.object({
    algorithm: z.literal('aes-gcm'),
    icv_bytes: z.literal(16),
    key_hex: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{72})$/),
  }),
  esn: z.boolean(),
  /** Packets; 0 switches anti-replay off. */
  replay_window: z.int().min(0).max(4096),
  lifetime: saLifetimeSchema,
  /** Milliseconds since 1970. */
  added_at_ms: z.number(),
  selector: trafficSelectorSchema.nullable(),
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

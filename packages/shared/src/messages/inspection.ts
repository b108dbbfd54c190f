// Looking at packets: traces through the graph, and captures.
import { z } from 'zod';
import { ipPrefix } from '../config/values.js';

export const traceFilterSchema = z.object({
  interface: z.string().optional(),
  /** Prefix of either family that source or destination must be in. */
  prefix: ipPrefix.optional(),
  /** IP protocol number, or IPv6 next header. */
  protocol: z.int().min(0).max(255).optional(),
  /** Only packets that meet this node. */
  node: z.string().optional(),
  /** Only packets that are dropped for this reason: `bad_checksum`, or `ip4-input/bad_checksum`. */
  drop: z.string().optional(),
  count: z.int().min(1).max(1000).default(10),
});

export const captureFilterSchema = z.object({
  /** Names of the interfaces; left out, all. */
  interfaces: z.array(z.string()).min(1).optional(),
  prefix: ipPrefix.optional(),
  protocol: z.int().min(0).max(255).optional(),
  /** What comes in and leaves by the interfaces: a tunnel's before encryption, a port's after it. */
  traffic: z.boolean().default(true),
  /** What is dropped, with the reason as a comment. */
  drops: z.boolean().default(false),
  /** Octets kept of each packet. */
  snap_length: z.int().min(64).max(65_535).default(2048),
  /** Ends by itself after so many packets. */
  count: z.int().min(1).max(1_000_000).default(10_000),
});

export const captureStatusSchema = z.object({
  /** The pcapng file, which grows while the capture is on. */
  file: z.string().nullable(),
  active: z.boolean(),
  packets: z.number(),
  bytes: z.number(),
  /** Packets that came faster than they could be written. */
  missed: z.number(),
});

export const tracedPacketSchema = z.object({
  id: z.number(),
  worker: z.number(),
  steps: z.array(
    z.object({
      node: z.string(),
      next: z.string(),
      at_us: z.number(),
      /** The packet as this node left it, from its current layer on: at most 64 octets. */
      bytes_hex: z.string(),
      length: z.number(),
      /** What the octets are, in a line: addresses, protocol, TTL… */
      summary: z.string(),
    }),
  ),
  /** True while more may come: it is on its way to another worker, or waits at a node, for a neighbour for example. */
  under_way: z.boolean(),
});

export type TraceFilter = z.output<typeof traceFilterSchema>;
export type CaptureFilter = z.output<typeof captureFilterSchema>;
export type CaptureStatus = z.output<typeof captureStatusSchema>;
export type TracedPacket = z.output<typeof tracedPacketSchema>;

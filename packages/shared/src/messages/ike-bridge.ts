// What the IKE bridge answers and announces.
import { z } from 'zod';
import { defineContract } from '../actor/contract.js';
import { connectionSection } from '../config/ike.js';
import { u32 } from '../config/values.js';
import { trafficSelectorSchema } from './sa.js';

/** The bridge's part of the device configuration: whole, at a revision. */
export const ikeStateSchema = z.object({
  revision: z.int().min(0),
  connections: z.array(connectionSection),
  /** Interface ids of the tunnels that children name. */
  tunnels: z.array(z.object({ name: z.string(), if_id: u32 })),
});

export const childSaReportSchema = z.object({
  name: z.string(),
  unique_id: z.string(),
  state: z.string(),
  if_id: u32,
  spi_in: u32,
  spi_out: u32,
  algorithm: z.string(),
  encap: z.boolean(),
  local_ts: z.array(z.string()),
  remote_ts: z.array(z.string()),
  installed_s: z.number().nullable(),
  rekey_in_s: z.number().nullable(),
  packets_in: z.number(),
  bytes_in: z.number(),
  packets_out: z.number(),
  bytes_out: z.number(),
});

export const ikeSaReportSchema = z.object({
  name: z.string(),
  unique_id: z.string(),
  version: z.number(),
  state: z.string(),
  local_address: z.string(),
  local_id: z.string(),
  remote_address: z.string(),
  remote_id: z.string(),
  initiator: z.boolean(),
  algorithm: z.string(),
  established_s: z.number().nullable(),
  rekey_in_s: z.number().nullable(),
  /** Virtual addresses: those that the peer has assigned to us, and we to it. */
  local_vips: z.array(z.string()),
  remote_vips: z.array(z.string()),
  children: z.array(childSaReportSchema),
});

export const ikeStatusSchema = z.object({
  instance: z.string(),
  revision: z.number().nullable(),
  converged: z.boolean(),
  problems: z.array(z.string()),
  /** Whether charon answers. */
  charon: z.enum(['up', 'down']),
});

export const ikeEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ike-sa'), connection: z.string(), unique_id: z.string(), up: z.boolean() }),
  z.object({
    kind: z.literal('child-sa'),
    connection: z.string(),
    child: z.string(),
    unique_id: z.string(),
    up: z.boolean(),
  }),
  z.object({ kind: z.literal('reconciled'), repairs: z.array(z.string()) }),
  /** A CHILD_SA cannot be rekeyed, because an end refuses what the other asks for; the sentence says what either has. */
  z.object({
    kind: z.literal('rekey-refused'),
    connection: z.string(),
    by: z.enum(['us', 'peer']),
    sentence: z.string(),
  }),
]);

/** A policy that charon has installed (RFC 4301 section 4.4.1), as the data plane's SAs take their selectors from it. */
export const policyReportSchema = z.object({
  /** Of the tunnel; null when no connection names one with its interface id. */
  interface: z.string().nullable(),
  if_id: u32,
  direction: z.enum(['in', 'out']),
  selector: trafficSelectorSchema,
  priority: z.number(),
  /** Whether it asks for an SA when a packet meets it, there being none. */
  waits: z.boolean(),
});

/** What became of a connection whose IKE_SAs were ended to be negotiated anew. */
export const clearedIkeSchema = z.object({
  connection: z.string(),
  ended: z.number(),
  /** `waits`: somebody else calls, the peer or a packet. */
  outcome: z.enum(['up', 'waits', 'failed']),
  reason: z.string().nullable(),
});

export const clearedSaSchema = z.object({
  connection: z.string(),
  child: z.string(),
  spi_in: u32,
  spi_out: u32,
  /** Null when its rekeying has begun; else why not. */
  problem: z.string().nullable(),
});

/** A line of charon's log. */
export const debugLineSchema = z.object({
  at_ms: z.number(),
  /** charon's subsystem, such as IKE, CFG or NET. */
  group: z.string(),
  /** Null while the IKE_SA is nobody's yet, or for lines of none. */
  connection: z.string().nullable(),
  unique_id: z.string().nullable(),
  message: z.string(),
});

const none = z.object({});
const session = z.object({ session: z.string() });

export const ikeBridgeContract = defineContract({
  name: 'ike-bridge',
  requests: {
    apply: { request: ikeStateSchema, reply: ikeStatusSchema, deadlineMs: 30_000 },
    status: { request: none, reply: ikeStatusSchema, deadlineMs: 2000 },
    'show-ike': {
      request: none,
      reply: z.object({
        ike_sas: z.array(ikeSaReportSchema),
        /** Sentences about children that are not up, and connections that cannot be rekeyed. */
        problems: z.array(z.string()),
      }),
      deadlineMs: 20_000,
    },
    'show-policies': {
      request: none,
      reply: z.object({ policies: z.array(policyReportSchema) }),
      deadlineMs: 20_000,
    },
    initiate: {
      request: z.object({ child: z.string() }),
      reply: z.object({ initiated: z.boolean(), reason: z.string().nullable() }),
      deadlineMs: 30_000,
    },
    terminate: {
      request: z.object({ connection: z.string() }),
      reply: z.object({ terminated: z.number() }),
      deadlineMs: 30_000,
    },
    /** Ends the IKE_SAs of a peer and negotiates anew. `peer`: a connection, or the peer's address or identity. */
    'clear-ike': {
      request: z.object({ peer: z.string() }),
      reply: z.object({ connections: z.array(clearedIkeSchema) }),
      deadlineMs: 60_000,
    },
    /** Rekeys CHILD_SAs, which loses no packet. `which`: an SPI of either direction, a child, or as `peer` above. */
    'clear-sa': {
      request: z.object({ which: z.string().nullable() }),
      reply: z.object({
        children: z.array(clearedSaSchema),
        /** SPIs of SAs that charon does not know: they were removed. */
        removed: z.array(u32),
      }),
      deadlineMs: 30_000,
    },
    /** Begins to keep charon's log lines about a peer; it ends when nobody has read them for 10 s. */
    'debug-start': {
      request: z.object({ peer: z.string() }),
      reply: session.extend({ connections: z.array(z.string()) }),
      deadlineMs: 5000,
    },
    'debug-read': {
      request: session,
      reply: z.object({ lines: z.array(debugLineSchema), lost: z.number() }),
      deadlineMs: 5000,
    },
    'debug-stop': { request: session, reply: none, deadlineMs: 5000 },
  },
  topics: {
    ike: { event: ikeEventSchema, snapshot: z.object({ ike_sas: z.array(ikeSaReportSchema) }) },
    status: { event: ikeStatusSchema, snapshot: ikeStatusSchema },
  },
});

export type IkeState = z.output<typeof ikeStateSchema>;
export type IkeStatus = z.output<typeof ikeStatusSchema>;
export type IkeSaReport = z.output<typeof ikeSaReportSchema>;
export type ChildSaReport = z.output<typeof childSaReportSchema>;
export type IkeEvent = z.output<typeof ikeEventSchema>;
export type PolicyReport = z.output<typeof policyReportSchema>;
export type ClearedIke = z.output<typeof clearedIkeSchema>;
export type ClearedSa = z.output<typeof clearedSaSchema>;
export type DebugLine = z.output<typeof debugLineSchema>;

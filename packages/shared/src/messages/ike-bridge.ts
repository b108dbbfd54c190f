// What the IKE bridge answers and announces.
import { z } from 'zod';
import { defineContract } from '../actor/contract.js';
import { connectionSection } from '../config/ike.js';
import { u32 } from '../config/values.js';

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
]);

const none = z.object({});

export const ikeBridgeContract = defineContract({
  name: 'ike-bridge',
  requests: {
    apply: { request: ikeStateSchema, reply: ikeStatusSchema, deadlineMs: 30_000 },
    status: { request: none, reply: ikeStatusSchema, deadlineMs: 2000 },
    'show-ike': { request: none, reply: z.object({ ike_sas: z.array(ikeSaReportSchema) }), deadlineMs: 5000 },
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

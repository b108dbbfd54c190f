// What the data plane shows of itself: interfaces, routes, neighbours, SAs, figures.
import { z } from 'zod';
import { saCountersSchema, saSpecSchema } from './sa.js';

export const interfaceReportSchema = z.object({
  name: z.string(),
  kind: z.enum(['ethernet', 'tunnel', 'vlan', 'bridge', 'loopback']),
  /** Of a VLAN: what it lies on, and its tags. */
  parent: z.string().nullable(),
  vlan: z.number().nullable(),
  inner_vlan: z.number().nullable(),
  /** The bridge whose member it is. */
  bridge: z.string().nullable(),
  /** Of a bridge. */
  members: z.array(z.string()).nullable(),
  device: z.string().nullable(),
  driver: z.string().nullable(),
  vrf: z.string(),
  state: z.enum(['up', 'down']),
  mtu: z.number(),
  mac: z.string().nullable(),
  addresses: z.array(z.string()),
  rx_packets: z.number(),
  rx_bytes: z.number(),
  tx_packets: z.number(),
  tx_bytes: z.number(),
  drops: z.number(),
  punted: z.number(),
  injected: z.number(),
});

export const routeReportSchema = z.object({
  vrf: z.string(),
  family: z.enum(['ipv4', 'ipv6']),
  prefix: z.string(),
  kind: z.enum(['connected', 'local', 'static', 'neighbour', 'broadcast', 'advertised']),
  action: z.enum(['forward', 'tunnel', 'glean', 'local', 'blackhole', 'unreachable', 'prohibit', 'lookup']),
  /** Several share the flows. One that is not active has none: its interface is down, or nobody answers there. */
  next_hops: z.array(
    z.object({
      address: z.string().nullable(),
      interface: z.string().nullable(),
      weight: z.number(),
      active: z.boolean(),
    }),
  ),
  /** The VRF in which it looks up again. */
  vrf_lookup: z.string().nullable(),
});

export const neighbourReportSchema = z.object({
  interface: z.string(),
  address: z.string(),
  mac: z.string().nullable(),
  state: z.enum(['incomplete', 'reachable', 'stale', 'delay', 'probe', 'failed']),
  /** It says that it is a router (IPv6). */
  router: z.boolean(),
  age_s: z.number(),
});

export const bridgeReportSchema = z.object({
  name: z.string(),
  state: z.enum(['up', 'down']),
  mac: z.string(),
  members: z.array(z.object({ name: z.string(), state: z.enum(['up', 'down']), macs: z.number() })),
  macs: z.number(),
  mac_limit: z.number(),
  ageing_s: z.number(),
});

/** A station behind a member of a bridge. */
export const macReportSchema = z.object({
  bridge: z.string(),
  member: z.string(),
  mac: z.string(),
  age_s: z.number(),
  /** How often it was heard behind another member than before. */
  moves: z.number(),
});

/** A user's node that is loaded. */
export const nodeReportSchema = z.object({
  name: z.string(),
  file: z.string(),
  arc: z.string(),
  interfaces: z.array(z.string()),
  state: z.enum(['on', 'failed']),
  /** What switched it off. */
  fault: z
    .object({
      message: z.string(),
      /** The packet that it failed on, from its IP header on: at most 256 octets. */
      packet_hex: z.string(),
      summary: z.string(),
      worker: z.number(),
      at_ms: z.number(),
    })
    .nullable(),
});

/** An SA as it is shown: everything but its key. */
export const saReportSchema = saSpecSchema.omit({ crypto: true }).extend({
  algorithm: z.string(),
  interface: z.string().nullable(),
  worker: z.number(),
  /** True when the tunnel's packets leave by this SA. */
  active: z.boolean(),
  /** True when its sequence numbers have run out: it sends nothing more, and waits for its rekey. */
  exhausted: z.boolean(),
  counters: saCountersSchema,
});

export const nodeRuntimeSchema = z.object({
  worker: z.number(),
  node: z.string(),
  calls: z.number(),
  packets: z.number(),
  /** Packets per call since the start. */
  vector: z.number(),
  /** Measured on a sample of the calls; null when none was sampled. */
  ns_per_packet: z.number().nullable(),
});

export const workerRuntimeSchema = z.object({
  worker: z.number(),
  cpu: z.number().nullable(),
  loops: z.number(),
  sleeps: z.number(),
  packets: z.number(),
  vectors: z.number(),
  ns_per_packet: z.number().nullable(),
});

export const errorCounterSchema = z.object({
  node: z.string(),
  reason: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  /** True when the packet went no further. */
  drop: z.boolean(),
  count: z.number(),
  help: z.string(),
});

export const countersSchema = z.object({
  at_ms: z.number(),
  interfaces: z.array(interfaceReportSchema),
  workers: z.array(workerRuntimeSchema),
  sas: z.array(saReportSchema),
  drops: z.number(),
  frames_free: z.number(),
  frames: z.number(),
});

export type InterfaceReport = z.output<typeof interfaceReportSchema>;
export type RouteReport = z.output<typeof routeReportSchema>;
export type NeighbourReport = z.output<typeof neighbourReportSchema>;
export type BridgeReport = z.output<typeof bridgeReportSchema>;
export type MacReport = z.output<typeof macReportSchema>;
export type NodeReport = z.output<typeof nodeReportSchema>;
export type SaReport = z.output<typeof saReportSchema>;
export type NodeRuntime = z.output<typeof nodeRuntimeSchema>;
export type WorkerRuntime = z.output<typeof workerRuntimeSchema>;
export type ErrorCounter = z.output<typeof errorCounterSchema>;
export type CountersReport = z.output<typeof countersSchema>;

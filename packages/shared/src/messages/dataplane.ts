// What the data plane answers and announces.
import { z } from 'zod';
import { defineContract } from '../actor/contract.js';
import { bridgeSection } from '../config/bridge.js';
import { dataplaneSection } from '../config/device.js';
import { interfaceSection } from '../config/interface.js';
import { loopbackSection } from '../config/loopback.js';
import { nodeSection } from '../config/node.js';
import { routeSection } from '../config/route.js';
import { tunnelSection } from '../config/tunnel.js';
import { ipPrefix, u32 } from '../config/values.js';
import { vlanSection } from '../config/vlan.js';
import { vrfSection } from '../config/vrf.js';
import { saCountersSchema, saKeySchema, saSpecSchema } from './sa.js';

/** The data plane's part of the device configuration: whole, at a revision. */
export const dataplaneStateSchema = z.object({
  revision: z.int().min(0),
  dataplane: dataplaneSection,
  vrfs: z.array(vrfSection),
  interfaces: z.array(interfaceSection),
  vlans: z.array(vlanSection),
  bridges: z.array(bridgeSection),
  loopbacks: z.array(loopbackSection),
  tunnels: z.array(tunnelSection),
  routes: z.array(routeSection),
  nodes: z.array(nodeSection),
});

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
});

export const dataplaneStatusSchema = z.object({
  /** New at every start of the process: a caller that sees it change gives its state again. */
  instance: z.string(),
  revision: z.number().nullable(),
  converged: z.boolean(),
  /** What keeps it from the desired state, a sentence each. */
  problems: z.array(z.string()),
});

/** What the data plane asks of whoever keys its SAs. */
export const saEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('acquire'),
    if_id: u32,
    src: z.string(),
    dst: z.string(),
    protocol: z.number(),
  }),
  z.object({ kind: z.literal('sequence-low'), spi: u32, dst: z.string() }),
  z.object({ kind: z.literal('mapping'), spi: u32, dst: z.string(), address: z.string(), port: z.number() }),
]);

const addressPair = { src: z.string(), dst: z.string() };

/** A packet that IPsec refused, as its audit log has it (RFC 4303 section 4, RFC 4301 section 5.2). */
export const auditEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('refused'),
    at_ms: z.number(),
    reason: z.enum([
      'unknown_spi',
      'integrity_failed',
      'replayed',
      'bad_padding',
      'outside_selector',
      'sequence_exhausted',
    ]),
    spi: u32,
    sequence: z.number(),
    /** The interface that it came by or was to leave by: a tunnel where its SA is known. */
    interface: z.string().nullable(),
    /** Outer addresses; null for a packet that was not sealed. */
    outer: z.object(addressPair).nullable(),
    /** Of an outer IPv6 header. */
    flow_label: z.number().nullable(),
    /** Of what was inside, where it could be read; a port that it did not tell is null. */
    inner: z
      .object({
        ...addressPair,
        protocol: z.number(),
        src_port: z.number().nullable(),
        dst_port: z.number().nullable(),
      })
      .nullable(),
  }),
  /** So many more were refused than the bounded rate of records let through. */
  z.object({ kind: z.literal('suppressed'), at_ms: z.number(), count: z.number() }),
]);

const none = z.object({});

export const dataplaneContract = defineContract({
  name: 'dataplane',
  requests: {
    apply: { request: dataplaneStateSchema, reply: dataplaneStatusSchema, deadlineMs: 30_000 },
    status: { request: none, reply: dataplaneStatusSchema, deadlineMs: 2000 },
    'sa-install': { request: saSpecSchema, reply: none, deadlineMs: 5000 },
    'sa-remove': {
      request: saKeySchema,
      reply: z.object({ removed: z.boolean(), counters: saCountersSchema.nullable() }),
      deadlineMs: 5000,
    },
    'sa-counters': {
      request: saKeySchema,
      reply: z.object({ counters: saCountersSchema.nullable() }),
      deadlineMs: 2000,
    },
    /** With keys: for the IKE bridge, which takes its SAD back from here after a restart. */
    'sa-dump': {
      request: none,
      reply: z.object({
        instance: z.string(),
        sas: z.array(z.object({ spec: saSpecSchema, counters: saCountersSchema })),
      }),
      deadlineMs: 10_000,
    },
    'show-interfaces': {
      request: none,
      reply: z.object({ interfaces: z.array(interfaceReportSchema) }),
      deadlineMs: 5000,
    },
    'show-routes': {
      request: z.object({ vrf: z.string().optional(), limit: z.int().min(1).max(100_000).default(1000) }),
      reply: z.object({ routes: z.array(routeReportSchema), total: z.number() }),
      deadlineMs: 10_000,
    },
    'show-neighbours': {
      request: none,
      reply: z.object({ neighbours: z.array(neighbourReportSchema) }),
      deadlineMs: 5000,
    },
    'show-bridges': {
      request: none,
      reply: z.object({ bridges: z.array(bridgeReportSchema) }),
      deadlineMs: 5000,
    },
    'show-macs': {
      request: z.object({ limit: z.int().min(1).max(100_000).default(1000) }),
      reply: z.object({ macs: z.array(macReportSchema), total: z.number() }),
      deadlineMs: 10_000,
    },
    'show-sa': { request: none, reply: z.object({ sas: z.array(saReportSchema) }), deadlineMs: 5000 },
    'show-runtime': {
      request: none,
      reply: z.object({
        workers: z.array(workerRuntimeSchema),
        nodes: z.array(nodeRuntimeSchema),
        frames: z.number(),
        /** Frames that carry no packet; exact while the gateway is idle. */
        frames_free: z.number(),
        large_frames_free: z.number(),
      }),
      deadlineMs: 5000,
    },
    'show-nodes': { request: none, reply: z.object({ nodes: z.array(nodeReportSchema) }), deadlineMs: 5000 },
    /** Reads users' nodes again, those too that failed. */
    'nodes-reload': { request: none, reply: dataplaneStatusSchema, deadlineMs: 30_000 },
    'show-errors': {
      request: none,
      reply: z.object({ errors: z.array(errorCounterSchema) }),
      deadlineMs: 5000,
    },
    /** Begins a capture, in place of one that is on. It ends when nobody has asked for its status for 10 s. */
    'capture-start': { request: captureFilterSchema, reply: captureStatusSchema, deadlineMs: 5000 },
    'capture-status': { request: none, reply: captureStatusSchema, deadlineMs: 5000 },
    'capture-stop': { request: none, reply: captureStatusSchema, deadlineMs: 5000 },
    'trace-start': { request: traceFilterSchema, reply: none, deadlineMs: 2000 },
    'trace-read': {
      request: none,
      reply: z.object({ packets: z.array(tracedPacketSchema) }),
      deadlineMs: 5000,
    },
  },
  topics: {
    counters: { event: countersSchema, snapshot: countersSchema },
    sa: { event: saEventSchema, snapshot: none },
    audit: { event: auditEventSchema, snapshot: none },
    status: { event: dataplaneStatusSchema, snapshot: dataplaneStatusSchema },
  },
});

export type DataplaneState = z.output<typeof dataplaneStateSchema>;
export type DataplaneStatus = z.output<typeof dataplaneStatusSchema>;
export type InterfaceReport = z.output<typeof interfaceReportSchema>;
export type RouteReport = z.output<typeof routeReportSchema>;
export type BridgeReport = z.output<typeof bridgeReportSchema>;
export type MacReport = z.output<typeof macReportSchema>;
export type NeighbourReport = z.output<typeof neighbourReportSchema>;
export type SaReport = z.output<typeof saReportSchema>;
export type NodeRuntime = z.output<typeof nodeRuntimeSchema>;
export type WorkerRuntime = z.output<typeof workerRuntimeSchema>;
export type NodeReport = z.output<typeof nodeReportSchema>;
export type ErrorCounter = z.output<typeof errorCounterSchema>;
export type CountersReport = z.output<typeof countersSchema>;
export type CaptureFilter = z.output<typeof captureFilterSchema>;
export type CaptureStatus = z.output<typeof captureStatusSchema>;
export type TraceFilter = z.output<typeof traceFilterSchema>;
export type TracedPacket = z.output<typeof tracedPacketSchema>;
export type AuditEvent = z.output<typeof auditEventSchema>;
export type SaEvent = z.output<typeof saEventSchema>;

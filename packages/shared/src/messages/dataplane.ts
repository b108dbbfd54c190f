// What the data plane answers and announces.
import { z } from 'zod';
import { defineContract } from '../actor/contract.js';
import { bridgeSection } from '../config/bridge.js';
import { dataplaneSection } from '../config/device.js';
import { macAddress } from '../config/dhcp.js';
import { interfaceSection } from '../config/interface.js';
import { ipfixSection } from '../config/ipfix.js';
import { loopbackSection } from '../config/loopback.js';
import { nodeSection } from '../config/node.js';
import { routeSection } from '../config/route.js';
import { tunnelSection } from '../config/tunnel.js';
import { ip6Address, ip6Prefix, ipAddress, ipInterfaceAddress, u32 } from '../config/values.js';
import { vlanSection } from '../config/vlan.js';
import { vrfSection } from '../config/vrf.js';
import {
  bridgeReportSchema,
  countersSchema,
  errorCounterSchema,
  interfaceReportSchema,
  macReportSchema,
  neighbourReportSchema,
  nodeReportSchema,
  nodeRuntimeSchema,
  routeReportSchema,
  saReportSchema,
  workerRuntimeSchema,
} from './dataplane-reports.js';
import { flowsReportSchema } from './flows.js';
import {
  captureFilterSchema,
  captureStatusSchema,
  tracedPacketSchema,
  traceFilterSchema,
} from './inspection.js';
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
  ipfix: ipfixSection.prefault({}),
  /** Interfaces by which Linux is given what is for a Telnet server; none when left out. */
  telnet: z.array(z.string()).optional(),
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

/** A prefix that a client has by DHCPv6: it is behind the client's link-local address. */
export const delegatedRouteSchema = z.object({
  vrf: z.string(),
  prefix: ip6Prefix,
  interface: z.string(),
  next_hop: ip6Address,
});

const none = z.object({});

/** From when figures count: since they were cleared last, or since the process started. */
const since = z.object({ since: z.enum(['cleared', 'start']).default('cleared') });

export const dataplaneContract = defineContract({
  name: 'dataplane',
  requests: {
    apply: { request: dataplaneStateSchema, reply: dataplaneStatusSchema, deadlineMs: 30_000 },
    status: { request: none, reply: dataplaneStatusSchema, deadlineMs: 2000 },
    /** All prefixes that are delegated, in place of those given before. */
    'delegated-routes': {
      request: z.object({ routes: z.array(delegatedRouteSchema) }),
      reply: dataplaneStatusSchema,
      deadlineMs: 30_000,
    },
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
    /**
     * Addresses that peers have assigned, of all tunnels: their interfaces have them beside those that are configured.
     * What is not among them any more is taken away.
     */
    'assign-addresses': {
      request: z.object({
        tunnels: z.array(z.object({ if_id: u32, addresses: z.array(ipInterfaceAddress) })),
      }),
      reply: none,
      deadlineMs: 10_000,
    },
    'show-interfaces': {
      request: since,
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
        large_frames: z.number(),
        large_frames_free: z.number(),
      }),
      deadlineMs: 5000,
    },
    /** Those with the most octets. */
    'show-flows': {
      request: z.object({ limit: z.int().min(0).max(100_000).default(100) }),
      reply: flowsReportSchema,
      deadlineMs: 10_000,
    },
    'show-nodes': { request: none, reply: z.object({ nodes: z.array(nodeReportSchema) }), deadlineMs: 5000 },
    /** Reads users' nodes again, those too that failed. */
    'nodes-reload': { request: none, reply: dataplaneStatusSchema, deadlineMs: 30_000 },
    'show-errors': {
      request: since,
      reply: z.object({ errors: z.array(errorCounterSchema) }),
      deadlineMs: 5000,
    },
    /** From now on these figures are shown as they grow from here; the counters themselves go on. */
    'clear-counters': {
      request: z.object({ of: z.enum(['errors', 'interfaces']), interface: z.string().optional() }),
      reply: none,
      deadlineMs: 5000,
    },
    /** Neighbours are forgotten, and those that routes lead to are asked for at once. */
    'clear-neighbours': {
      request: z.object({ interface: z.string().optional(), address: ipAddress.optional() }),
      reply: z.object({ cleared: z.number() }),
      deadlineMs: 5000,
    },
    /** Stations behind bridges are forgotten: frames for them go to all members until they are heard again. */
    'clear-macs': {
      request: z.object({ bridge: z.string().optional(), mac: macAddress.optional() }),
      reply: z.object({ cleared: z.number() }),
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

export type AssignedAddresses = z.output<
  (typeof dataplaneContract.requests)['assign-addresses']['request']
>['tunnels'];
export type DelegatedRoute = z.output<typeof delegatedRouteSchema>;
export type DataplaneState = z.output<typeof dataplaneStateSchema>;
export type DataplaneStatus = z.output<typeof dataplaneStatusSchema>;
export type AuditEvent = z.output<typeof auditEventSchema>;
export type SaEvent = z.output<typeof saEventSchema>;

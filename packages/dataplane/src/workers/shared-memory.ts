// Everything that the data plane's threads share, as plain data that crosses to a worker, and attached.

import { randomInt } from 'node:crypto';
import { AUDIT_RING_WORDS } from '../graph/audit.js';
import { allocateCaptureRing } from '../graph/capture.js';
import { GraphCounters } from '../graph/counters.js';
import { GRAPH } from '../graph/graph.js';
import { allocateEpoch } from '../memory/epoch.js';
import { allocatePool } from '../memory/packet-pool.js';
import { SpscRing } from '../memory/spsc-ring.js';
import type { WasmMemory } from '../memory/wasm-memory.js';
import { adviseHugePages } from '../native/index.js';
import { AdjacencyTable } from '../tables/adjacencies.js';
import type { FibMemory } from '../tables/fib-layout.js';
import { allocateFlows, type FlowMemory } from '../tables/flows.js';
import { HashU32 } from '../tables/hash-u32.js';
import { INTERFACES_MAX, InterfaceTable } from '../tables/interfaces.js';
import { allocateIp4FibMemory } from '../tables/ip4-fib-layout.js';
import { allocateIp6FibMemory } from '../tables/ip6-fib-layout.js';
import { LINK_LOCAL_VRF } from '../tables/ip6-scope.js';
import { allocateMacMemory, type MacMemory } from '../tables/macs.js';
import { PathTable } from '../tables/paths.js';
import type { ReassemblyLimits } from '../tables/reassembly.js';
import { SAS_MAX, type SaBuffers, SaTable } from '../tables/security-associations.js';
import { allocateTunnels } from '../tables/tunnels.js';

/** Words of the rings between threads. Tuning: several vectors, so that a short stall of one side drops nothing. */
const RING = 4096;
/** Memory of each FIB's tables; committed as it is used. */
const FIB_BYTES = 256 << 20;
const FIB6_BYTES = 256 << 20;
/** Numbers of VRFs; the last one is that of link-local addresses (tables/ip6-scope.ts). */
export const VRFS_MAX = LINK_LOCAL_VRF + 1;

/** What a data plane whose configuration says nothing else keeps of fragments; frames: an eighth of the pool's. */
export const REASSEMBLY: ReassemblySettings = {
  timeoutMs: 10_000,
  datagrams: 4096,
  fragments: 128,
  frames: null,
};

/** Flows metered at once where the configuration says nothing else, by all workers. Memory is committed as it is used. */
export const FLOWS = 65_536;

/** Limits of the whole box; see `dataplane.reassembly` of the configuration. */
export type ReassemblySettings = Omit<ReassemblyLimits, 'frames'> & { frames: number | null };

/** Words of `signals`. */
export const SIGNAL_NEIGHBOURS = 0;

export interface SharedMemory {
  workers: number;
  pool: WasmMemory;
  frames: number;
  interfaces: SharedArrayBuffer;
  adjacencies: SharedArrayBuffer;
  paths: SharedArrayBuffer;
  sas: SaBuffers;
  spis: SharedArrayBuffer;
  vlans: SharedArrayBuffer;
  macs: MacMemory;
  /** Rows of TUNNEL_WORDS words by interface, and the index by which received packets find theirs. */
  tunnels: SharedArrayBuffer;
  tunnelIndex: SharedArrayBuffer;
  fib: FibMemory;
  fib6: FibMemory;
  epoch: SharedArrayBuffer;
  /** Per worker. */
  counters: SharedArrayBuffer[];
  /** `handOff[from][to]`: packets with the node they continue at. */
  handOff: SharedArrayBuffer[][];
  /** Per worker: packets for Linux. */
  punt: SharedArrayBuffer[];
  /** Per worker: packets from Linux. */
  inject: SharedArrayBuffer[];
  /** Per worker: packets that the control side made, with the node they start at. */
  fromControl: SharedArrayBuffer[];
  /** Per worker: records of RECORD_WORDS for the control side. */
  toControl: SharedArrayBuffer[];
  /** Per worker: its share of the flows that are metered. */
  flows: FlowMemory[];
  /** Per worker: a ring of audit records, see graph/audit.ts. */
  audit: SharedArrayBuffer[];
  /** A word per worker: audit records that it did not make. */
  auditSuppressed: SharedArrayBuffer;
  /** Counters of changes that workers look for: SIGNAL_NEIGHBOURS grows when a neighbour is resolved. */
  signals: SharedArrayBuffer;
  /** Per worker, an Int32: slot + 1 of the user's node that it runs, 0 otherwise. */
  running: SharedArrayBuffer;
  reassembly: ReassemblySettings;
  /** Keys the hashes of what strangers send: nobody outside can tell which of it falls together. */
  hashSeed: number;
  /** Per worker: copies of packets for a capture. */
  captures: SharedArrayBuffer[];
  /** Event descriptors: per worker, of the host-I/O thread and of the control thread. */
  workerEvents: number[];
  hostEvent: number;
  controlEvent: number;
}

/** A record to the control side: kind and interface in the first word, then what the kind says. */
export const RECORD_WORDS = 8;
/** Somebody spoke, and a packet waits for somebody: see tables/neighbour-records.ts. */
export const RECORD_HEARD = 1;
export const RECORD_RESOLVE = 2;
/** A MAC address is behind a bridge member: its octets stand where those of a neighbour stand. */
export const RECORD_STATION = 3;
/** Somebody claims an address of the box: as RECORD_HEARD. */
export const RECORD_CONFLICT = 4;
/** A packet that is the control side's now: its frame in the second word. */
export const RECORD_PACKET = 5;
/** The path of a tunnel is narrow: family, MTU or 0, octets of the packet that was too long. */
export const RECORD_PATH_MTU = 6;
/**
 * A packet met a tunnel without an SA: its source, and behind it, in a record of its own, its destination; word 5 is
 * family << 16 | protocol.
 */
export const RECORD_ACQUIRE_SOURCE = 7;
export const RECORD_ACQUIRE_DESTINATION = 8;
/** The peer of an inbound SA, by its row, speaks from an address; word 5 is family << 16 | UDP port, word 6 the SPI. */
export const RECORD_MAPPING = 9;

export function allocateSharedMemory(
  workers: number,
  frames: number,
  events: Pick<SharedMemory, 'workerEvents' | 'hostEvent' | 'controlEvent'>,
  reassembly: ReassemblySettings = REASSEMBLY,
  flows = FLOWS,
): SharedMemory {
  const each = <T>(make: () => T): T[] => Array.from({ length: workers }, make);
  const ring = (): SharedArrayBuffer => SpscRing.allocate(RING);
  return {
    workers,
    pool: allocatePool(frames),
    frames,
    interfaces: InterfaceTable.allocate(),
    adjacencies: AdjacencyTable.allocate(),
    paths: PathTable.allocate(),
    sas: SaTable.allocate(),
    spis: HashU32.allocate(SAS_MAX),
    vlans: HashU32.allocate(INTERFACES_MAX),
    macs: allocateMacMemory(),
    tunnels: allocateTunnels(),
    tunnelIndex: HashU32.allocate(INTERFACES_MAX),
    fib: inHugePages(allocateIp4FibMemory({ vrfs: VRFS_MAX, bytes: FIB_BYTES })),
    fib6: inHugePages(allocateIp6FibMemory({ vrfs: VRFS_MAX, bytes: FIB6_BYTES })),
    epoch: allocateEpoch(workers),
    counters: each(() => GraphCounters.allocate(GRAPH)),
    handOff: each(() => each(ring)),
    punt: each(ring),
    inject: each(ring),
    fromControl: each(ring),
    toControl: each(() => SpscRing.allocate(2 * RING)),
    signals: new SharedArrayBuffer(64),
    captures: each(allocateCaptureRing),
    running: new SharedArrayBuffer(64 * Math.ceil(workers / 16)),
    reassembly,
    hashSeed: randomInt(2 ** 32),
    flows: each(() => allocateFlows(Math.ceil(flows / workers))),
    audit: each(() => SpscRing.allocate(AUDIT_RING_WORDS)),
    auditSuppressed: new SharedArrayBuffer(workers * 4),
    ...events,
  };
}

/** Random loads from a large table miss the TLB, too, while its pages are small. */
function inHugePages(fib: FibMemory): FibMemory {
  adviseHugePages(new Uint8Array(fib.entries));
  return fib;
}

/** A worker's share of the box's limits, for full and virtual reassembly each: datagrams are spread over the workers by a hash. */
export function reassemblyShare({ reassembly, frames, workers }: SharedMemory): ReassemblyLimits {
  const share = (all: number): number => Math.max(2, Math.floor(all / workers));
  // A quarter of the pool each at most, whatever was asked for: ports need frames to receive into.
  const held = Math.min(reassembly.frames ?? frames >> 3, frames >> 2);
  return { ...reassembly, datagrams: share(reassembly.datagrams), frames: share(held) };
}

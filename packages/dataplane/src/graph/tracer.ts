// Follows chosen packets through the graph: which node they met, where it sent them, what they were then.
//
// Only packets with FLAG_TRACE are looked at, and only while a trace is on: a worker without one pays a
// comparison per vector.
import type { TracedPacket, TraceFilter } from '@sluice/shared';
import { FLAG_TRACE, type PacketPool } from '../memory/packet-pool.js';
import { describePacket } from './describe-packet.js';
import { PacketFilter } from './packet-filter.js';

/** Octets kept of a packet at each node. */
const SNAPSHOT_BYTES = 64;
/** Steps kept of one packet: a loop in the graph ends here. */
const STEPS_MAX = 64;

/** How a step's next names a drop, before its reason. */
const DROP = 'drop: ';
/** How it names that a packet is a port's, or Linux's. */
export const SENT = 'sent';
export const PUNTED = 'Linux';

export type TraceStep = TracedPacket['steps'][number];

/** True of the last step of a packet that has left, or is no more; other last ones are of packets that wait. */
export function endsTrace({ next }: TraceStep): boolean {
  return next === SENT || next === PUNTED || next.startsWith(DROP);
}

/** Traces of one worker; the control side joins those of all workers by identifier. */
export interface WorkerTraces {
  id: number;
  steps: TraceStep[];
  /** Times that the packet, or a part of it, was given to another worker. */
  handed: number;
  /** Times that it was taken over from another one. */
  taken: number;
}

/** What one worker knows of a packet, without its steps. */
export type TraceProgress = Pick<WorkerTraces, 'id' | 'taken'> & {
  /** True when it has met what the filter asks for. */
  kept: boolean;
};

/** Packets followed at once while only some of them will be kept: the oldest give way. */
const CANDIDATES_MAX = 1_024;

export class Tracer {
  /** True while packets are chosen or followed. */
  active = false;
  private remaining = 0;
  private filter = new PacketFilter();
  private interface = -1;
  /** What a packet must meet to be kept: a node, or the reason of its drop; null keeps every one. */
  private node: string | null = null;
  private reason: string | null = null;
  /** Kept traces, when only some are. */
  private kept = new Set<number>();
  /** Counts on from trace to trace, so that a packet of the one before is not taken for one of this. */
  private chosen = 0;
  /** By trace identifier; a packet that another worker chose may pass here too. */
  private traces = new Map<number, WorkerTraces>();

  constructor(
    private readonly pool: PacketPool,
    private readonly worker: number,
  ) {}

  /** Follows packets that carry FLAG_TRACE from now on, and chooses none yet: `choosing` begins that. */
  prepare(filter: TraceFilter, interfaceRow: number): void {
    this.filter = new PacketFilter(filter);
    this.interface = interfaceRow;
    this.node = filter.node ?? null;
    // As show errors has it, with the node before it or without.
    this.reason = filter.drop === undefined ? null : filter.drop.slice(filter.drop.indexOf('/') + 1);
    if (filter.drop?.includes('/')) this.node = filter.drop.slice(0, filter.drop.indexOf('/'));
    this.kept = new Set();
    this.traces = new Map();
    this.remaining = 0;
    this.active = true;
  }

  /** Chooses the next `count` packets that come in and match. */
  choosing(count: number): void {
    this.remaining = count;
  }

  progress(): TraceProgress[] {
    return [...this.traces.values()].map(({ id, taken }) => ({
      id,
      taken,
      kept: this.keepsAll || this.kept.has(id),
    }));
  }

  /** What is known of these packets. */
  read(ids: readonly number[]): WorkerTraces[] {
    return ids.map((id) => this.traces.get(id)).filter((trace) => trace !== undefined);
  }

  /** Marks those of a received vector that the filter wants. */
  choose(packets: Int32Array, count: number): void {
    for (let i = 0; i < count && this.remaining > 0; i++) {
      const packet = packets[i]!;
      if (!this.matches(packet)) continue;
      if (this.keepsAll) this.remaining--;
      this.pool.flags[packet] = this.pool.flags[packet]! | FLAG_TRACE;
      this.pool.trace[packet] = (this.worker << 16) | (this.chosen++ & 0xffff);
    }
  }

  /** Notes a step of a packet, if it is one that carries FLAG_TRACE. */
  record(packet: number, node: string, next: string): void {
    if (!(this.pool.flags[packet]! & FLAG_TRACE)) return;
    const id = this.pool.trace[packet]!;
    const { steps } = this.traceOf(id);
    if (!this.keepsAll) this.judge(id, node, next);
    if (steps.length >= STEPS_MAX) return;
    const offset = this.pool.offset[packet]!;
    const length = this.pool.length[packet]!;
    const octets = this.pool.bytes.slice(offset, offset + Math.min(length, SNAPSHOT_BYTES));
    steps.push({
      node,
      next,
      at_us: monotonicUs(),
      bytes_hex: Buffer.from(octets).toString('hex'),
      length,
      summary: describePacket(this.pool, packet),
    });
  }

  /** Notes that a packet of trace `id` is in the ring to another worker. */
  handed(id: number): void {
    this.traceOf(id).handed++;
  }

  /** Notes that a packet has come from another thread, if it carries FLAG_TRACE. */
  taken(packet: number): void {
    if (this.pool.flags[packet]! & FLAG_TRACE) this.traceOf(this.pool.trace[packet]!).taken++;
  }

  private traceOf(id: number): WorkerTraces {
    let trace = this.traces.get(id);
    if (trace === undefined) {
      trace = { id, steps: [], handed: 0, taken: 0 };
      this.traces.set(id, trace);
    }
    return trace;
  }

  private get keepsAll(): boolean {
    return this.node === null && this.reason === null;
  }

  /** Keeps a trace that meets the node, or is dropped for the reason, that was asked for; lets old ones go. */
  private judge(id: number, node: string, next: string): void {
    const dropped = next.startsWith(DROP) ? next.slice(DROP.length) : null;
    const meets = this.reason === null ? node === this.node : dropped === this.reason;
    if (meets && (this.node === null || node === this.node) && this.remaining > 0 && !this.kept.has(id)) {
      this.remaining--;
      this.kept.add(id);
    }
    if (this.traces.size <= CANDIDATES_MAX) return;
    for (const old of this.traces.keys()) {
      if (this.kept.has(old)) continue;
      this.traces.delete(old);
      return;
    }
  }

  private matches(packet: number): boolean {
    const { pool } = this;
    if (this.interface >= 0 && pool.rxInterface[packet] !== this.interface) return false;
    const at = pool.offset[packet]!;
    return this.filter.matches(pool.bytes, at, at + pool.length[packet]!, true);
  }
}

/** The clock that all threads share, in microseconds: performance.now() has an origin of its own in each. */
function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1000;
}

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

export type TraceStep = TracedPacket['steps'][number];

/** Traces of one worker; the control side joins those of all workers by identifier. */
export interface WorkerTraces {
  id: number;
  steps: TraceStep[];
}

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
  private chosen = 0;
  /** Steps by trace identifier; a packet that another worker chose may pass here too. */
  private steps = new Map<number, TraceStep[]>();

  constructor(
    private readonly pool: PacketPool,
    private readonly worker: number,
  ) {}

  /** Chooses the next `filter.count` packets that come in and match. */
  start(filter: TraceFilter, interfaceRow: number): void {
    this.filter = new PacketFilter(filter);
    this.interface = interfaceRow;
    this.node = filter.node ?? null;
    // As show errors has it, with the node before it or without.
    this.reason = filter.drop === undefined ? null : filter.drop.slice(filter.drop.indexOf('/') + 1);
    if (filter.drop?.includes('/')) this.node = filter.drop.slice(0, filter.drop.indexOf('/'));
    this.kept = new Set();
    this.steps = new Map();
    this.remaining = filter.count;
    this.chosen = 0;
    this.active = true;
  }

  read(): WorkerTraces[] {
    const all = [...this.steps].map(([id, steps]) => ({ id, steps }));
    return this.keepsAll ? all : all.filter(({ id }) => this.kept.has(id));
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
    let steps = this.steps.get(id);
    if (steps === undefined) {
      steps = [];
      this.steps.set(id, steps);
    }
    if (!this.keepsAll) this.judge(id, node, next);
    if (steps.length >= STEPS_MAX) return;
    const offset = this.pool.offset[packet]!;
    const length = this.pool.length[packet]!;
    const octets = this.pool.bytes.slice(offset, offset + Math.min(length, SNAPSHOT_BYTES));
    steps.push({
      node,
      next,
      at_us: Math.round((performance.timeOrigin + performance.now()) * 1000),
      bytes_hex: Buffer.from(octets).toString('hex'),
      length,
      summary: describePacket(this.pool, packet),
    });
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
    if (this.steps.size <= CANDIDATES_MAX) return;
    for (const old of this.steps.keys()) {
      if (this.kept.has(old)) continue;
      this.steps.delete(old);
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

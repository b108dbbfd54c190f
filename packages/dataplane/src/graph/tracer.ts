// Follows chosen packets through the graph: which node they met, where it sent them, what they were then.
//
// Only packets with FLAG_TRACE are looked at, and only while a trace is on: a worker without one pays a
// comparison per vector.
import type { TracedPacket, TraceFilter } from '@sluice/shared';
// Not from all of shared: schemas and sockets would triple what a worker's start costs.
import { ip4Mask, parseIp4Prefix } from '@sluice/shared/net';
import { FLAG_TRACE, type PacketPool } from '../memory/packet-pool.js';
import { describePacket } from './describe-packet.js';

/** Octets kept of a packet at each node. */
const SNAPSHOT_BYTES = 64;
/** Steps kept of one packet: a loop in the graph ends here. */
const STEPS_MAX = 64;

export type TraceStep = TracedPacket['steps'][number];

/** Traces of one worker; the control side joins those of all workers by identifier. */
export interface WorkerTraces {
  id: number;
  steps: TraceStep[];
}

interface CompiledFilter {
  interface: number;
  network: number;
  mask: number;
  protocol: number;
}

export class Tracer {
  /** True while packets are chosen or followed. */
  active = false;
  private remaining = 0;
  private filter: CompiledFilter = { interface: -1, network: 0, mask: 0, protocol: -1 };
  private chosen = 0;
  /** Steps by trace identifier; a packet that another worker chose may pass here too. */
  private steps = new Map<number, TraceStep[]>();

  constructor(
    private readonly pool: PacketPool,
    private readonly worker: number,
  ) {}

  /** Chooses the next `filter.count` packets that come in and match. */
  start(filter: TraceFilter, interfaceRow: number): void {
    const prefix = filter.prefix === undefined ? null : parseIp4Prefix(filter.prefix);
    const mask = prefix === null ? 0 : ip4Mask(prefix.length);
    this.filter = {
      interface: interfaceRow,
      network: prefix === null ? 0 : (prefix.address & mask) >>> 0,
      mask,
      protocol: filter.protocol ?? -1,
    };
    this.steps = new Map();
    this.remaining = filter.count;
    this.chosen = 0;
    this.active = true;
  }

  read(): WorkerTraces[] {
    return [...this.steps].map(([id, steps]) => ({ id, steps }));
  }

  /** Marks those of a received vector that the filter wants. */
  choose(packets: Int32Array, count: number): void {
    for (let i = 0; i < count && this.remaining > 0; i++) {
      const packet = packets[i]!;
      if (!this.matches(packet)) continue;
      this.remaining--;
      this.pool.flags[packet] = this.pool.flags[packet]! | FLAG_TRACE;
      this.pool.trace[packet] = (this.worker << 16) | this.chosen++;
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

  private matches(packet: number): boolean {
    const { filter, pool } = this;
    if (filter.interface >= 0 && pool.rxInterface[packet] !== filter.interface) return false;
    if (filter.mask === 0 && filter.protocol < 0) return true;
    const ip = pool.offset[packet]! + 14;
    if (pool.length[packet]! < 34 || pool.bytes[ip]! >>> 4 !== 4) return false;
    if (filter.protocol >= 0 && pool.bytes[ip + 9] !== filter.protocol) return false;
    const view = new DataView(pool.bytes.buffer);
    return (
      (view.getUint32(ip + 12) & filter.mask) >>> 0 === filter.network ||
      (view.getUint32(ip + 16) & filter.mask) >>> 0 === filter.network
    );
  }
}

// Packets through a gateway's graph, batch after batch: from one memory port to another.
import { hex, PACKET_START } from '@sluice/dataplane/test-support';
import type { LoopGateway, MemoryGateway } from './gateway.js';
import type { Batch } from './measure.js';
import { SinkPort, SourcePort } from './ports.js';

/**
 * Packets of a batch, in rotation: what a batch touches is more than the first-level cache holds, and less than the
 * second-level one, as with a port's ring.
 */
export const PACKETS = 1024;

export interface LoopPlan {
  /** Interfaces by which packets come in and go out. */
  from: string;
  to: string;
  packets?: number;
  /** Packets that come out of a batch; as many as go in unless said otherwise. */
  out?: number;
  /** True when what comes out are the frames that went in, which then go round; else frames come from the pool. */
  recycles: boolean;
  /** Packets that the port gives at a time; a whole vector unless said otherwise. */
  vector?: number;
  /** Writes packet number `index` of a batch from `at` on, 2 modulo 4; returns its octets. */
  write(bytes: Uint8Array, at: number, index: number): number;
}

export class PacketLoop<Gateway extends LoopGateway = MemoryGateway> implements Batch {
  readonly sink: SinkPort;
  readonly source: SourcePort;
  private readonly expected: number;

  constructor(
    readonly gateway: Gateway,
    private readonly plan: LoopPlan,
  ) {
    const { pool } = gateway;
    const count = plan.packets ?? PACKETS;
    this.expected = plan.out ?? count;
    this.source = new SourcePort(pool, count, plan.vector);
    this.sink = new SinkPort(plan.recycles ? 0 : this.expected);
    gateway.addPort(plan.from, this.source);
    gateway.addPort(plan.to, this.sink);
    if (plan.recycles) this.takeFrames();
  }

  /** Packets that came out so far. */
  get out(): number {
    return this.sink.sent;
  }

  fill(): void {
    const { source, sink, plan } = this;
    const { pool } = this.gateway;
    if (!plan.recycles) {
      pool.freeMany(sink.frames, 0, sink.taken);
      this.takeFrames();
    }
    for (let i = 0; i < source.frames.length; i++) {
      source.lengths[i] = plan.write(pool.bytes, source.offsets[i]!, i);
    }
    source.rewind();
    sink.taken = 0;
  }

  run(): number {
    const { source, sink } = this;
    const { forwarder } = this.gateway;
    while (source.left > 0) forwarder.round();
    return sink.taken;
  }

  check(): void {
    const { taken } = this.sink;
    if (taken === this.expected) return;
    throw new Error(`${taken} packets came out instead of ${this.expected}: ${this.gateway.dropped()}`);
  }

  /** The last packet that came out, in hexadecimal. */
  sample(): string {
    const { pool } = this.gateway;
    const at = pool.offset[this.sink.last]!;
    return hex(pool.bytes.slice(at, at + pool.length[this.sink.last]!));
  }

  close(): void {
    this.gateway.close();
  }

  private takeFrames(): void {
    const { pool } = this.gateway;
    const { frames, offsets } = this.source;
    if (pool.allocMany(frames, 0, frames.length) < frames.length)
      throw new Error('the packet pool is exhausted');
    for (let i = 0; i < frames.length; i++) offsets[i] = pool.base(frames[i]!) + PACKET_START;
  }
}

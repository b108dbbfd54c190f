// The trace that is under way: over all workers, and for as long as somebody looks.
//
// While one is on, workers look at every packet for its mark. Whoever asked for it may die without a word, so it ends
// when nobody has read it for a while.
import type { TracedPacket, TraceFilter } from '@sluice/shared';
import type { WorkerTraces } from '../graph/tracer.js';

/** Readers come several times a second. */
const UNREAD_MS = 10_000;

/** What it needs of a worker. */
export interface TracingWorker {
  traceStart(filter: TraceFilter, interfaceRow: number): Promise<void>;
  traceStop(): Promise<void>;
  traceRead(): Promise<WorkerTraces[]>;
}

export class TraceSession {
  /** When it was started or read last, in ms; null when none is on. */
  private seenAt: number | null = null;

  constructor(private readonly workers: readonly TracingWorker[]) {}

  /** Begins a trace of packets that come in by an interface, -1 for any; it takes the place of the one before. */
  async start(filter: TraceFilter, interfaceRow: number, now: number): Promise<void> {
    this.seenAt = now;
    await Promise.all(this.workers.map((worker) => worker.traceStart(filter, interfaceRow)));
  }

  /** The traces so far, each packet's steps over all workers in order of time. They stay when the trace has ended. */
  async read(now: number): Promise<TracedPacket[]> {
    if (this.seenAt !== null) this.seenAt = now;
    const parts = (await Promise.all(this.workers.map((worker) => worker.traceRead()))).flat();
    const packets = new Map<number, TracedPacket>();
    for (const { id, steps } of parts) {
      const packet = packets.get(id) ?? { id: id & 0xffff, worker: id >>> 16, steps: [] };
      packet.steps.push(...steps);
      packets.set(id, packet);
    }
    for (const packet of packets.values()) {
      packet.steps.sort((a, b) => a.at_us - b.at_us);
      const start = packet.steps[0]?.at_us ?? 0;
      for (const step of packet.steps) step.at_us -= start;
    }
    return [...packets.values()];
  }

  /** Ends a trace that nobody reads any more. Every now and then. */
  async tick(now: number): Promise<void> {
    if (this.seenAt === null || now - this.seenAt < UNREAD_MS) return;
    this.seenAt = null;
    await Promise.all(this.workers.map((worker) => worker.traceStop()));
  }
}

// The trace that is under way: over all workers, and for as long as somebody looks.
//
// While one is on, workers look at every packet for its mark. Whoever asked for it may die without a word, so it ends
// when nobody has read it for a while.
import type { TracedPacket, TraceFilter } from '@sluice/shared';
import { endsTrace, type TraceProgress, type TraceStep, type WorkerTraces } from '../graph/tracer.js';

/** Readers come several times a second. */
const UNREAD_MS = 10_000;

/** What it needs of a worker. */
export interface TracingWorker {
  tracePrepare(filter: TraceFilter, interfaceRow: number): Promise<void>;
  traceChoosing(count: number): Promise<void>;
  traceStop(): Promise<void>;
  traceProgress(): Promise<TraceProgress[]>;
  traceRead(ids: readonly number[]): Promise<WorkerTraces[]>;
}

export class TraceSession {
  /** When it was started or read last, in ms; null when none is on. */
  private seenAt: number | null = null;

  constructor(private readonly workers: readonly TracingWorker[]) {}

  /** Begins a trace of packets that come in by an interface, -1 for any; it takes the place of the one before. */
  async start(filter: TraceFilter, interfaceRow: number, now: number): Promise<void> {
    this.seenAt = now;
    // No packet is chosen before every worker follows those that the others hand over.
    await this.all((worker) => worker.tracePrepare(filter, interfaceRow));
    await this.all((worker) => worker.traceChoosing(filter.count));
  }

  /**
   * The traces so far, each packet's steps over all workers in order of time. They stay when the trace has ended.
   *
   * Workers answer at different moments, between which a packet may change worker. So they are asked twice: when all
   * that had been taken over by the end of the first round is all that had been handed over by the second answers,
   * nothing was in a ring in between (Mattern, Algorithms for distributed termination detection, 1987, section 5).
   */
  async read(now: number): Promise<TracedPacket[]> {
    if (this.seenAt !== null) this.seenAt = now;
    const taken = new Map<number, number>();
    const kept = new Set<number>();
    for (const progress of (await this.all((worker) => worker.traceProgress())).flat()) {
      taken.set(progress.id, (taken.get(progress.id) ?? 0) + progress.taken);
      if (progress.kept) kept.add(progress.id);
    }
    const ids = [...kept];
    const parts = (await this.all((worker) => worker.traceRead(ids))).flat();
    const traces = new Map<number, { steps: TraceStep[]; handed: number }>();
    for (const { id, steps, handed } of parts) {
      const trace = traces.get(id) ?? { steps: [], handed: 0 };
      trace.steps.push(...steps);
      trace.handed += handed;
      traces.set(id, trace);
    }
    return [...traces]
      .filter(([, { steps }]) => steps.length > 0)
      .map(([id, { steps, handed }]) => {
        steps.sort((a, b) => a.at_us - b.at_us);
        const start = steps[0]!.at_us;
        for (const step of steps) step.at_us = Math.round(step.at_us - start);
        const underWay = handed !== taken.get(id) || !endsTrace(steps.at(-1)!);
        return { id: id & 0xffff, worker: id >>> 16, steps, under_way: underWay };
      });
  }

  /** Ends a trace that nobody reads any more. Every now and then. */
  async tick(now: number): Promise<void> {
    if (this.seenAt === null || now - this.seenAt < UNREAD_MS) return;
    this.seenAt = null;
    await this.all((worker) => worker.traceStop());
  }

  private all<T>(ask: (worker: TracingWorker) => Promise<T>): Promise<T[]> {
    return Promise.all(this.workers.map(ask));
  }
}

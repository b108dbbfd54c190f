// Workers in threads of their own, on one shared memory: each forwards from its own `lan` to its own `wan`.
import { Worker } from 'node:worker_threads';
import {
  allocateSharedMemory,
  BenchControl,
  closeFd,
  compileAtCalls,
  eventOpen,
  type SharedMemory,
} from '@sluice/dataplane/test-support';
import { PACKETS } from './packet-loop.js';

export interface WorkerOrder {
  shared: SharedMemory;
  index: number;
  core: number;
  /** Rows of its interfaces. */
  lan: number;
  wan: number;
  /** Its destinations. */
  destinations: Uint32Array;
  quick: boolean;
}

/** What a worker is asked: to measure a round, or to forward for so long and say how late packets were. */
export type WorkerRequest = { kind: 'measure' } | { kind: 'watch'; ms: number };

export interface WorkerAnswer {
  /** Of 'measure': nanoseconds a packet. Of 'watch': microseconds that the slowest vector took. */
  value: number;
  /** Of 'watch': microseconds that 99.9% of the vectors did not take. */
  p999?: number;
  /** Since the start. */
  out: number;
}

export class SeveralWorkers {
  readonly shared: SharedMemory;
  readonly control: BenchControl;
  private readonly threads: Worker[] = [];

  constructor(readonly count: number) {
    compileAtCalls();
    const events = {
      workerEvents: Array.from({ length: count }, eventOpen),
      hostEvent: eventOpen(),
      controlEvent: eventOpen(),
    };
    this.shared = allocateSharedMemory(count, 2 * PACKETS * count, events);
    const each = Array.from({ length: count }, (_, worker) => worker);
    this.control = new BenchControl(
      this.shared,
      {
        interfaces: each.flatMap((worker) => [
          { name: `lan${worker}`, address: `10.${1 + 2 * worker}.0.1/24`, worker },
          { name: `wan${worker}`, address: `10.${2 + 2 * worker}.0.1/24`, worker },
        ]),
        neighbours: each.map((worker) => ({
          interface: `wan${worker}`,
          address: nextHopOf(worker),
          mac: '02:00:00:00:fe:01',
        })),
        routes: each.map((worker) => ({ prefix: `10.${100 + worker}.0.0/16`, via: nextHopOf(worker) })),
      },
      () => {
        throw new Error('these workers have no keys');
      },
    );
  }

  /** Starts the workers, each pinned to its core. */
  async start(
    cores: readonly number[],
    destinations: (worker: number) => Uint32Array,
    quick: boolean,
  ): Promise<void> {
    for (let index = 0; index < this.count; index++) {
      const order: WorkerOrder = {
        shared: this.shared,
        index,
        core: cores[index % cores.length]!,
        lan: this.control.row(`lan${index}`),
        wan: this.control.row(`wan${index}`),
        destinations: destinations(index),
        quick,
      };
      const thread = new Worker(new URL('../sides/worker-thread.js', import.meta.url), { workerData: order });
      await answerOf(thread);
      this.threads.push(thread);
    }
  }

  /** Asks all workers at once. */
  ask(request: WorkerRequest): Promise<WorkerAnswer[]> {
    return Promise.all(
      this.threads.map((thread) => {
        const answer = answerOf<WorkerAnswer>(thread);
        thread.postMessage(request);
        return answer;
      }),
    );
  }

  async close(): Promise<void> {
    for (const thread of this.threads) await thread.terminate();
    for (const fd of [...this.shared.workerEvents, this.shared.hostEvent, this.shared.controlEvent])
      closeFd(fd);
  }
}

/** Destinations that have a route by a worker's own interface. */
export function destinationsOf(worker: number): Uint32Array {
  return Uint32Array.from(
    { length: 1 << 16 },
    (_, i) => 0x0a640000 + (worker << 16) + ((i * 40_503) & 0xffff),
  );
}

export function nextHopOf(worker: number): string {
  return `10.${2 + 2 * worker}.0.2`;
}

function answerOf<T>(thread: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      thread.off('message', answered);
      thread.off('error', failed);
    };
    const answered = (message: T): void => {
      done();
      resolve(message);
    };
    const failed = (error: Error): void => {
      done();
      reject(error);
    };
    thread.on('message', answered);
    thread.on('error', failed);
  });
}

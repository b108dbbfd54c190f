// The data plane's threads: forwarding workers and the host-I/O thread, started, called and ended.
import type { Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { HostIoApi, HostIoStart } from '../host-io/host-io-main.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import type { WorkerApi, WorkerStart } from '../workers/worker-main.js';
import { launch, type ThreadKind } from './launch.js';

export type RemoteWorker = Comlink.Remote<WorkerApi>;
export type RemoteHostIo = Comlink.Remote<HostIoApi>;

export interface Threads {
  workers: RemoteWorker[];
  hostIo: RemoteHostIo;
  stop(): Promise<void>;
}

/**
 * Starts all threads. `died` is called when one ends that nobody stopped: the process cannot go on then,
 * because its packets and locks are gone with it.
 */
export function startThreads(
  shared: SharedMemory,
  cpus: (number | null)[],
  injectNode: number,
  died: (error: Error) => void,
): Threads {
  const threads: Worker[] = [];
  let stopping = false;
  const start = (kind: ThreadKind, name: string, what: WorkerStart | HostIoStart): Worker => {
    const thread = launch(kind, name);
    thread.on('error', (error) => {
      if (!stopping) died(new Error(`thread ${name} failed`, { cause: error }));
    });
    thread.on('exit', (code) => {
      if (!stopping) died(new Error(`thread ${name} ended with code ${code}`));
    });
    thread.postMessage(what);
    threads.push(thread);
    return thread;
  };
  const workers = cpus.map((cpu, index) =>
    Comlink.wrap<WorkerApi>(nodeEndpoint(start('worker', `worker-${index}`, { shared, index, cpu }))),
  );
  const hostIo = Comlink.wrap<HostIoApi>(nodeEndpoint(start('host-io', 'host-io', { shared, injectNode })));
  return {
    workers,
    hostIo,
    async stop(): Promise<void> {
      stopping = true;
      await Promise.all([...workers.map((worker) => worker.stop()), hostIo.stop()]);
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

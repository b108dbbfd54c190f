// The data plane's threads: forwarding workers and the host-I/O thread, started, called and ended.
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { HostIoApi, HostIoStart } from '../host-io/host-io-main.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import type { WorkerApi, WorkerStart } from '../workers/worker-main.js';

export type RemoteWorker = Comlink.Remote<WorkerApi>;
export type RemoteHostIo = Comlink.Remote<HostIoApi>;

export interface Threads {
  workers: RemoteWorker[];
  hostIo: RemoteHostIo;
  stop(): Promise<void>;
}

/** Workers hold their tables in shared memory: their own heaps stay small. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 3, maxOldGenerationSizeMb: 128 };

const WORKER = '../workers/worker-main.js';
const HOST_IO = '../host-io/host-io-main.js';

/** Threads that load their modules already, by their file. */
const warm = new Map<string, Worker>();

/**
 * Has young generations stay as large as they are: while modules load they would grow to 16 MiB and more for each
 * thread, which little is made in afterwards.
 */
function keepYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Starts the first worker, which every data plane has, before it is known what it is to be: it loads while this thread
 * loads what tells it. For a process that will be one.
 */
export function warmWorker(): void {
  keepYoungGeneration();
  warm.set(WORKER, launch(WORKER, 'worker-0'));
}

/**
 * The same for the host-I/O thread, while this thread waits for its configuration: no packet waits for it as for a
 * worker, and this thread's young generation does not grow while the flag is set back.
 */
export function warmHostIo(): void {
  warm.set(HOST_IO, launch(HOST_IO, 'host-io'));
}

function launch(file: string, name: string): Worker {
  const thread = new Worker(new URL(file, import.meta.url), { name, resourceLimits: RESOURCE_LIMITS });
  // V8 sets the flag back for the whole process whenever a thread's heap is made.
  thread.on('online', keepYoungGeneration);
  return thread;
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
  const start = (file: string, name: string, what: WorkerStart | HostIoStart): Worker => {
    const thread = warm.get(file) ?? launch(file, name);
    warm.delete(file);
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
    Comlink.wrap<WorkerApi>(nodeEndpoint(start(WORKER, `worker-${index}`, { shared, index, cpu }))),
  );
  const hostIo = Comlink.wrap<HostIoApi>(nodeEndpoint(start(HOST_IO, 'host-io', { shared, injectNode })));
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

// Threads of the data plane as Node.js knows them: started, and started ahead.
//
// main.ts uses this module before there is anything else of the process, and control/threads.ts afterwards: they must
// have the same one.
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';

export type ThreadKind = 'worker' | 'host-io';

/** Workers hold their tables in shared memory: their own heaps stay small. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 3, maxOldGenerationSizeMb: 128 };

/** What each kind of thread runs. */
let code: Record<ThreadKind, URL> = {
  worker: new URL('../workers/worker-main.js', import.meta.url),
  'host-io': new URL('../host-io/host-io-main.js', import.meta.url),
};

/** Threads that load their modules already. */
const warm = new Map<ThreadKind, Worker>();

/** Threads that are started from now on run the bundle in this folder. */
export function launchFromBundle(bundle: URL): void {
  code = {
    worker: new URL('worker-main.mjs', bundle),
    'host-io': new URL('host-io-main.mjs', bundle),
  };
}

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
  warm.set('worker', start('worker', 'worker-0'));
}

/**
 * The same for the host-I/O thread, while this thread waits for its configuration: no packet waits for it as for a
 * worker, and this thread's young generation does not grow while the flag is set back.
 */
export function warmHostIo(): void {
  warm.set('host-io', start('host-io', 'host-io'));
}

/** The thread of that kind that was started ahead, once; else a new one. */
export function launch(kind: ThreadKind, name: string): Worker {
  const thread = warm.get(kind) ?? start(kind, name);
  warm.delete(kind);
  return thread;
}

function start(kind: ThreadKind, name: string): Worker {
  const thread = new Worker(code[kind], { name, resourceLimits: RESOURCE_LIMITS });
  // V8 sets the flag back for the whole process whenever a thread's heap is made.
  thread.on('online', keepYoungGeneration);
  return thread;
}

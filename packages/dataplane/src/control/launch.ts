// Threads of the data plane as Node.js knows them: started, and started ahead.
//
// main.ts uses this module before there is anything else of the process, and control/threads.ts afterwards: they must
// have the same one.
import { Worker } from 'node:worker_threads';
import { compileAtCalls } from './compilation.js';
import { keepYoungGeneration } from './young-generation.js';

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
 * Starts the host-I/O thread and the first worker, which every data plane has, before it is known what they are to be:
 * they load while this thread loads what tells them. For a process that will be one.
 */
export function warmThreads(): void {
  keepYoungGeneration();
  warm.set('worker', start('worker', 'worker-0'));
  warm.set('host-io', start('host-io', 'host-io'));
}

/** The thread of that kind that was started ahead, once; else a new one. */
export function launch(kind: ThreadKind, name: string): Worker {
  const thread = warm.get(kind) ?? start(kind, name);
  warm.delete(kind);
  return thread;
}

function start(kind: ThreadKind, name: string): Worker {
  compileAtCalls();
  const thread = new Worker(code[kind], { name, resourceLimits: RESOURCE_LIMITS });
  // V8 sets the flag back for the whole process whenever a thread's heap is made.
  thread.on('online', keepYoungGeneration);
  return thread;
}

// A worker that pins itself and says what the kernel makes of it.
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { allowedCpus, pinThread, threadId } from '../../../src/native/index.js';

const { cpu } = workerData as { cpu: number };
pinThread(cpu);
const id = threadId();
parentPort!.postMessage({
  allowed: allowedCpus(),
  id,
  status: readFileSync(`/proc/self/task/${id}/status`, 'utf8'),
});

// Seals and opens the same jobs again and again, and says how many failed.
import { parentPort, workerData } from 'node:worker_threads';
import { espOpenJobs, espSealJobs } from '../../../src/native/index.js';

const { jobs, count, rounds } = workerData as { jobs: Int32Array; count: number; rounds: number };
const status = new Uint8Array(count);
let failed = 0;
for (let round = 0; round < rounds; round++) {
  failed += espSealJobs(jobs, count, status);
  failed += espOpenJobs(jobs, count, status);
}
failed += espSealJobs(jobs, count, status);
parentPort?.postMessage(failed);

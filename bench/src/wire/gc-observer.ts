// Loaded into a process with `node --import`, and so into each of its threads: every garbage collection of a forwarding
// worker becomes a line in the file that SLUICE_BENCH_GC names. Without a collection it does nothing.
import { appendFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { workerData } from 'node:worker_threads';

const file = process.env.SLUICE_BENCH_GC;
const data = workerData as { index?: unknown } | null;

if (file !== undefined && typeof data?.index === 'number') {
  const worker = data.index;
  new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) {
      appendFileSync(
        file,
        `${JSON.stringify({ worker, at_ms: performance.timeOrigin + startTime, ms: duration })}\n`,
      );
    }
  }).observe({ entryTypes: ['gc'] });
}

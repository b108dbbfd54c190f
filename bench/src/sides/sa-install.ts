// The side of control/sas: a process whose control side installs many SAs once, in pairs, with their keys and the journal.
import process from 'node:process';
import { SaBench, saSpec } from '@sluice/dataplane/test-support';
import { serveRounds, sideArguments } from '../run/serve.js';

const { sas } = sideArguments<{ sas: number }>();
const bench = new SaBench();
const specs = Array.from({ length: sas }, (_, i) => saSpec(0x1000_0000 + i, i % 2 === 0 ? 'out' : 'in'));

await serveRounds(() => {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const start = performance.now();
  for (const spec of specs) bench.sas.install(spec, start);
  const value = (performance.now() - start) / 1000;
  globalThis.gc?.();
  return { value, megabytes: (process.memoryUsage().rss - before) / 1e6, installed: bench.sas.size };
});
bench.close();

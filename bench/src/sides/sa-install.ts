// The side of control/sas: a process whose control side installs many SAs once, in pairs, with their keys and the journal.
import process from 'node:process';
import { SaBench, saSpec } from '@sluice/dataplane/test-support';
import { serveRounds, sideArguments } from '../run/serve.js';

const { sas } = sideArguments<{ sas: number }>();
const bench = new SaBench();
const pairs = Array.from({ length: sas / 2 }, (_, i) => i + 1);
for (const row of pairs) {
  bench.tunnels.set(row, { row, name: `tun${row}`, outerVrf: 0, kind: 'ipsec', df: null });
}
const specs = pairs.flatMap((row) => [
  saSpec(0x2000_0000 + row, 'in', { if_id: row }),
  saSpec(0x1000_0000 + row, 'out', { if_id: row }),
]);

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

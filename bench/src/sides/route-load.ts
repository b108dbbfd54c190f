// The side of control/routes-load: a process that loads many routes once, and says how long it took and what it costs.
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { FibBuilder } from '@sluice/dataplane/test-support';
import { SeveralWorkers } from '../memory/several-workers.js';
import { internetRoutes } from '../memory/workload.js';
import { serveRounds, sideArguments } from '../run/serve.js';

const SEED = 20_260_706;
const { routes } = sideArguments<{ routes: number }>();
const all = new SeveralWorkers(1);
const { control } = all;
const { addresses, lengths } = internetRoutes(routes, 1, SEED);
const adjacency = control.adjacencyOf('10.2.0.2', 0);
/** What the routes come in is the caller's: it goes to the builder without a copy. */
const shared = {
  addresses: new Uint32Array(new SharedArrayBuffer(routes * 4)),
  lengths: new Uint8Array(new SharedArrayBuffer(routes)),
  adjacencies: new Uint32Array(new SharedArrayBuffer(routes * 4)).fill(adjacency),
};
shared.addresses.set(addresses);
shared.lengths.set(lengths);

await serveRounds(async () => {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const builder = new FibBuilder();
  const { durationMs } = await builder.load(control.fib, 0, shared);
  await builder.close();
  // The builder's thread gives its heap back when it has ended.
  await delay(500);
  globalThis.gc?.();
  const megabytes = (process.memoryUsage().rss - before) / 1e6;
  return { value: durationMs / 1000, megabytes, routes: control.fib.routeCount(0) };
});
await all.close();

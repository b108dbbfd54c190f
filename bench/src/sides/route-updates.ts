// The side of control/routes: the control thread changes routes as fast as it can while a worker forwards by them.
import { FibBuilder, pinThread } from '@sluice/dataplane/test-support';
import { nextHopOf, SeveralWorkers } from '../memory/several-workers.js';
import { internetRoutes, Random } from '../memory/workload.js';
import { serveRounds, sideArguments } from '../run/serve.js';

const SEED = 20_260_705;
const { routes, cores, quick } = sideArguments<{ routes: number; cores: number[]; quick: boolean }>();
const WATCH_MS = quick ? 50 : 1000;
/** Updates between two looks whether the worker has answered. */
const CHUNK = 500;

const all = new SeveralWorkers(1);
const { control } = all;
const workload = internetRoutes(routes, 1 << 18, SEED);
// A second next hop, so that a route can change.
const hops = ['10.2.0.2', '10.2.0.3'].map((via) => {
  control.resolve({ interface: 'wan0', address: via, mac: '02:00:00:00:fe:01' });
  return control.adjacencyOf(via, 0);
});
const kept = [...control.fib.routes(0)];
const builder = new FibBuilder();
await builder.load(control.fib, 0, {
  addresses: Uint32Array.from([...kept.map(({ address }) => address), ...workload.addresses]),
  lengths: Uint8Array.from([...kept.map(({ length }) => length), ...workload.lengths]),
  adjacencies: Uint32Array.from([
    ...kept.map(({ adjacency }) => adjacency),
    ...Array.from(workload.lengths, () => control.adjacencyOf(nextHopOf(0), 0)),
  ]),
});
await builder.close();
// Packets keep a route while any of theirs is withdrawn.
control.addRoute({ prefix: '0.0.0.0/0', via: nextHopOf(0) });
pinThread(cores[0]!);
await all.start([cores.at(-1)!], () => workload.destinations, quick);

const random = new Random(SEED);

/** Of four updates two change a next hop, one withdraws a route and one brings it back. */
function update(): number {
  const at = random.below(routes);
  const [address, length] = [workload.addresses[at]!, workload.lengths[at]!];
  control.fib.add(0, address, length, hops[1]!);
  control.fib.remove(0, address, length);
  control.fib.add(0, address, length, hops[0]!);
  control.fib.add(0, address, length, hops[1]!);
  return 4;
}

await serveRounds(async () => {
  const [quiet] = await all.ask({ kind: 'watch', ms: WATCH_MS });
  let busy: number | null = null;
  const watching = all.ask({ kind: 'watch', ms: WATCH_MS }).then(([answer]) => {
    busy = answer!.value;
  });
  const start = performance.now();
  let updates = 0;
  let spent = 0;
  while (busy === null) {
    for (let i = 0; i < CHUNK; i += 4) updates += update();
    spent = performance.now() - start;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await watching;
  return { value: (updates * 1000) / spent, busy, quiet: quiet!.value };
});
await all.close();

// The side of control/routes: the control thread changes routes as fast as it can while a worker forwards by them.
import { FibBuilder, pinThread } from '@sluice/dataplane/test-support';
import { nextHopOf, SeveralWorkers, type WorkerAnswer } from '../memory/several-workers.js';
import { internetRoutes, Random } from '../memory/workload.js';
import { serveRounds, sideArguments } from '../run/serve.js';
import { summarise } from '../run/statistics.js';

const SEED = 20_260_705;
const { routes, cores, quick } = sideArguments<{ routes: number; cores: number[]; quick: boolean }>();
/** A watch is of several windows. */
const WINDOWS = quick ? 2 : 10;
const WINDOW_MS = quick ? 25 : 100;
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

interface Watched {
  /** Microseconds that the worker's slowest vector took. */
  slowest: number;
  /** The slowest of the window in which that was least: what the machine does now and then is in few of them. */
  least: number;
  /** That 99.9% of its vectors did not take, in the median window. */
  p999: number;
  /** Of the control thread, a second. */
  perSecond: number;
}

/** The worker forwards for a while, and the control thread has `work` to do all the time; work returns how much it did. */
async function watch(work: () => number): Promise<Watched> {
  const windows: Watched[] = [];
  while (windows.length < WINDOWS) windows.push(await look(work));
  const slowest = windows.map((window) => window.slowest);
  return {
    slowest: Math.max(...slowest),
    least: Math.min(...slowest),
    p999: summarise(windows.map(({ p999 }) => p999)).median,
    perSecond: summarise(windows.map(({ perSecond }) => perSecond)).median,
  };
}

/** One window of a watch. */
async function look(work: () => number): Promise<Watched> {
  let answered: WorkerAnswer | null = null;
  const watching = all.ask({ kind: 'watch', ms: WINDOW_MS }).then(([answer]) => {
    answered = answer!;
  });
  const start = performance.now();
  let done = 0;
  let spent = 0;
  while (answered === null) {
    done += work();
    spent = performance.now() - start;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await watching;
  const { value, p999 = value } = answered as WorkerAnswer;
  return { slowest: value, least: value, p999, perSecond: (done * 1000) / spent };
}

/** As busy as with updates, so that whatever else runs on the machine meets the same. */
function spin(): number {
  const end = performance.now() + 0.5;
  while (performance.now() < end);
  return 0;
}

function updates(): number {
  let done = 0;
  while (done < CHUNK) done += update();
  return done;
}

let turn = 0;

/** The route that all others of the table would follow if they had to be written anew. */
function defaultRoute(): number {
  control.fib.add(0, 0, 0, hops[turn++ & 1]!);
  return 1;
}

await serveRounds(async () => {
  const quiet = await watch(spin);
  const busy = await watch(updates);
  const changing = await watch(defaultRoute);
  return {
    ...{ value: busy.perSecond, busy: busy.slowest, quiet: quiet.slowest },
    ...{ busyP999: busy.p999, quietP999: quiet.p999 },
    ...{ quietLeast: quiet.least, busyLeast: busy.least, defaultLeast: changing.least },
    defaultRoutes: changing.perSecond,
  };
});
await all.close();

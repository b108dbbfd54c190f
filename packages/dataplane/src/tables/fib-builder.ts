// Loads many routes at once without stalling the control thread: a pool thread builds the VRF's table in
// memory set aside for it, and the writer publishes the whole by one store.
import { Piscina } from 'piscina';
import type { BuildResult, BuildTask, RouteArrays } from './fib-builder-task.js';
import { FibError } from './fib-error.js';
import type { FibWriter } from './fib-writer.js';

export type { RouteArrays } from './fib-builder-task.js';

/** An idle thread goes after this time, and its heap with it. */
const IDLE_MS = 1000;

export interface LoadStatistics {
  /** Routes that the VRF has now. */
  routes: number;
  /** Routes given, prefixes that came twice included. */
  given: number;
  /** Milliseconds from the call until the table was published. */
  durationMs: number;
}

export class FibBuilder {
  private readonly pool: Piscina<BuildTask, BuildResult>;

  /** At most `threads` VRFs are built at the same time; further loads wait. */
  constructor(threads = 1) {
    this.pool = new Piscina({
      filename: new URL('./fib-builder-task.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
    });
  }

  /**
   * Replaces all routes of a VRF. What the writer adds and removes meanwhile takes effect at once and stays.
   * Arrays in SharedArrayBuffers go to the pool without a copy; they must not change until the end.
   * Rejects with FibError `no-vrf`, `busy`, `bad-route` or `exhausted`; the VRF's routes are as before.
   */
  async load<Address>(writer: FibWriter<Address>, vrf: number, routes: RouteArrays): Promise<LoadStatistics> {
    const begin = performance.now();
    const given = routes.lengths.length;
    const { words, bits } = writer.family;
    if (routes.addresses.length !== given * words || routes.adjacencies.length !== given) {
      throw new FibError('bad-route', 'addresses, lengths and adjacencies are not equally many');
    }
    const routesByLength = new Uint32Array(bits + 1);
    for (const length of routes.lengths) {
      // The builder says which route is wrong; here it only needs no memory.
      if (length <= bits) routesByLength[length]!++;
    }
    const load = writer.beginLoad(vrf, routesByLength);
    let result: BuildResult;
    try {
      result = await this.pool.run({ load, routes });
    } catch (error) {
      // The pool rejects when the task threw or its thread has ended: nobody writes to the slabs any more.
      writer.abandonLoad(load);
      throw error;
    }
    if ('failed' in result) {
      writer.abandonLoad(load);
      throw new FibError(result.failed.code, result.failed.message);
    }
    writer.publishLoad(load, result.built);
    return { routes: writer.routeCount(vrf), given, durationMs: performance.now() - begin };
  }

  /** Ends the pool's threads when what they build is done. */
  async close(): Promise<void> {
    await this.pool.close();
  }
}

// A round is the latencies of packets at a rate, from the generator's program to the sink's.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Round, Side } from '../benchmark.js';
import { histogramOf, percentilesOf } from './latencies.js';
import type { Way } from './way.js';

const WARM_SECONDS = 0.5;
const SECONDS = 4;
const QUICK_SECONDS = 0.3;

/** Packets that a sink must be able to keep. */
export function latenciesAt(rate: number): number {
  return Math.ceil(rate * (SECONDS + 1));
}

export class LatencySide implements Side {
  readonly name: string;

  constructor(
    private readonly way: Way,
    private readonly load: { length: number; rate: number; generatorCore: number; quick: boolean },
  ) {
    this.name = way.name;
  }

  /** Each percentile in us, by its name; `value` is the 99.99th. */
  async round(): Promise<Round> {
    const { length, rate, generatorCore: core, quick } = this.load;
    const { sink } = this.way.ends;
    await this.way.wake();
    // One at a time: a packet that waited for its batch would count that wait.
    const load = { length, rate, core, batch: 1 };
    await this.way.send({ ...load, seconds: WARM_SECONDS });
    const file = join(tmpdir(), `sluice-bench-latencies-${process.pid}`);
    try {
      await sink.look(file);
      const before = await sink.look();
      const { sent } = await this.way.send({ ...load, seconds: quick ? QUICK_SECONDS : SECONDS });
      const after = await sink.look(file);
      const lost = 1 - (after.packets - before.packets) / sent;
      const percentiles = percentilesOf(histogramOf(file));
      return { ...percentiles, value: percentiles['p99.99'], lost };
    } finally {
      rmSync(file, { force: true });
    }
  }

  async close(): Promise<void> {
    // The way is whose who made it.
  }
}

// A round is the latencies of packets at a rate, from the generator's program to the sink's.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Round, Side } from '../benchmark.js';
import { histogramOf, percentilesOf } from './latencies.js';
import type { Way } from './way.js';

const WARM_SECONDS = 0.5;
const SECONDS = 4;
const QUICK_SECONDS = 0.3;
/** In which nothing more comes when all is there. */
const SILENCE_MS = 100;
/** A system that keeps packets for longer shows it in its latencies. */
const DRAIN_MS = 3000;

/** Packets that a sink must be able to keep. */
export function latenciesAt(rate: number): number {
  return Math.ceil(rate * (SECONDS + 1));
}

export class LatencySide implements Side {
  readonly name: string;

  constructor(
    private readonly way: Way,
    /** With `burstMs` the generator sleeps between bursts, because it shares its core. */
    private readonly load: {
      length: number;
      rate: number;
      generatorCore: number;
      quick: boolean;
      burstMs?: number;
    },
  ) {
    this.name = way.name;
  }

  /** Each percentile in us, by its name; `value` is the 99.99th. */
  async round(): Promise<Round> {
    const { generatorCore: core, quick, ...paced } = this.load;
    const { sink } = this.way.ends;
    await this.way.wake();
    // One at a time: a packet that waited for its batch would count that wait.
    const load = { ...paced, core, batch: 1 };
    await this.way.send({ ...load, seconds: WARM_SECONDS });
    // Packets that warmed up a slow start are not those of the round.
    await this.drained();
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

  /** Resolves when nothing is under way any more. */
  private async drained(): Promise<void> {
    const { sink } = this.way.ends;
    const end = performance.now() + DRAIN_MS;
    let before = await sink.look();
    for (;;) {
      await pause(SILENCE_MS);
      const now = await sink.look();
      if (now.packets === before.packets || performance.now() > end) return;
      before = now;
    }
  }

  async close(): Promise<void> {
    // The way is whose who made it.
  }
}

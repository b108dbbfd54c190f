// A round is the highest rate of which next to nothing is lost.
import type { Round, Side } from '../benchmark.js';
import { lossFreeRate } from './loss-free.js';
import type { Way } from './way.js';

const SECONDS = 0.6;
/** Packets a second that any system passes, and that none does. */
const RATES = { low: 1_000, high: 1_500_000 };
/** Packets that are handed over together. */
const BATCH = 16;
/** The generator shares its core with what it measures, where there is a gateway on each core. */
const BURST_MS = 1;

export class LossFreeSide implements Side {
  readonly name: string;

  constructor(
    private readonly way: Way,
    private readonly load: { length: number; generatorCore: number; quick: boolean },
  ) {
    this.name = way.name;
  }

  /** Mpps. */
  async round(): Promise<Round> {
    const { length, generatorCore: core, quick } = this.load;
    await this.way.wake();
    const rate = await lossFreeRate(
      RATES.low,
      RATES.high,
      (pps) =>
        this.way.sendAndCount({
          length,
          rate: pps,
          seconds: quick ? 0.1 : SECONDS,
          core,
          batch: BATCH,
          burstMs: BURST_MS,
        }),
      quick ? 2 : undefined,
    );
    return { value: rate / 1e6, gbits: (rate * (length - 14) * 8) / 1e9 };
  }

  async close(): Promise<void> {
    // The way is whose who made it.
  }
}

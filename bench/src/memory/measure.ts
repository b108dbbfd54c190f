// The measured part of an in-memory side.
import { summarise } from '../run/statistics.js';

/** What a round of a side is measured for: short, so that the machine mostly stays as it is from one side to the other. */
const ROUND_MS = 80;
/** Batches of a round at least, so that one which the scheduler stopped is not the median. */
const BATCHES_MIN = 25;

export interface Batch {
  /** Prepares the packets: not measured. */
  fill(): void;
  /** Measured; returns how many packets it did. */
  run(): number;
  /** Throws when they are not what should have come out; not measured. */
  check?(): void;
}

export interface Measured {
  /** Nanoseconds a packet of the median batch: what else ran on the core meanwhile is in few of them. */
  value: number;
  /** Of all batches together. */
  mean: number;
  packets: number;
}

/** As many batches as a round takes; two in a quick one. */
export function measureBatches(batch: Batch, quick: boolean): Measured {
  const batches: number[] = [];
  let spentMs = 0;
  let packets = 0;
  while (quick ? batches.length < 2 : batches.length < BATCHES_MIN || spentMs < ROUND_MS) {
    batch.fill();
    const start = performance.now();
    const count = batch.run();
    const ms = performance.now() - start;
    batch.check?.();
    batches.push((ms * 1e6) / count);
    spentMs += ms;
    packets += count;
  }
  return { value: summarise(batches).median, mean: (spentMs * 1e6) / packets, packets };
}

// Latencies of packets and gaps of the machine, as percentiles of an HDR histogram.
import { readFileSync } from 'node:fs';
import { build, type Histogram } from 'hdr-histogram-js';

export const PERCENTILES = { p50: 50, p99: 99, 'p99.9': 99.9, 'p99.99': 99.99, max: 100 } as const;
export type PercentileName = keyof typeof PERCENTILES;

/** Of 32-bit nanoseconds in host byte order. */
export function histogramOf(file: string): Histogram {
  const bytes = readFileSync(file);
  const values = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 32,
    numberOfSignificantValueDigits: 3,
  });
  for (const value of values) histogram.recordValue(value);
  return histogram;
}

/** In microseconds. */
export function percentilesOf(histogram: Histogram): Record<PercentileName, number> {
  const at = (name: PercentileName): number => histogram.getValueAtPercentile(PERCENTILES[name]) / 1000;
  return { p50: at('p50'), p99: at('p99'), 'p99.9': at('p99.9'), 'p99.99': at('p99.99'), max: at('max') };
}

/**
 * What a clock would show that a program reads over and over on a core: for each moment, how long until the next
 * reading. `gaps` are the readings that came 1 us or more after the one before; all other moments count as `0`.
 * In microseconds.
 */
export function noisePercentiles(file: string, totalNs: number): Record<PercentileName, number> {
  const bytes = readFileSync(file);
  const gaps = [...new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)].sort((a, b) => b - a);
  const at = (percentile: number): number => {
    // A packet that comes at a random moment waits longer than `x` when it comes in a gap, more than `x` before its end.
    const share = 1 - percentile / 100;
    if (percentile === 100) return (gaps[0] ?? 0) / 1000;
    let low = 0;
    let high = gaps[0] ?? 0;
    for (let step = 0; step < 40; step++) {
      const x = (low + high) / 2;
      const over = gaps.reduce((sum, gap) => sum + Math.max(0, gap - x), 0);
      if (over / totalNs > share) low = x;
      else high = x;
    }
    return high / 1000;
  };
  return { p50: at(50), p99: at(99), 'p99.9': at(99.9), 'p99.99': at(99.99), max: at(100) };
}

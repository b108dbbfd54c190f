// Memory of processes over time, and whether it stays flat.
import { readFileSync } from 'node:fs';

/** Resident memory in KiB (proc(5), status, VmRSS). */
export function residentKib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0);
}

/** By process, what was seen of it, in KiB, in order of time. */
export type MemorySeries = Map<string, number[]>;

export function sampleInto(series: MemorySeries, pids: ReadonlyMap<string, number>): void {
  for (const [name, pid] of pids) {
    const samples = series.get(name) ?? [];
    samples.push(residentKib(pid));
    series.set(name, samples);
  }
}

export interface Growth {
  process: string;
  /** Medians of the second quarter and of the last one: the first quarter warms up. */
  earlyKib: number;
  lateKib: number;
  grownKib: number;
}

export function growthOf(series: MemorySeries): Growth[] {
  return [...series].map(([process, samples]) => {
    const quarter = Math.max(1, Math.floor(samples.length / 4));
    const earlyKib = median(samples.slice(quarter, 2 * quarter));
    const lateKib = median(samples.slice(-quarter));
    return { process, earlyKib, lateKib, grownKib: lateKib - earlyKib };
  });
}

/** 0 of nothing. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

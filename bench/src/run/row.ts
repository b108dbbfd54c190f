// A row of the results: a figure with its medians, its ratio, and whether it reached what it should.
import type { Better, Figure, Target } from '../benchmark.js';
import type { Conditions } from './conditions.js';
import { summarise } from './statistics.js';

export interface Row {
  name: string;
  unit: string;
  better: Better;
  /** Median of the rounds. */
  value: number;
  /** The smallest and the largest round. */
  spread: [number, number];
  /** Who it is compared with; null when with nobody. */
  peer: string | null;
  peerValue: number | null;
  peerSpread: [number, number] | null;
  /** Speed as a share of the peer's, whichever way is better: above 1 is ahead of it. */
  ratio: number | null;
  /** Rounds. */
  runs: number;
  target: Target | null;
  /** Null where nothing was to be reached. */
  reached: boolean | null;
  note: string | null;
  conditions: Conditions;
}

export function rowOf(figure: Figure, conditions: Conditions): Row {
  const own = summarise(figure.values);
  const peer = figure.peer === undefined ? null : summarise(figure.peer.values);
  const ratio = peer === null ? null : ratioOf(figure.better, own.median, peer.median);
  const target = figure.target ?? null;
  return {
    name: figure.name,
    unit: figure.unit,
    better: figure.better,
    value: rounded(own.median),
    spread: [rounded(own.min), rounded(own.max)],
    peer: figure.peer?.name ?? null,
    peerValue: peer === null ? null : rounded(peer.median),
    peerSpread: peer === null ? null : [rounded(peer.min), rounded(peer.max)],
    ratio: ratio === null ? null : rounded(ratio),
    runs: figure.values.length,
    target,
    reached: target === null ? null : isReached(target, figure.better, own.median, ratio),
    note: figure.note ?? null,
    conditions,
  };
}

export function ratioOf(better: Better, value: number, peer: number): number {
  return better === 'lower' ? peer / value : value / peer;
}

export function isReached(target: Target, better: Better, value: number, ratio: number | null): boolean {
  if (target.value !== undefined && (better === 'lower' ? value > target.value : value < target.value)) {
    return false;
  }
  return target.ratio === undefined || (ratio !== null && ratio >= target.ratio);
}

/** Four significant digits: more than the noise leaves. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

// Curves: the same work with more and more of something, each point beside the first.
import type { BenchContext, Figure, Side, Target } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';

export interface Point {
  name: string;
  side(): Side;
  target?: Target;
  note?: string;
}

/**
 * All points in turn, round by round; those after the first have it for a peer.
 * @param from nanoseconds a packet to the figure's unit
 */
export async function curve(
  context: BenchContext,
  points: readonly Point[],
  { unit, better, peer, from }: Pick<Figure, 'unit' | 'better'> & { peer: string; from(ns: number): number },
): Promise<Figure[]> {
  const first = points[0]!;
  // The first is measured even when it was not asked for: the others are compared with it.
  const chosen = points.filter((point) => point === first || context.wants(point.name));
  const rounds = await context.alternateShort(chosen.map((point) => point.side()));
  const values = rounds.map((of) => valuesOf(of).map(from));
  return chosen.map(({ name, target, note }, index) => ({
    name,
    unit,
    better,
    values: values[index]!,
    ...(index === 0 ? {} : { peer: { name: peer, values: values[0]! } }),
    ...(target === undefined ? {} : { target }),
    ...(note === undefined ? {} : { note }),
  }));
}

/** Millions of packets a second. */
export function mpps(ns: number): number {
  return 1000 / ns;
}

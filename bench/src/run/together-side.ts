// Sides that run their rounds at the same time, as one side: what they do for each other's speed shows.
import type { Side } from '../benchmark.js';

/** @param join the value of a round, of the sides' values */
export function togetherSide(name: string, sides: readonly Side[], join: (values: number[]) => number): Side {
  return {
    name,
    async round() {
      const rounds = await Promise.all(sides.map((side) => side.round()));
      return { value: join(rounds.map(({ value }) => value)) };
    },
    async close() {
      await Promise.all(sides.map((side) => side.close()));
    },
  };
}

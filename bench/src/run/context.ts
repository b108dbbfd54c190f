// What the runner gives to benchmarks.
import { cpus } from 'node:os';
import type { BenchContext, Figure, Round, Side } from '../benchmark.js';
import { gauge } from './gauge.js';
import { undisturbed } from './undisturbed.js';

/** Short rounds to an ordinary one. */
const SHORT_ROUNDS = 3;

export interface RunOptions {
  /** Names, or what they begin with; none asks for everything. */
  names: readonly string[];
  rounds: number;
  quick: boolean;
  say(line: string): void;
}

/** @param fail told, by name, why a case gave no figure; unless given it fails the whole benchmark */
export function makeContext(
  { names, rounds, quick, say }: RunOptions,
  fail?: (name: string, error: unknown) => void,
): BenchContext {
  const context: BenchContext = {
    rounds,
    quick,
    cores: cpus().map((_, core) => core),
    wants: (name) => names.length === 0 || names.some((wanted) => isPart(name, wanted)),
    alternate: (sides) => alternate(sides, 1, rounds),
    alternateShort: (sides) =>
      quick
        ? alternate(sides, 1, rounds)
        : undisturbed(sides, gauge(context.cores.at(-1)!), SHORT_ROUNDS, rounds * SHORT_ROUNDS),
    async each(cases, measure) {
      const figures: Figure[] = [];
      for (const one of cases) {
        if (!context.wants(one.name)) continue;
        say(`  ${one.name}`);
        try {
          figures.push(await measure(one, context));
        } catch (error) {
          if (fail === undefined) throw error;
          fail(one.name, error);
        }
      }
      return figures;
    },
    say,
  };
  return context;
}

/** True when one of the names is the other, or begins it. */
export function isPart(name: string, wanted: string): boolean {
  return name.startsWith(wanted) || wanted.startsWith(name);
}

/** The rounds that warm up do not count. */
async function alternate(sides: readonly Side[], warming: number, rounds: number): Promise<Round[][]> {
  const all: Round[][] = sides.map(() => []);
  try {
    for (let round = -warming; round < rounds; round++) {
      for (const [index, side] of sides.entries()) {
        const result = await side.round();
        if (round >= 0) all[index]!.push(result);
      }
    }
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
  return all;
}

export function valuesOf(rounds: readonly Round[]): number[] {
  return rounds.map(({ value }) => value);
}

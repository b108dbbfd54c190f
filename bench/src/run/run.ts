// Runs the benchmarks that were asked for, one after the other.
import type { Benchmark } from '../benchmark.js';
import { conditionsNow } from './conditions.js';
import { makeContext, type RunOptions } from './context.js';
import { ROOT } from './root.js';
import { type Row, rowOf } from './row.js';

export interface Outcome {
  rows: Row[];
  /** A sentence for each benchmark or figure that could not be measured. */
  failures: string[];
}

/** The first and the last of many names. */
function briefly(names: readonly string[]): string {
  return names.length <= 4 ? names.join(' ') : `${names[0]} … ${names.at(-1)} (${names.length})`;
}

/** One that fails is reported, and the others run. */
export async function runBenchmarks(benchmarks: readonly Benchmark[], options: RunOptions): Promise<Outcome> {
  const outcome: Outcome = { rows: [], failures: [] };
  const fail = (name: string, error: unknown): void => {
    outcome.failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  };
  const context = makeContext(options, fail);
  for (const benchmark of benchmarks) {
    if (!benchmark.names.some(context.wants)) continue;
    options.say(briefly(benchmark.names.filter(context.wants)));
    const conditions = conditionsNow(ROOT, context.cores.at(-1)!);
    const start = performance.now();
    try {
      const figures = await benchmark.run(context);
      outcome.rows.push(
        ...figures.filter(({ name }) => context.wants(name)).map((figure) => rowOf(figure, conditions)),
      );
    } catch (error) {
      fail(benchmark.names[0]!, error);
    }
    options.say(`  ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  return outcome;
}

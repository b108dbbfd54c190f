import process from 'node:process';
import type { Benchmark, Figure } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { FIRST } from '../../run/first.js';
import { programSide } from '../../run/program-side.js';
import { sideProgram } from '../../run/root.js';

const COUNTS = [1, 2] as const;
const NAMES = COUNTS.map((count) => `scale/workers-${count}`);

/** Forwarding by workers in threads of their own. */
export const scaleWorkers: Benchmark = {
  names: NAMES,
  about:
    '64-byte packets by one route each; every worker is a thread on a core of its own between memory ports of its own, on one packet memory and one set of tables; beside as many times one worker.',

  async run(context) {
    const cores = [...context.cores].reverse();
    const [one, two] = await context.alternateShort(
      COUNTS.map((workers) => {
        const args = JSON.stringify({ workers, cores, quick: context.quick });
        const command = [process.execPath, '--enable-source-maps', sideProgram('workers'), args];
        return programSide({ name: `${workers} workers`, command, core: null, within: FIRST });
      }),
    );
    const base = { unit: 'Mpps', better: 'higher' } as const;
    const ideal = { name: 'twice one worker', values: valuesOf(one!).map((value) => 2 * value) };
    const figures: Figure[] = [
      { name: NAMES[0]!, ...base, values: valuesOf(one!) },
      // 1.8 times one worker.
      { name: NAMES[1]!, ...base, values: valuesOf(two!), peer: ideal, target: { ratio: 0.9 } },
    ];
    return figures.filter(({ name }) => context.wants(name));
  },
};

import process from 'node:process';
import type { BenchContext, Benchmark, Figure, Side } from '../../benchmark.js';
import { oneRoute, writeWorkload } from '../../memory/workload.js';
import { valuesOf } from '../../run/context.js';
import { FIRST } from '../../run/first.js';
import { referenceOn } from '../../run/memory-side.js';
import { programSide } from '../../run/program-side.js';
import { sideProgram } from '../../run/root.js';
import { togetherSide } from '../../run/together-side.js';
import { withFolder } from '../../run/with-folder.js';
import { mpps } from './curve.js';

const COUNTS = [1, 2] as const;
const NAMES = COUNTS.map((count) => `scale/workers-${count}`);
const MACHINE = 'scale/workers-machine';
const SEED = 20_260_706;

/** Forwarding by workers in threads of their own. */
export const scaleWorkers: Benchmark = {
  names: [...NAMES, MACHINE],
  about:
    '64-byte packets by one route each; every worker is a thread on a core of its own between memory ports of its own, on one packet memory and one set of tables; beside as many times one worker. `scale/workers-machine` is what the machine allows: two processes of the C reference, which share nothing, on the same cores at the same time, beside twice one of them.',

  run: (context) =>
    withFolder(async (folder) => {
      const file = `${folder}/workload`;
      writeWorkload(file, oneRoute(1 << 16, SEED));
      const [one, two, loop, loops] = await context.alternateShort([
        ...COUNTS.map((workers) => workersSide(context, workers)),
        ...COUNTS.map((count) => loopsSide(context, count, file)),
      ]);
      const base = { unit: 'Mpps', better: 'higher' } as const;
      const twice = (name: string, values: number[]) => ({ name, values: values.map((value) => 2 * value) });
      const ideal = twice('twice one worker', valuesOf(one!));
      const figures: Figure[] = [
        { name: NAMES[0]!, ...base, values: valuesOf(one!) },
        // 1.8 times one worker.
        { name: NAMES[1]!, ...base, values: valuesOf(two!), peer: ideal, target: { ratio: 0.9 } },
        {
          name: MACHINE,
          ...base,
          values: valuesOf(loops!),
          peer: twice('twice one C loop', valuesOf(loop!)),
        },
      ];
      return figures.filter(({ name }) => context.wants(name));
    }),
};

function workersSide(context: BenchContext, workers: number): Side {
  const cores = [...context.cores].reverse();
  const args = JSON.stringify({ workers, cores, quick: context.quick });
  const command = [process.execPath, '--enable-source-maps', sideProgram('workers'), args];
  return programSide({ name: `${workers} workers`, command, core: null, within: FIRST });
}

/** So many C loops, each on a core of its own; millions of packets a second of all together. */
function loopsSide(context: BenchContext, count: number, file: string): Side {
  const cores = [...context.cores].reverse();
  const sides = Array.from({ length: count }, (_, index) =>
    referenceOn(cores[index % cores.length]!, context, 'forward-ip4', file),
  );
  return togetherSide(`${count} C loops`, sides, (values) =>
    values.reduce((sum, value) => sum + mpps(value), 0),
  );
}

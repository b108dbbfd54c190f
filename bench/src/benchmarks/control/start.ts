import type { Benchmark, Figure } from '../../benchmark.js';
import { StartSide } from '../../wire/start-side.js';

/** A data plane's start, and what it takes while nothing happens. */
export const controlStart: Benchmark = {
  names: ['control/start', 'control/start-idle-cpu', 'control/start-idle-memory'],
  about:
    'a data plane process of one worker with two AF_XDP ports: from its start until the first reply to an echo request has come back through it (it is configured, and the neighbours are resolved, in that time); then its share of a core, and its resident memory, while nothing happens.',

  async run(context): Promise<Figure[]> {
    const [rounds] = await context.alternate([new StartSide(context.cores.at(-1)!, context.quick)]);
    const detail = (name: 'cpu' | 'megabytes'): number[] => rounds!.map((round) => Number(round[name]));
    const base = { better: 'lower' } as const;
    return [
      {
        name: 'control/start',
        unit: 'ms',
        ...base,
        values: rounds!.map(({ value }) => value),
        target: { value: 500 },
      },
      {
        name: 'control/start-idle-cpu',
        unit: '% of a core',
        ...base,
        values: detail('cpu'),
        target: { value: 2 },
      },
      {
        name: 'control/start-idle-memory',
        unit: 'MB',
        ...base,
        values: detail('megabytes'),
        target: { value: 150 },
      },
    ];
  },
};

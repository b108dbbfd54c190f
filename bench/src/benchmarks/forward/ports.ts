import type { Benchmark } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { caseSide } from '../../run/memory-side.js';

/** What is in every in-memory figure besides the graph. */
export const memoryPorts: Benchmark = {
  names: ['port/memory'],
  about: 'the memory ports of all in-memory benchmarks without a graph between them; subtracted nowhere.',

  async run(context) {
    const [rounds] = await context.alternateShort([caseSide(context, 'ports', {})]);
    return [{ name: 'port/memory', unit: 'ns/packet', better: 'lower', values: valuesOf(rounds!) }];
  },
};

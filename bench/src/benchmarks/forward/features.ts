import type { BenchContext, Benchmark, Figure } from '../../benchmark.js';
import { FEATURES, type FeatureName } from '../../cases/features.js';
import { valuesOf } from '../../run/context.js';
import { caseSide } from '../../run/memory-side.js';
import { withFolder } from '../../run/with-folder.js';

const CASES: readonly { name: string; features: readonly FeatureName[]; note?: string }[] = [
  {
    name: 'forward/features-mss-clamp',
    features: ['mss-clamp'],
    note: 'of segments that open no connection',
  },
  { name: 'forward/features-virtual-reassembly', features: ['virtual-reassembly'], note: 'of whole packets' },
  {
    name: 'forward/features-flow-meter',
    features: ['flow-meter'],
    note: 'each packet of another of 1,024 flows',
  },
  { name: 'forward/features-user-node', features: ['user-node'], note: 'examples/nodes/block-telnet.ts' },
  { name: 'forward/features-all', features: FEATURES },
];

/** What an optional node costs the packets that pass it. */
export const forwardFeatures: Benchmark = {
  names: CASES.map(({ name }) => name),
  about:
    '64-byte TCP segments by one route, with an optional node switched on, and with all of them; beside the same without.',

  run: (context) => context.each(CASES, measure),
};

function measure({ name, features, note }: (typeof CASES)[number], context: BenchContext): Promise<Figure> {
  return withFolder(async (folder) => {
    const [on, off] = await context.alternateShort([
      caseSide(context, 'forward-features', { features, folder }),
      caseSide(context, 'forward-features', { features: [], folder }),
    ]);
    const peer = { name: 'without', values: valuesOf(off!) };
    const figure: Figure = { name, unit: 'ns/packet', better: 'lower', values: valuesOf(on!), peer };
    return note === undefined ? figure : { ...figure, note };
  });
}

import type { BenchContext, Benchmark, Figure, Target } from '../../benchmark.js';
import { internetRoutes, oneRoute, type Workload, writeWorkload } from '../../memory/workload.js';
import { valuesOf } from '../../run/context.js';
import { caseSide, referenceSide } from '../../run/memory-side.js';
import { withFolder } from '../../run/with-folder.js';

export const SEED = 20_260_701;

interface Case {
  name: string;
  program: 'forward-ip4' | 'forward-ip6';
  target: Target;
  note: string;
  workload(quick: boolean): Workload;
}

const one = (): Workload => oneRoute(1 << 16, SEED);

const CASES: readonly Case[] = [
  {
    name: 'forward/ip4-1',
    program: 'forward-ip4',
    target: { value: 25, ratio: 0.7 },
    note: 'the reference looks up in a DIR-24-8 table',
    workload: one,
  },
  {
    name: 'forward/ip4-1m',
    program: 'forward-ip4',
    target: { value: 55 },
    note: `1,000,000 routes and 4,194,304 destinations from seed ${SEED}, in random order; the reference looks up in a DIR-24-8 table on huge pages, prefetched`,
    workload: (quick) =>
      quick ? internetRoutes(10_000, 1 << 16, SEED) : internetRoutes(1_000_000, 1 << 22, SEED),
  },
  {
    name: 'forward/ip6',
    program: 'forward-ip6',
    target: { value: 45 },
    note: 'one /48; the reference looks up in a trie of 16 and then 8 bits a level',
    workload: one,
  },
];

/** 64-byte packets through the graph, beside the reference in C that does the same work. */
export const forwardPlain: Benchmark = {
  names: CASES.map(({ name }) => name),
  about:
    'one pinned worker between memory ports: 64-byte packets through the complete graph, ethernet-input to interface-output, every counter on; beside a vector loop in C (`bench/reference/forward-*.c`) that does the same work for each packet.',

  run: (context) => context.each(CASES, measure),
};

function measure({ name, program, target, note, workload }: Case, context: BenchContext): Promise<Figure> {
  return withFolder(async (folder) => {
    const file = `${folder}/workload`;
    writeWorkload(file, workload(context.quick));
    const peer = referenceSide(context, program, file);
    const [ours, theirs] = await context.alternateShort([
      caseSide(context, program, { workload: file }),
      peer,
    ]);
    const values = { name: 'C reference', values: valuesOf(theirs!) };
    return { name, unit: 'ns/packet', better: 'lower', values: valuesOf(ours!), peer: values, target, note };
  });
}

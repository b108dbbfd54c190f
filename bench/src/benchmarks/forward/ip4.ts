import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import type { BenchContext, Benchmark, Figure, Target } from '../../benchmark.js';
import { internetRoutes, oneRoute, type Workload, writeWorkload } from '../../memory/workload.js';
import { valuesOf } from '../../run/context.js';
import { programSide } from '../../run/program-side.js';
import { reference } from '../../run/reference.js';
import { sideProgram } from '../../run/root.js';

const SEED = 20_260_701;

interface Case {
  name: string;
  target: Target;
  note: string;
  workload(quick: boolean): Workload;
}

const CASES: readonly Case[] = [
  {
    name: 'forward/ip4-1',
    target: { value: 25, ratio: 0.7 },
    note: 'the reference looks up in a DIR-24-8 table',
    workload: () => oneRoute(1 << 16, SEED),
  },
  {
    name: 'forward/ip4-1m',
    target: { value: 55 },
    note: `routes and destinations from seed ${SEED}; the reference looks up in a DIR-24-8 table on huge pages`,
    workload: (quick) =>
      quick ? internetRoutes(10_000, 1 << 16, SEED) : internetRoutes(1_000_000, 1 << 22, SEED),
  },
];

/** 64-byte IPv4 packets through the graph, beside the reference in C that does the same work. */
export const forwardIp4: Benchmark = {
  names: CASES.map(({ name }) => name),
  about:
    'one pinned worker between memory ports: 64-byte packets through the complete graph, ethernet-input to interface-output, every counter on; beside a vector loop in C (`bench/reference/forward-ip4.c`) that does the same work for each packet.',

  async run(context): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const entry of CASES) if (context.wants(entry.name)) figures.push(await measure(entry, context));
    return figures;
  },
};

async function measure({ name, target, note, workload }: Case, context: BenchContext): Promise<Figure> {
  const folder = mkdtempSync(`${tmpdir()}/sluice-bench-`);
  try {
    const file = `${folder}/workload`;
    writeWorkload(file, workload(context.quick));
    const core = context.cores.at(-1)!;
    const args = JSON.stringify({ workload: file, quick: context.quick });
    const own = programSide({
      name: 'sluice',
      command: [process.execPath, sideProgram('forward-ip4'), args],
      core,
    });
    const peer = programSide({
      name: 'C',
      command: [reference('forward-ip4'), file, context.quick ? 'quick' : 'full'],
      core,
    });
    const [ours, theirs] = await context.alternate([own, peer]);
    const values = { name: 'C reference', values: valuesOf(theirs!) };
    return { name, unit: 'ns/packet', better: 'lower', values: valuesOf(ours!), peer: values, target, note };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

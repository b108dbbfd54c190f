import process from 'node:process';
import type { BenchContext, Benchmark, Figure, Round, Side } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { FIRST } from '../../run/first.js';
import { freshSide } from '../../run/fresh-side.js';
import { programSide } from '../../run/program-side.js';
import { sideProgram } from '../../run/root.js';

const ROUTES = 1_000_000;
const SAS = 10_000;

/** Figures of route updates while a worker forwards. */
const UPDATES = [
  'control/routes',
  'control/routes-delay',
  'control/routes-delay-p99.9',
  'control/routes-added-delay',
  'control/routes-default',
  'control/routes-default-added-delay',
];

/** What the control thread does while, or before, workers forward. */
export const controlTables: Benchmark = {
  names: [
    ...UPDATES,
    'control/routes-load',
    'control/routes-load-memory',
    'control/sas',
    'control/sas-memory',
  ],
  about: `the control thread's own writers, in memory: route updates a second (of four, two change a next hop, one withdraws, one brings back) among ${ROUTES} routes by which a worker on the other core forwards, and how long its slowest vector took beside a time in which the control thread is busy with nothing; time and memory to load ${ROUTES} routes; time and memory to install ${SAS} SAs with keys and journal.`,

  async run(context) {
    const figures: Figure[] = [];
    if (UPDATES.some(context.wants)) figures.push(...(await updates(context)));
    if (context.wants('control/routes-load') || context.wants('control/routes-load-memory'))
      figures.push(...(await load(context)));
    if (context.wants('control/sas') || context.wants('control/sas-memory'))
      figures.push(...(await install(context)));
    return figures;
  },
};

async function updates(context: BenchContext): Promise<Figure[]> {
  const order = { routes: context.quick ? 20_000 : ROUTES, cores: context.cores, quick: context.quick };
  const [rounds] = await context.alternate([program('route-updates', order)]);
  return [
    {
      name: 'control/routes',
      unit: 'updates/s',
      better: 'higher',
      values: valuesOf(rounds!),
      target: { value: 100_000 },
    },
    {
      name: 'control/routes-delay',
      unit: 'µs',
      better: 'lower',
      values: details(rounds!, 'busy'),
      peer: { name: 'a busy thread without updates', values: details(rounds!, 'quiet') },
      note: 'the slowest of all vectors of a second; what else the machine does is in both',
    },
    {
      name: 'control/routes-delay-p99.9',
      unit: 'µs',
      better: 'lower',
      values: details(rounds!, 'busyP999'),
      peer: { name: 'a busy thread without updates', values: details(rounds!, 'quietP999') },
    },
    {
      name: 'control/routes-added-delay',
      unit: 'µs',
      better: 'lower',
      values: added(rounds!, 'busyLeast'),
      target: { value: 1000 },
      note: "a window's slowest vector with updates less without, of the quietest of ten windows of 0.1 s: updates are in all of them",
    },
    {
      name: 'control/routes-default',
      unit: 'updates/s',
      better: 'higher',
      values: details(rounds!, 'defaultRoutes'),
      note: `the default route of a table with ${order.routes} others changes its next hop`,
    },
    {
      name: 'control/routes-default-added-delay',
      unit: 'µs',
      better: 'lower',
      values: added(rounds!, 'defaultLeast'),
      target: { value: 1000 },
      note: 'as control/routes-added-delay, while only the default route changes',
    },
  ];
}

function memory(name: string, rounds: Round[]): Figure {
  return {
    name,
    unit: 'MB',
    better: 'lower',
    values: details(rounds, 'megabytes'),
    note: 'resident memory of the process afterwards less that before',
  };
}

async function load(context: BenchContext): Promise<Figure[]> {
  const order = { routes: context.quick ? 20_000 : ROUTES };
  const [rounds] = await context.alternate([freshSide('load', () => program('route-load', order))]);
  return [
    {
      name: 'control/routes-load',
      unit: 's',
      better: 'lower',
      values: valuesOf(rounds!),
      target: { value: 2 },
    },
    { ...memory('control/routes-load-memory', rounds!), target: { value: 200 } },
  ];
}

async function install(context: BenchContext): Promise<Figure[]> {
  const order = { sas: context.quick ? 200 : SAS };
  const [rounds] = await context.alternate([freshSide('install', () => program('sa-install', order))]);
  return [
    { name: 'control/sas', unit: 's', better: 'lower', values: valuesOf(rounds!), target: { value: 0.2 } },
    memory('control/sas-memory', rounds!),
  ];
}

function program(name: string, order: object): Side {
  const command = [
    process.execPath,
    '--enable-source-maps',
    '--expose-gc',
    sideProgram(name),
    JSON.stringify(order),
  ];
  return programSide({ name, command, core: null, within: FIRST });
}

/** By how much the slowest vector of a round's quietest window is slower than the same without updates. */
function added(rounds: readonly Round[], name: string): number[] {
  const quiet = details(rounds, 'quietLeast');
  return details(rounds, name).map((slowest, round) => Math.max(0, slowest - quiet[round]!));
}

/** A detail of each round that is a number. */
function details(rounds: readonly Round[], name: string): number[] {
  return rounds.map((round) => {
    const value = round[name];
    if (typeof value !== 'number') throw new Error(`a round has no number "${name}"`);
    return value;
  });
}

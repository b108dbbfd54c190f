// latency/forward, latency/esp: how long packets take at half the rate that passes without loss.
import type { BenchContext, Benchmark, Figure, Round, Side } from '../../benchmark.js';
import { summarise } from '../../run/statistics.js';
import { withParts } from '../../run/with-parts.js';
import { type Collection, Collections } from '../../wire/collections.js';
import { kernelWay, sluiceWay } from '../../wire/forwarding-way.js';
import { PERCENTILES, type PercentileName } from '../../wire/latencies.js';
import { LatencySide, latenciesAt } from '../../wire/latency-side.js';
import { LossFreeSide } from '../../wire/loss-free-side.js';
import { NoiseSide } from '../../wire/noise-side.js';
import { sluiceTunnel } from '../../wire/tunnel-systems.js';
import { tunnelWay } from '../../wire/tunnel-way.js';
import type { Way } from '../../wire/way.js';

const NAMES = Object.keys(PERCENTILES) as PercentileName[];
const SUFFIXES = [...NAMES, 'collections'];
/** Octets of frames without FCS. */
const LENGTH = 60;
/** More than any way passes. */
const RATE_MOST = 1_000_000;
/** At the 99.99th percentile, where the machine itself is not later. */
const REACH_US = 100;
const QUICK_RATE = 10_000;
/** Between packets of the generator that shares a core: they come a few at a time. */
const ESP_BURST_MS = 0.1;

export const latency: Benchmark = {
  names: ['latency/forward', 'latency/esp'].flatMap((group) =>
    SUFFIXES.map((suffix) => `${group}-${suffix}`),
  ),
  about:
    'Time from the generator to the sink of 64-byte packets at half the rate that passes without loss, stamped and read ' +
    'by XDP programs, each packet of its own; percentiles of an HDR histogram. Beside it what the machine alone would ' +
    'do to packets: a program that reads the clock on the same core. Collections are those of all forwarding workers.',
  run: async (context) => [
    ...(context.wants('latency/forward') ? await forward(context) : []),
    ...(context.wants('latency/esp') ? await esp(context) : []),
  ],
};

function forward(context: BenchContext): Promise<Figure[]> {
  const core = context.cores.at(-1)!;
  const latencies = latenciesAt(RATE_MOST / 2);
  return withCollections((collections) =>
    withParts(
      [
        () => sluiceWay('af_xdp', { core, latencies, env: collections.env }),
        () => kernelWay(true, { core, latencies }),
      ],
      ([own, kernel]) => measure(context, 'latency/forward', collections, own!, kernel!),
    ),
  );
}

function esp(context: BenchContext): Promise<Figure[]> {
  // A core for each gateway: two workers that poll on one would wait for each other's time slices. The generator has the
  // first one's core too, and sleeps as often as it can.
  const cores = [context.cores[0]!, context.cores.at(-1)!];
  return withCollections(async (collections) => {
    const sites = await sluiceTunnel(cores, collections.env);
    try {
      const makeWay = () => tunnelWay('Sluice', sites, latenciesAt(RATE_MOST / 2));
      return await withParts([makeWay], ([own]) =>
        measure(context, 'latency/esp', collections, own!, null, ESP_BURST_MS),
      );
    } finally {
      await sites.lab.stop();
    }
  });
}

async function withCollections(body: (collections: Collections) => Promise<Figure[]>): Promise<Figure[]> {
  const collections = new Collections();
  try {
    return await body(collections);
  } finally {
    await collections.close();
  }
}

async function measure(
  context: BenchContext,
  group: string,
  collections: Collections,
  own: Way,
  peer: Way | null,
  burstMs?: number,
): Promise<Figure[]> {
  const { quick } = context;
  const generatorCore = context.cores[0]!;
  const most = await new LossFreeSide(own, { length: LENGTH, generatorCore, quick }).round();
  const rate = quick ? QUICK_RATE : (most.value * 1e6) / 2;
  const load = { length: LENGTH, rate, generatorCore, quick, ...(burstMs === undefined ? {} : { burstMs }) };
  const sides: Side[] = [
    new ObservedSide(new LatencySide(own, load), collections),
    new NoiseSide(context.cores.at(-1)!, quick),
    ...(peer === null ? [] : [new LatencySide(peer, load)]),
  ];
  const [rounds, noise, beside] = await context.alternate(sides);
  return figures(group, rate, rounds!, noise!, beside);
}

/** Beside the latencies of a round, the collections in it. */
class ObservedSide implements Side {
  readonly name: string;

  constructor(
    private readonly side: Side,
    private readonly collections: Collections,
  ) {
    this.name = side.name;
  }

  async round(): Promise<Round> {
    this.collections.reset();
    const round = await this.side.round();
    return { ...round, collections: this.collections.read() };
  }

  close(): Promise<void> {
    return this.side.close();
  }
}

function figures(
  group: string,
  rate: number,
  rounds: readonly Round[],
  noise: readonly Round[],
  peer: readonly Round[] | undefined,
): Figure[] {
  const of = (all: readonly Round[], name: PercentileName): number[] =>
    all.map((round) => Number(round[name]));
  const percentiles = NAMES.map((name): Figure => {
    const machine = summarise(of(noise, name)).median;
    return {
      ...{ name: `${group}-${name}`, unit: 'us', better: 'lower', values: of(rounds, name) },
      note: `${(rate / 1e6).toFixed(3)} Mpps; the machine alone ${machine.toPrecision(3)} us`,
      ...(peer === undefined ? {} : { peer: { name: 'Linux', values: of(peer, name) } }),
      ...(name === 'p99.99' ? { target: { value: REACH_US } } : {}),
    };
  });
  const collected = rounds.map((round) => round.collections as Collection[]);
  const longest = Math.max(0, ...collected.flat().map(({ ms }) => ms));
  return [
    ...percentiles,
    {
      ...{ name: `${group}-collections`, unit: 'a round', better: 'lower' },
      values: collected.map(({ length }) => length),
      ...{ target: { value: 0 }, note: `longest ${longest.toFixed(2)} ms` },
    },
  ];
}

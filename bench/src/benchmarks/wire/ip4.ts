// wire/ip4-64, wire/ip4-imix, wire/ip4-1500: one gateway with one worker between two veths, under full load.
import type { BenchContext, Benchmark, Figure, Round } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { summarise } from '../../run/statistics.js';
import { withParts } from '../../run/with-parts.js';
import { kernelWay, sluiceWay } from '../../wire/forwarding-way.js';
import { FullLoadSide } from '../../wire/full-load-side.js';
import type { Load } from '../../wire/traffic.js';
import type { Way } from '../../wire/way.js';

/** Octets of frames without FCS. */
const LENGTHS: Record<string, Load['length']> = {
  'wire/ip4-64': 60,
  'wire/ip4-imix': 'imix',
  'wire/ip4-1500': 1514,
};
/** Nine tenths of what VPP forwards over AF_XDP on such a machine, 0.87 Mpps. */
const REACH_64 = 0.78;

export const wireIp4: Benchmark = {
  names: Object.keys(LENGTHS),
  about:
    'Frames of UDP a second over veth, counted at the sink while the generator (XDP live frames) sends as many as it can; ' +
    'one worker on one core, the generator on the other.',
  run: (context) => {
    const options = { core: context.cores.at(-1)! };
    const makers = [
      () => sluiceWay('af_xdp', options),
      () => sluiceWay('af_packet', options),
      () => kernelWay(true, options),
      () => kernelWay(false, options),
    ];
    return withParts(makers, async (ways) => {
      const figures: Figure[] = [];
      for (const [name, length] of Object.entries(LENGTHS)) {
        if (context.wants(name)) figures.push(...(await measure(context, ways, name, length)));
      }
      return figures;
    });
  },
};

async function measure(
  context: BenchContext,
  ways: readonly Way[],
  name: string,
  length: Load['length'],
): Promise<Figure[]> {
  const load = { length, generatorCore: context.cores[0]!, quick: context.quick };
  const sides = ways.map((way) => new FullLoadSide(way, load));
  const [xdp, packet, ...kernels] = await context.alternate(sides);
  const named = kernels.map((rounds, i) => ({ name: sides[i + 2]!.name, values: valuesOf(rounds) }));
  const [peer] = named.sort((a, b) => summarise(b.values).median - summarise(a.values).median);
  const common = { unit: 'Mpps', better: 'higher', peer: peer! } as const;
  return [
    {
      ...{ ...common, name, values: valuesOf(xdp!), note: noteOf(xdp!) },
      target: name === 'wire/ip4-64' ? { value: REACH_64, ratio: 1 } : { ratio: 1 },
    },
    { ...common, name: `${name}-af-packet`, values: valuesOf(packet!), note: noteOf(packet!) },
  ];
}

function noteOf(rounds: readonly Round[]): string {
  const offered = summarise(rounds.map((round) => Number(round.offered))).median;
  return `${offered.toFixed(2)} Mpps offered by ${String(rounds[0]?.way)}`;
}

import type { BenchContext, Benchmark, Figure, Target } from '../../benchmark.js';
import { ALGORITHMS, type Algorithm } from '../../cases/esp.js';
import { valuesOf } from '../../run/context.js';
import { caseSide, referenceSide } from '../../run/memory-side.js';

type Direction = 'seal' | 'open';

interface Case {
  name: string;
  direction: Direction;
  algorithm: Algorithm;
  octets: number;
  sas: number;
}

const SIZES = [64, 512, 1400] as const;
const MANY = 1000;

/** Of AES-128-GCM with one SA. */
const TARGETS: Record<Direction, Record<number, Target>> = {
  seal: { 64: { value: 100 }, 512: { value: 130 }, 1400: { value: 170, ratio: 0.6 } },
  open: { 64: { value: 115 }, 512: { value: 140 }, 1400: { value: 190, ratio: 0.6 } },
};

const CASES: readonly Case[] = (['seal', 'open'] as const).flatMap((direction) =>
  ALGORITHMS.flatMap((algorithm) =>
    SIZES.flatMap((octets) =>
      [1, MANY].map((sas) => {
        const name = `esp/${direction}-${algorithm}-${octets}${sas === 1 ? '' : `-${sas}-sas`}`;
        return { name, direction, algorithm, octets, sas };
      }),
    ),
  ),
);

/** ESP through the graph, beside the loop over ipsec-mb that it cannot be faster than. */
export const espAlgorithms: Benchmark = {
  names: CASES.map(({ name }) => name),
  about: `one pinned worker, tunnel mode, IPv4 in IPv4, through the whole graph with replay windows, sequence numbers and counters; sizes are of the inner packet; \`-${MANY}-sas\`: each packet takes a random tunnel of so many. Beside the bare loop over ipsec-mb (\`bench/reference/esp.c\`), which encrypts or decrypts payloads of the same sizes and does nothing else.`,

  run: (context) => context.each(CASES, measure),
};

async function measure({ name, direction, ...order }: Case, context: BenchContext): Promise<Figure> {
  const { algorithm, octets, sas } = order;
  const peer = referenceSide(context, 'esp', algorithm, String(octets), direction, String(sas));
  const [ours, theirs] = await context.alternateShort([caseSide(context, `esp-${direction}`, order), peer]);
  const target = algorithm === 'aes-gcm-128' && sas === 1 ? TARGETS[direction][octets] : undefined;
  return {
    name,
    unit: 'ns/packet',
    better: 'lower',
    values: valuesOf(ours!),
    peer: { name: 'ipsec-mb loop', values: valuesOf(theirs!) },
    ...(target === undefined ? {} : { target }),
  };
}

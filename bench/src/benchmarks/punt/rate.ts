// punt/to-linux, punt/from-linux, punt/forwarding: the TAP twins, and what they cost forwarding.
import type { BenchContext, Benchmark, Figure, Side } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { PuntGateway, type PuntLoad, type PuntRates } from '../../wire/punt-gateway.js';

const SECONDS = 1;
const QUICK_SECONDS = 0.3;
/** Packets a second each way beside forwarding. */
const BESIDE = 20_000;

const NONE: PuntLoad = { toLinux: null, fromLinux: null, forwarded: null };

export const puntRate: Benchmark = {
  names: ['punt/rate-to-linux', 'punt/rate-from-linux', 'punt/rate-forwarding'],
  about:
    'Packets a second that reach Linux by a TAP twin while it is flooded (what a policer lets through, by design), that ' +
    `come from Linux, and that are forwarded while ${BESIDE} go each way, beside the same gateway without those.`,
  run: async (context) => {
    const gateway = await PuntGateway.start(context.cores.at(-1)!, context.cores[0]!);
    try {
      return await measure(context, gateway);
    } finally {
      await gateway.close();
    }
  },
};

async function measure(context: BenchContext, gateway: PuntGateway): Promise<Figure[]> {
  const seconds = context.quick ? QUICK_SECONDS : SECONDS;
  const side = (name: string, load: Partial<PuntLoad>, value: (rates: PuntRates) => number): Side => ({
    name,
    round: async () => ({ value: value(await gateway.rates({ ...NONE, ...load }, seconds)) }),
    close: async () => undefined,
  });
  const thousands = (what: keyof PuntRates) => (rates: PuntRates) => rates[what] / 1e3;
  const millions = (less: number) => (rates: PuntRates) => Math.max(0, rates.atSink - less) / 1e6;
  const [to, from, beside, alone] = await context.alternate([
    side('to Linux', { toLinux: 0 }, thousands('toLinux')),
    side('from Linux', { fromLinux: 0 }, thousands('atSink')),
    side('beside', { forwarded: 0, toLinux: BESIDE, fromLinux: BESIDE }, millions(BESIDE)),
    side('alone', { forwarded: 0 }, millions(0)),
  ]);
  return [
    {
      ...{ name: 'punt/rate-to-linux', unit: 'kpps', better: 'higher', values: valuesOf(to!) },
      note: 'what the policer of that class lets through',
    },
    { name: 'punt/rate-from-linux', unit: 'kpps', better: 'higher', values: valuesOf(from!) },
    {
      ...{ name: 'punt/rate-forwarding', unit: 'Mpps', better: 'higher', values: valuesOf(beside!) },
      peer: { name: 'without', values: valuesOf(alone!) },
    },
  ];
}

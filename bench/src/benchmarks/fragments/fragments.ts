import type { Benchmark } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { caseSide } from '../../run/memory-side.js';

const CASES = [
  {
    name: 'frag/1500-576',
    run: 'fragment',
    unit: 'ns/fragment out',
    target: { value: 80 },
    note: 'three fragments of a packet; frames come from the pool, and are given back outside of what is timed',
  },
  {
    name: 'reassembly/1500-576',
    run: 'reassembly',
    unit: 'ns/datagram out',
    target: { value: 250 },
    note: 'three fragments of a datagram, in order, given to Linux as a whole: what ip4-local and punt take is in it',
  },
] as const;

/** Cutting and putting together. */
export const fragments: Benchmark = {
  names: CASES.map(({ name }) => name),
  about:
    'packets of 1500 octets cut for an MTU of 576 on their way, and such fragments put together for the box.',

  run: (context) =>
    context.each(CASES, async ({ name, run, unit, target, note }) => {
      const [rounds] = await context.alternateShort([caseSide(context, run, {})]);
      return { name, unit, better: 'lower', values: valuesOf(rounds!), target, note };
    }),
};

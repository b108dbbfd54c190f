import type { Benchmark } from '../../benchmark.js';
import { caseSide } from '../../run/memory-side.js';
import { curve, mpps } from './curve.js';

const COUNTS = [1, 1_000, 100_000, 1_000_000] as const;
const NAMES = COUNTS.map((count) => `scale/flows-${count}`);

/** Forwarding of more and more flows. */
export const scaleFlows: Benchmark = {
  names: NAMES,
  about:
    '64-byte packets of random flows by a route of four next hops, which flows share by their hash; no table holds a flow, so that the curve should be flat; beside one flow.',

  run(context) {
    const points = COUNTS.map((flows, index) => ({
      name: NAMES[index]!,
      side: () => caseSide(context, 'forward-flows', { flows }),
    }));
    return curve(context, points, { unit: 'Mpps', better: 'higher', peer: 'one flow', from: mpps });
  },
};

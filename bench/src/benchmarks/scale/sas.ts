import type { Benchmark } from '../../benchmark.js';
import { caseSide } from '../../run/memory-side.js';
import { curve, mpps } from './curve.js';

const COUNTS = [1, 10, 100, 1_000, 10_000] as const;
const NAMES = COUNTS.map((count) => `scale/sas-${count}`);
const OCTETS = 1400;
/** SAs of a quick run at most. */
const QUICK_MOST = 100;

/** Sealing for more and more peers. */
export const scaleSas: Benchmark = {
  names: NAMES,
  about: `packets of ${OCTETS} octets sealed with AES-128-GCM, each by a random tunnel of so many; beside one tunnel.`,

  run(context) {
    const points = COUNTS.map((count, index) => {
      const sas = context.quick ? Math.min(count, QUICK_MOST) : count;
      return {
        name: NAMES[index]!,
        // Twice what VPP keeps.
        ...(count === 10_000 ? { target: { value: 2 } } : {}),
        side: () => caseSide(context, 'esp-seal', { algorithm: 'aes-gcm-128', octets: OCTETS, sas }),
      };
    });
    return curve(context, points, { unit: 'Mpps', better: 'higher', peer: 'one tunnel', from: mpps });
  },
};

import type { Benchmark } from '../../benchmark.js';
import { internetRoutes, oneRoute, writeWorkload } from '../../memory/workload.js';
import { caseSide } from '../../run/memory-side.js';
import { withFolder } from '../../run/with-folder.js';
import { curve, mpps } from './curve.js';

const SEED = 20_260_704;
const COUNTS = [1, 1_000, 10_000, 100_000, 1_000_000] as const;
const NAMES = COUNTS.map((count) => `scale/routes-${count}`);
/** Routes of a quick run at most. */
const QUICK_MOST = 1_000;

/** Forwarding by more and more routes. */
export const scaleRoutes: Benchmark = {
  names: NAMES,
  about: `64-byte packets to random destinations by random routes of the Internet's prefix lengths (seed ${SEED}); beside one route.`,

  run(context) {
    return withFolder((folder) => {
      const points = COUNTS.map((count, index) => ({
        name: NAMES[index]!,
        side: () => {
          const workload = `${folder}/routes-${count}`;
          const routes = context.quick ? Math.min(count, QUICK_MOST) : count;
          const destinations = context.quick ? 1 << 12 : 1 << 20;
          writeWorkload(
            workload,
            count === 1 ? oneRoute(destinations, SEED) : internetRoutes(routes, destinations, SEED),
          );
          return caseSide(context, 'forward-ip4', { workload });
        },
      }));
      return curve(context, points, { unit: 'Mpps', better: 'higher', peer: 'one route', from: mpps });
    });
  },
};

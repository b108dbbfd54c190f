// Counters before and after a case, and what moved in between.
import type { ActorClient, dataplaneContract } from '@sluice/shared';
import type { Moved, Named } from './case.js';

type Client = ActorClient<typeof dataplaneContract>;

/** Of an interface's own counters; those of ports are checked against what the stations saw, over all cases. */
const OF_INTERFACE = ['drops', 'rx_packets', 'tx_packets'] as const;

/**
 * What no case decides: whether a packet changes worker, which depends on which worker owns what; what the
 * control side sends by itself to keep neighbours known; and answers to that in VRFs of which Linux knows nothing.
 */
const UNDECIDED = /\/handed_over$|^control\/frames_sent$|^host-io\/no_twin$/;

export interface Counts {
  errors: Map<string, number>;
  interfaces: Map<string, number>;
  /** Counters of which each counts a packet that went no further, ICMP errors sent included. */
  drops: number;
}

/** Frames of the pool that carry a packet, large ones included; 0 at rest. Exact while all workers sleep. */
export async function framesInUse(client: Client): Promise<number> {
  const runtime = await client.request('show-runtime', {});
  const { frames, frames_free, large_frames, large_frames_free } = runtime;
  return frames + large_frames - frames_free - large_frames_free;
}

export async function readCounts(client: Client): Promise<Counts> {
  const [{ errors }, { interfaces }] = await Promise.all([
    client.request('show-errors', {}),
    client.request('show-interfaces', {}),
  ]);
  return {
    errors: new Map(
      errors
        .map(({ node, reason, count }): [string, number] => [`${node}/${reason}`, count])
        .filter(([path]) => !UNDECIDED.test(path)),
    ),
    interfaces: new Map(
      interfaces.flatMap((report) =>
        OF_INTERFACE.map((counter): [string, number] => [`${report.name}.${counter}`, report[counter]]),
      ),
    ),
    drops: errors
      .filter(({ node, reason, drop }) => drop || (/icmp-error$/.test(node) && reason === 'sent'))
      .reduce((sum, { count }) => sum + count, 0),
  };
}

/** What moved of the nodes' counters but for what sentinels did, and of those interface counters that are named. */
export function moved(before: Counts, after: Counts, named: Named, beside: Moved): Moved {
  const changes: Moved = {};
  for (const [path, count] of after.errors) {
    const change = count - (before.errors.get(path) ?? 0) - (beside[path] ?? 0);
    if (change !== 0) changes[path] = change;
  }
  for (const path of Object.keys(named)) {
    const count = after.interfaces.get(path);
    if (count !== undefined) changes[path] = count - (before.interfaces.get(path) ?? 0);
  }
  return changes;
}

/** What was named, with each bound that holds replaced by the figure itself. */
export function bounded(named: Named, changes: Moved): Named {
  return Object.fromEntries(
    Object.entries(named).map(([path, value]) => {
      if (typeof value === 'number') return [path, value];
      const change = changes[path] ?? 0;
      return [path, change >= value[0] && change <= value[1] ? change : value];
    }),
  );
}

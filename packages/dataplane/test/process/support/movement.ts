// What moved while something was done: every counter of a gateway, and of the devices around it, for messages of failures.
import { readFileSync } from 'node:fs';
import type { Gateway } from './gateway.js';
import { ip } from './network.js';

/** Counts by a name of their own. */
export type Figures = ReadonlyMap<string, number>;

/** Error counters as `node/reason`, and those of interfaces as `name.key`. */
export async function gatewayFigures(gateway: Gateway): Promise<Figures> {
  const figures = new Map<string, number>();
  for (const { node, reason, count } of await gateway.errors()) figures.set(`${node}/${reason}`, count);
  for (const { name, ...counters } of await gateway.counters()) {
    for (const [key, value] of Object.entries(counters)) {
      if (typeof value === 'number') figures.set(`${name}.${key}`, value);
    }
  }
  return figures;
}

/**
 * What Linux counts of the devices in these namespaces, and what the queues of its processors refused: all namespaces
 * of a machine share those, so that a flood in one of them loses packets of others (net/core/dev.c, enqueue_to_backlog).
 */
export function linuxFigures(namespaces: readonly string[]): Figures {
  const figures = new Map<string, number>();
  for (const namespace of namespaces) {
    const links = JSON.parse(ip('-n', namespace, '-s', '-json', 'link')) as {
      ifname: string;
      stats64: Record<'rx' | 'tx', { packets: number; dropped: number; errors: number }>;
    }[];
    for (const { ifname, stats64 } of links) {
      for (const way of ['rx', 'tx'] as const) {
        for (const key of ['packets', 'dropped', 'errors'] as const)
          figures.set(`${namespace} ${ifname} ${way}_${key}`, stats64[way][key]);
      }
    }
  }
  // Its columns are hexadecimal, the second one is what was dropped (net/core/net-procfs.c, softnet_seq_show).
  const processors = readFileSync('/proc/net/softnet_stat', 'utf8').trim().split('\n');
  for (const [i, line] of processors.entries())
    figures.set(`backlog ${i} dropped`, Number.parseInt(line.split(/\s+/)[1] ?? '', 16));
  return figures;
}

/** Those that are not what they were, a line each. */
export function moved(before: Figures, after: Figures): string {
  return [...after]
    .map(([name, count]) => ({ name, by: count - (before.get(name) ?? 0) }))
    .filter(({ by }) => by !== 0)
    .map(({ name, by }) => `${name} ${by > 0 ? '+' : ''}${by}`)
    .join('\n');
}

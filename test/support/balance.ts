// Where every frame that a gateway received has gone: the sum of its outcomes, from its own counters.
import { until } from '@sluice/shared';
import type { Site } from './two-sites.js';

export interface Figures {
  /** Frames received by ports. */
  received: number;
  /** Packets that Linux put in, those dropped at once included. */
  injected: number;
  /** ARP requests of the control side. */
  asked: number;
  /** Fragments beyond the packet that they were cut from. */
  fragments: number;
  sent: number;
  punted: number;
  /** Of the graph, by their reasons; an ICMP error replaces its packet and is none. */
  dropped: number;
  /** As the interfaces count them: these also count what was dropped with an ICMP error. */
  interfaceDrops: number;
  icmpErrors: number;
  framesFree: number;
}

/** Losses that are not of the graph: of ports, of the thread that serves Linux, of the control side. */
const AROUND = /^(port .*|host-io|control)$/;

export async function figures(site: Site): Promise<Figures> {
  const { interfaces } = await site.dataplane.request('show-interfaces', {});
  const { errors } = await site.dataplane.request('show-errors', {});
  const ports = interfaces.filter(({ kind }) => kind === 'ethernet');
  const sum = <T>(rows: readonly T[], value: (row: T) => number): number =>
    rows.reduce((total, row) => total + value(row), 0);
  const counted = (node: string, ...reasons: string[]): number =>
    sum(
      errors.filter((error) => error.node === node && reasons.includes(error.reason)),
      ({ count }) => count,
    );
  const graph = errors.filter(({ node, drop }) => drop && !AROUND.test(node));
  return {
    received: sum(ports, ({ rx_packets }) => rx_packets),
    injected:
      sum(interfaces, ({ injected }) => injected) +
      sum(
        graph.filter(({ node }) => node === 'host-inject'),
        ({ count }) => count,
      ),
    asked: counted('control', 'frames_sent'),
    fragments:
      counted('ip4-frag', 'fragments') -
      (counted('ip4-rewrite', 'too_big') - counted('ip4-frag', 'no_frames', 'mtu_too_small')),
    sent: sum(ports, ({ tx_packets }) => tx_packets),
    punted: sum(interfaces, ({ punted }) => punted),
    dropped: sum(graph, ({ count }) => count),
    interfaceDrops: sum(interfaces, ({ drops }) => drops),
    icmpErrors: counted('ip4-icmp-error', 'sent'),
    framesFree: await framesFree(site),
  };
}

/** Readings one after the other that say the same: the box announces nothing as often as that. */
const READINGS_AGREED = 3;

/**
 * Figures to start from. They are read one after the other, and a gateway announces its addresses for seconds after its
 * start: what it sends in between is in some of them only, and is missed at the next reading.
 */
export async function startingFigures(site: Site): Promise<Figures> {
  let last = await figures(site);
  let agreed = 0;
  await until('figures of the same frames', async () => {
    const next = await figures(site);
    agreed = unaccounted(last, next) === 0 ? agreed + 1 : 0;
    last = next;
    return agreed >= READINGS_AGREED;
  });
  return last;
}

function framesFree(site: Site): Promise<number> {
  return new Promise((resolve) => {
    const watching = site.dataplane.subscribe('counters', {
      onSnapshot: ({ frames_free }) => {
        watching.close();
        resolve(frames_free);
      },
      onEvent: () => undefined,
    });
  });
}

/** What went out since `before`, less what came in: 0 when every frame has an outcome, and one only. */
export function unaccounted(before: Figures, now: Figures): number {
  const since = (key: keyof Figures): number => now[key] - before[key];
  const entered = since('received') + since('injected') + since('asked') + since('fragments');
  return since('sent') + since('punted') + since('dropped') - entered;
}

// Losses outside the graph, as counters beside its own: in ports, in the host-I/O thread, in the control side.
import type { ErrorCounter } from '@sluice/shared';
import type { BridgeMacs } from './bridge-macs.js';
import type { ControlLoop } from './control-loop.js';
import type { Interfaces } from './interfaces.js';
import type { Neighbours } from './neighbours.js';
import type { Threads } from './threads.js';

export interface LossSources {
  threads: Pick<Threads, 'workers' | 'hostIo'>;
  interfaces: Interfaces;
  neighbours: Neighbours;
  loop: ControlLoop;
  macs: BridgeMacs;
}

/** Each by its own name, those too that have not moved. */
export async function lossesAround(sources: LossSources): Promise<ErrorCounter[]> {
  return [...(await hostLosses(sources)), ...controlLosses(sources), ...(await portLosses(sources))];
}

async function hostLosses({ threads }: LossSources): Promise<ErrorCounter[]> {
  const { noTwin, refused, injectDropped, tooLong } = await threads.hostIo.figures();
  return [
    loss('host-io', 'no_twin', noTwin, 'for Linux, but the interface has no twin'),
    loss('host-io', 'refused', refused, 'for Linux, but its twin is down or its queue is full'),
    loss('host-io', 'inject_dropped', injectDropped, 'from Linux, but no frame or no room in the ring'),
    loss('host-io', 'too_long', tooLong, 'from Linux, but larger than a frame'),
  ];
}

function controlLosses({ neighbours, loop, macs }: LossSources): ErrorCounter[] {
  const refused = neighbours.refused;
  return [
    loss('control', 'neighbours_refused', refused, 'neighbours beyond the bounds of the table'),
    event(
      'macs_refused',
      'warning',
      macs.refused,
      "stations that were heard behind bridges but not remembered: see the bridge's mac_limit",
    ),
    event(
      'macs_moved',
      'info',
      macs.moved,
      'times that a station was heard behind another member of its bridge than before',
    ),
    event(
      'neighbours_evicted',
      'warning',
      neighbours.evicted,
      'idle neighbours that were forgotten to make room for new ones',
    ),
    event(
      'neighbours_moved',
      'info',
      neighbours.moved,
      'times that a neighbour had another MAC address than before: when it keeps growing, two stations have one address',
    ),
    event('frames_sent', 'info', loop.sent, 'ARP and neighbour discovery of the box itself'),
    loss(
      'control',
      'frames_unsent',
      loop.unsent,
      'ARP or neighbour discovery that found no frame or no room',
    ),
  ];
}

async function portLosses({ threads, interfaces }: LossSources): Promise<ErrorCounter[]> {
  const losses: ErrorCounter[] = [];
  for (const entry of interfaces.list()) {
    const worker = threads.workers[entry.worker];
    if (entry.kind !== 'ethernet' || worker === undefined) continue;
    for (const [reason, count] of Object.entries(await worker.portStatistics(entry.row))) {
      losses.push(loss(`port ${entry.name}`, reason, count, 'lost or refused by the device or its driver'));
    }
  }
  return losses;
}

function loss(node: string, reason: string, count: number, help: string): ErrorCounter {
  return { node, reason, severity: 'warning', drop: true, count, help };
}

/** What the control side counts of what is no packet. */
function event(
  reason: string,
  severity: ErrorCounter['severity'],
  count: number,
  help: string,
): ErrorCounter {
  return { node: 'control', reason, severity, drop: false, count, help };
}

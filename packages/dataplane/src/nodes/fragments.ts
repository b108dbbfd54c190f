// What ip4-frag and ip6-frag have in common: their counters, and where fragments lie and go.
import type { NodeContext } from '../graph/context.js';
import type { CounterSpec } from '../graph/node.js';
import { settleOutlet } from '../graph/plain-egress.js';
import { PACKET_START } from '../memory/packet-pool.js';
import { ADJ_REWRITE_BYTES } from '../tables/adjacencies.js';

/** The nodes' next, and their first counters. */
export const NEXT_OF_FRAGMENTS = ['interface-output', 'esp-encrypt'] as const;
const NEXT_OUTPUT = 0;
const NEXT_ENCRYPT = 1;
const COUNT_FRAGMENTS = 0;
export const COUNT_NO_FRAMES = 1;
export const COUNT_MTU_TOO_SMALL = 2;

/** Where the IP header of a fragment lies in its frame. */
export const FRAGMENT_START = PACKET_START + 14;
/** Bytes behind it for padding, trailer and ICV of ESP. */
export const TAIL_ROOM = 128;

/** `tooSmall` says what is wrong with the MTU. */
export function fragmentCounters(tooSmall: string): CounterSpec[] {
  return [
    { name: 'fragments', severity: 'info', help: 'fragments made' },
    {
      name: 'no_frames',
      severity: 'error',
      drop: true,
      help: 'the packet pool had no frames for the fragments: raise dataplane.frames',
    },
    { name: 'mtu_too_small', severity: 'error', drop: true, help: tooSmall },
  ];
}

/**
 * Sends `count` fragments on, by the adjacency whose row begins at `row`: all the same way, so that they leave in order.
 * Those for a port of this worker go into its queue at once, as interface-output would put them, while it has room.
 */
export function sendFragments(
  context: NodeContext,
  counters: Float64Array,
  fragments: Int32Array,
  count: number,
  row: number,
): void {
  const { adjacencies, services } = context;
  counters[COUNT_FRAGMENTS]! += count;
  const toTunnel = adjacencies[row + ADJ_REWRITE_BYTES] === 0;
  const queued = toTunnel || !context.plain ? 0 : queueAtOnce(context, fragments, count);
  const to = toTunnel ? NEXT_ENCRYPT : NEXT_OUTPUT;
  for (let k = queued; k < count; k++) services.emit(fragments[k]!, to);
}

/** How many of the fragments are in the queue of their port now. */
function queueAtOnce(
  { pool, services, interfaceCounters }: NodeContext,
  fragments: Int32Array,
  count: number,
): number {
  const { length, txInterface, frames } = pool;
  const via = txInterface[fragments[0]!]!;
  const outlet = services.outlet(via);
  // Ports take no large frames; the first fragment may lie in another kind than the rest.
  if (outlet === null || fragments[0]! >= frames || fragments[count - 1]! >= frames) return 0;
  const { waiting, length: before } = outlet;
  const most = Math.min(count, waiting.length - before);
  let octets = 0;
  for (let k = 0; k < most; k++) {
    const packet = fragments[k]!;
    octets += length[packet]!;
    waiting[before + k] = packet;
  }
  settleOutlet(outlet, via, before + most, octets, interfaceCounters);
  return most;
}

// What ip4-frag and ip6-frag have in common: their counters, and where fragments lie and go.
import type { NodeContext } from '../graph/context.js';
import type { CounterSpec } from '../graph/node.js';
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

/** Sends `count` fragments on, by the adjacency whose row begins at `row`: all the same way, so that they leave in order. */
export function sendFragments(
  { adjacencies, services }: NodeContext,
  counters: Float64Array,
  fragments: Int32Array,
  count: number,
  row: number,
): void {
  const to = adjacencies[row + ADJ_REWRITE_BYTES] === 0 ? NEXT_ENCRYPT : NEXT_OUTPUT;
  for (let k = 0; k < count; k++) services.emit(fragments[k]!, to);
  counters[COUNT_FRAGMENTS]! += count;
}

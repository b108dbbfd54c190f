// What ip4-virtual-reassembly and ip6-virtual-reassembly have in common: their counters, and what becomes of a fragment.
//
// The first fragment tells the ports of all: later ones get them in pool.ports with FLAG_PORTS, for whatever tells flows
// apart by ports (selectors, filters, translation). What comes before its first fragment waits for it.
import { type ArcName, continueArc } from '../graph/arcs.js';
import type { NodeContext } from '../graph/context.js';
import { VIRTUAL_REASSEMBLY_BIT } from '../graph/idle-features.js';
import {
  type CounterSpec,
  defineNode,
  NEXT_CONSUMED,
  NEXT_DROP,
  type NodeDefinition,
} from '../graph/node.js';
import { FLAG_PORTS, type PacketPool } from '../memory/packet-pool.js';
import type { FragmentKey } from '../tables/fragment-contexts.js';
import { DATAGRAM_BYTES_MAX, fragmentFault } from './reassemble.js';
import { contextOf, GONE, handOver, KEPT, MINE, makeRoom, refuse } from './waiting-fragments.js';

const COUNT_TOLD = 0;
const COUNT_WAITED = 1;
const COUNT_HANDED_OVER = 2;
const COUNT_WORKER_BUSY = 3;
const COUNT_MALFORMED = 4;
const COUNT_TINY = 5;
const COUNT_OVERLAP = 6;
const COUNT_TOO_MANY_FRAGMENTS = 7;
const COUNT_TOO_MANY_DATAGRAMS = 8;
const COUNT_TOO_MANY_FRAMES = 9;
export const COUNT_TIMEOUT = 10;

const drop = (name: string, severity: CounterSpec['severity'], help: string): CounterSpec => ({
  name,
  severity,
  drop: true,
  help,
});

const COUNTERS: readonly CounterSpec[] = [
  { name: 'told', severity: 'info', help: 'fragments whose ports their first one has told' },
  { name: 'waited', severity: 'info', help: 'fragments that came before their first one' },
  { name: 'handed_over', severity: 'info', help: 'fragments of datagrams that another worker knows' },
  drop('worker_busy', 'warning', "the ring of the datagram's worker is full"),
  drop('malformed', 'error', 'an empty fragment, one of no multiple of 8 octets, or one beyond 65,535'),
  drop(
    'tiny_fragment',
    'error',
    'cut so that its first fragment lacks headers (RFC 1858, RFC 3128, RFC 7112)',
  ),
  drop('overlap', 'error', 'of a datagram whose headers come twice, and differ or overlap (RFC 5722)'),
  drop('too_many_fragments', 'warning', 'more wait for a first one than dataplane.reassembly.max_fragments'),
  drop('too_many_datagrams', 'warning', 'given up for a newer one: dataplane.reassembly.max_datagrams'),
  drop('too_many_frames', 'warning', 'given up for newer ones: dataplane.reassembly.max_frames'),
  drop('timeout', 'warning', 'its first fragment did not come in time'),
];

/** What a family's node finds out of a fragment. */
export const fragment = {
  start: 0,
  stop: 0,
  more: false,
  /** Of a first one: a fault of its headers; of a later one: that it belongs to headers. */
  tiny: false,
  /** Of a first one: what pool.ports is to be. */
  ports: 0,
};

interface Family {
  name: string;
  arc: ArcName;
  /** False for a packet that is whole; else `fragment` and the key are set. */
  read(context: NodeContext, packet: number, key: FragmentKey): boolean;
}

export function defineVirtualReassembly({ name, arc, read }: Family): NodeDefinition {
  const four = arc === 'ip4-unicast';

  /** Where a packet goes on. */
  function onward({ pool, interfaces }: NodeContext, packet: number): number {
    const features = four ? interfaces.features4 : interfaces.features6;
    return continueArc(0, features[pool.rxInterface[packet]!]!, VIRTUAL_REASSEMBLY_BIT);
  }

  /** Lets the fragments go that have waited for the first one, which goes before them. */
  function letGo(context: NodeContext, counters: Float64Array, row: number, first: number): void {
    const { pool, virtual, services } = context;
    const ports = virtual.ports[row]!;
    const count = virtual.release(row);
    services.emit(first, onward(context, first));
    counters[COUNT_TOLD]! += count;
    for (let i = 0; i < count; i++) {
      const packet = virtual.released[i]!;
      tell(pool, packet, ports);
      services.emit(packet, onward(context, packet));
    }
  }

  /** KEPT when the packet is somewhere else by now, or goes on: then next[i] is set; else the counter to drop it under. */
  function take(
    context: NodeContext,
    counters: Float64Array,
    packet: number,
    next: Uint8Array,
    i: number,
  ): number {
    const { pool, virtual } = context;
    const { start, stop, more } = fragment;
    if (fragmentFault(start, stop, more, DATAGRAM_BYTES_MAX) !== KEPT) return COUNT_MALFORMED;
    if (fragment.tiny) return COUNT_TINY;
    const vrf = pool.vrf[packet]!;
    const row = contextOf(context, virtual, counters, vrf, COUNT_TOO_MANY_DATAGRAMS);
    if (row < 0) return ~row;

    if (start === 0) {
      // It too: flows are told apart by the ports of all fragments, or of none.
      tell(pool, packet, fragment.ports);
      if (virtual.known[row] === 1) {
        if (virtual.ports[row] !== fragment.ports || virtual.firstBytes[row] !== stop)
          return refuse(context, virtual, counters, row, COUNT_OVERLAP);
      } else if (virtual.waiting(row) && virtual.earliest[row]! < stop) {
        return refuse(context, virtual, counters, row, COUNT_OVERLAP);
      } else {
        virtual.known[row] = 1;
        virtual.ports[row] = fragment.ports;
        virtual.firstBytes[row] = stop;
        if (virtual.waiting(row)) {
          letGo(context, counters, row, packet);
          next[i] = NEXT_CONSUMED;
        } else {
          next[i] = onward(context, packet);
        }
        if (virtual.account(row, start, stop, more)) virtual.close(row);
        return KEPT;
      }
    } else if (virtual.known[row] === 1) {
      if (start < virtual.firstBytes[row]!) return refuse(context, virtual, counters, row, COUNT_OVERLAP);
      tell(pool, packet, virtual.ports[row]!);
      counters[COUNT_TOLD]!++;
    } else {
      if (!virtual.mayHold(vrf) && !makeRoom(context, virtual, counters, vrf, row, COUNT_TOO_MANY_FRAMES))
        return refuse(context, virtual, counters, row, COUNT_TOO_MANY_FRAMES);
      if (!virtual.hold(row, packet, start))
        return refuse(context, virtual, counters, row, COUNT_TOO_MANY_FRAGMENTS);
      virtual.account(row, start, stop, more);
      counters[COUNT_WAITED]!++;
      next[i] = NEXT_CONSUMED;
      return KEPT;
    }
    next[i] = onward(context, packet);
    if (virtual.account(row, start, stop, more)) virtual.close(row);
    return KEPT;
  }

  return defineNode({
    name,
    next: [],
    feature: { arc, bit: VIRTUAL_REASSEMBLY_BIT },
    counters: COUNTERS,

    run(context, frame, next, counters): void {
      const { pool, virtual, services } = context;
      const { key } = virtual.contexts;
      const self = services.nodeIndex(name);
      for (let i = 0; i < frame.length; i++) {
        const packet = frame.packets[i]!;
        if (!read(context, packet, key)) {
          next[i] = onward(context, packet);
          continue;
        }
        let verdict = handOver(context, virtual.contexts, packet, self, COUNT_WORKER_BUSY);
        if (verdict === GONE) {
          counters[COUNT_HANDED_OVER]!++;
          next[i] = NEXT_CONSUMED;
          continue;
        }
        if (verdict === MINE) verdict = take(context, counters, packet, next, i);
        if (verdict === KEPT) continue;
        counters[verdict]!++;
        pool.reason[packet] = verdict;
        next[i] = NEXT_DROP;
      }
    },
  });
}

/** Gives a fragment the ports of its datagram. */
function tell({ ports, flags }: PacketPool, packet: number, known: number): void {
  ports[packet] = known;
  flags[packet] = flags[packet]! | FLAG_PORTS;
}

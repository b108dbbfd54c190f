// ip4-arp: a packet whose neighbour's link address is not known waits here until ARP has found it.
//
// Expects: adjacency of kind ADJ_GLEAN or ADJ_INCOMPLETE.
// Next:    none: the worker puts the packet back before ip4-lookup when the neighbour is there, gives it to
//          ip4-icmp-error when it is not, or drops it here when the box itself made it.
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { ADJ_INTERFACE, ADJ_NEXT_HOP, ADJ_SHIFT } from '../tables/adjacencies.js';
import { IP4_DST, readI32 } from '../wire/ip4.js';

const COUNT_WAITING = 0;
const COUNT_QUEUE_FULL = 1;
/** Counted by the worker when a parked packet's neighbour never answered. */
export const COUNT_UNRESOLVED = 2;
export const COUNT_OWN_UNRESOLVED = 3;

export const ip4Arp = defineNode({
  name: 'ip4-arp',
  next: [],
  counters: [
    { name: 'waiting', severity: 'info', help: 'packets that waited for a neighbour' },
    {
      name: 'queue_full',
      severity: 'warning',
      drop: true,
      help: 'too many packets wait for neighbours already',
    },
    {
      name: 'unresolved',
      severity: 'warning',
      help: 'the neighbour did not answer ARP in time: answered with ICMP host unreachable',
    },
    {
      name: 'unresolved_for_own',
      severity: 'warning',
      drop: true,
      help: "the neighbour did not answer ARP in time for a packet of the box's own",
    },
  ],

  run({ pool, adjacencies, services }, frame, next, counters): void {
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = pool.adjacency[packet]! << ADJ_SHIFT;
      const nextHop = adjacencies[row + ADJ_NEXT_HOP]!;
      const address = nextHop !== 0 ? nextHop : readI32(pool.bytes, pool.l3[packet]! + IP4_DST);
      if (services.park(packet, adjacencies[row + ADJ_INTERFACE]!, 0, address, 0, 0, 0)) {
        counters[COUNT_WAITING]!++;
        next[i] = NEXT_CONSUMED;
      } else {
        counters[COUNT_QUEUE_FULL]!++;
        pool.reason[packet] = COUNT_QUEUE_FULL;
        next[i] = NEXT_DROP;
      }
    }
  },
});

// ip6-nd: a packet whose neighbour's link address is not known waits here until neighbour discovery has found it.
//
// Expects: adjacency of kind ADJ_GLEAN or ADJ_INCOMPLETE.
// Next:    none: the worker puts the packet back before ip6-lookup when the neighbour is there, gives it to
//          ip6-icmp-error when it is not, or drops it here when the box itself made it.
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { ADJ_INTERFACE, ADJ_NEXT_HOP6, ADJ_SHIFT } from '../tables/adjacencies.js';
import { HEARD_IP6 } from '../tables/neighbour-records.js';
import { IP6_DST, readWord } from '../wire/ip6.js';

const COUNT_WAITING = 0;
const COUNT_QUEUE_FULL = 1;
/** The others are counted by the worker, by the numbers that ip4-arp exports. */

export const ip6Nd = defineNode({
  name: 'ip6-nd',
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
      help: 'the neighbour did not answer in time: answered with ICMPv6 address unreachable',
    },
    {
      name: 'unresolved_for_own',
      severity: 'warning',
      drop: true,
      help: "the neighbour did not answer in time for a packet of the box's own",
    },
  ],

  run({ pool, adjacencies, services }, frame, next, counters): void {
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = pool.adjacency[packet]! << ADJ_SHIFT;
      let w0 = adjacencies[row + ADJ_NEXT_HOP6]!;
      let w1 = adjacencies[row + ADJ_NEXT_HOP6 + 1]!;
      let w2 = adjacencies[row + ADJ_NEXT_HOP6 + 2]!;
      let w3 = adjacencies[row + ADJ_NEXT_HOP6 + 3]!;
      if ((w0 | w1 | w2 | w3) === 0) {
        const destination = pool.l3[packet]! + IP6_DST;
        w0 = readWord(pool.i32, destination, 0);
        w1 = readWord(pool.i32, destination, 1);
        w2 = readWord(pool.i32, destination, 2);
        w3 = readWord(pool.i32, destination, 3);
      }
      if (services.park(packet, adjacencies[row + ADJ_INTERFACE]!, HEARD_IP6, w0, w1, w2, w3)) {
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

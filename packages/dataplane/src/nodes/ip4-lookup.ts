// ip4-lookup: longest-prefix match of the destination in the packet's VRF.
//
// Expects: ip4-input has run, or the box made the packet; vrf and l3 set.
// Next:    by the adjacency's kind; to a neighbour or tunnel through the features of ip4-output. Sets adjacency.
import { startArc } from '../graph/arcs.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LINK_GROUP, FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import {
  ADJ_BLACKHOLE,
  ADJ_FEATURES_IP4,
  ADJ_GLEAN,
  ADJ_INCOMPLETE,
  ADJ_KIND,
  ADJ_KINDS,
  ADJ_LOCAL,
  ADJ_NEIGHBOUR,
  ADJ_NEXT_HOP,
  ADJ_NO_ROUTE,
  ADJ_SHIFT,
  ADJ_TUNNEL,
} from '../tables/adjacencies.js';
import { CODE_NET_UNREACHABLE, ICMP_UNREACHABLE } from '../wire/icmp4.js';
import { IP4_DST, swap32 } from '../wire/ip4.js';
import { icmpErrorAux } from './ip4-icmp-error.js';

const NEXT_LOCAL = 0;
const NEXT_ARP = 1;
const NEXT_ICMP_ERROR = 2;
/** The arc's end, ip4-rewrite. */
const NEXT_OUT = 3;

const COUNT_NO_ROUTE = 0;
const COUNT_BLACKHOLE = 1;
const COUNT_LOCAL_NO_ROUTE = 2;
const COUNT_LINK_GROUP = 3;

const NEXT_OF_KIND = new Uint8Array(ADJ_KINDS);
NEXT_OF_KIND[ADJ_NO_ROUTE] = NEXT_ICMP_ERROR;
NEXT_OF_KIND[ADJ_LOCAL] = NEXT_LOCAL;
NEXT_OF_KIND[ADJ_GLEAN] = NEXT_ARP;
NEXT_OF_KIND[ADJ_INCOMPLETE] = NEXT_ARP;
NEXT_OF_KIND[ADJ_NEIGHBOUR] = NEXT_OUT;
NEXT_OF_KIND[ADJ_TUNNEL] = NEXT_OUT;
NEXT_OF_KIND[ADJ_BLACKHOLE] = NEXT_DROP;

export const ip4Lookup = defineNode({
  name: 'ip4-lookup',
  next: ['ip4-local', 'ip4-arp', 'ip4-icmp-error'],
  arc: 'ip4-output',
  counters: [
    {
      name: 'no_route',
      severity: 'warning',
      help: 'no route to the destination: answered with ICMP net unreachable',
    },
    { name: 'blackhole', severity: 'info', drop: true, help: 'matched a blackhole route' },
    {
      name: 'no_route_for_own',
      severity: 'error',
      drop: true,
      help: 'the box itself sent to a destination without a route: see the routes of the outer VRF',
    },
    {
      name: 'link_group',
      severity: 'info',
      drop: true,
      help: 'for a single host, or to be forwarded, in a frame to everyone (RFC 1122 section 3.3.6)',
    },
  ],

  run({ pool, fib, adjacencies }, frame, next, counters): void {
    const { l3, vrf, adjacency, flags, i32 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = fib.lookup(vrf[packet]!, swap32(i32[(l3[packet]! + IP4_DST) >>> 2]!));
      adjacency[packet] = row;
      const to = NEXT_OF_KIND[adjacencies[(row << ADJ_SHIFT) + ADJ_KIND]!]!;
      next[i] =
        to === NEXT_OUT ? startArc(NEXT_OUT, adjacencies[(row << ADJ_SHIFT) + ADJ_FEATURES_IP4]!) : to;
      if (flags[packet]! & FLAG_LINK_GROUP && !isToAll(adjacencies, row << ADJ_SHIFT)) {
        counters[COUNT_LINK_GROUP]!++;
        pool.reason[packet] = COUNT_LINK_GROUP;
        next[i] = NEXT_DROP;
      } else if (to === NEXT_ICMP_ERROR) {
        if (flags[packet]! & FLAG_LOCAL_ORIGIN) {
          counters[COUNT_LOCAL_NO_ROUTE]!++;
          pool.reason[packet] = COUNT_LOCAL_NO_ROUTE;
          next[i] = NEXT_DROP;
        } else {
          counters[COUNT_NO_ROUTE]!++;
          pool.aux[packet] = icmpErrorAux(ICMP_UNREACHABLE, CODE_NET_UNREACHABLE, 0);
        }
      } else if (to === NEXT_DROP) {
        counters[COUNT_BLACKHOLE]!++;
        pool.reason[packet] = COUNT_BLACKHOLE;
      }
    }
  },
});

/** True for the box's adjacency of broadcasts and groups, which names no address. */
function isToAll(adjacencies: Int32Array, at: number): boolean {
  return adjacencies[at + ADJ_KIND] === ADJ_LOCAL && adjacencies[at + ADJ_NEXT_HOP] === 0;
}

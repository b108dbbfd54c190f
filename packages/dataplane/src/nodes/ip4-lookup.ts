// ip4-lookup: longest-prefix match of the destination in the packet's VRF.
//
// Expects: ip4-input has run, or the box made the packet; vrf and l3 set.
// Next:    by the adjacency's kind; to a neighbour or tunnel through the features of ip4-output. Sets adjacency, and vrf
//          when a route leads to another. Plain packets are sent from here, or go to esp-encrypt: see plain-egress.ts.
import { startArc } from '../graph/arcs.js';
import type { NodeContext } from '../graph/context.js';
import { follow, ROUTE_LOOP } from '../graph/follow-route.js';
import { FRAME_MAX } from '../graph/frame.js';
import { defineNode, NEXT_DROP, NEXT_UNDECIDED } from '../graph/node.js';
import { FLAG_LINK_GROUP, FLAG_LOCAL_ORIGIN, type PacketPool } from '../memory/packet-pool.js';
import {
  ADJ_BLACKHOLE,
  ADJ_FEATURES_IP4,
  ADJ_GLEAN,
  ADJ_INCOMPLETE,
  ADJ_KIND,
  ADJ_KINDS,
  ADJ_LOCAL,
  ADJ_LOOKUP,
  ADJ_NEIGHBOUR,
  ADJ_NEXT_HOP,
  ADJ_NO_ROUTE,
  ADJ_PROHIBIT,
  ADJ_SHIFT,
  ADJ_TUNNEL,
  ADJ_UNREACHABLE,
} from '../tables/adjacencies.js';
import {
  CODE_HOST_UNREACHABLE,
  CODE_NET_UNREACHABLE,
  CODE_PROHIBITED,
  ICMP_UNREACHABLE,
} from '../wire/icmp4.js';
import { icmpErrorAux } from './ip4-icmp-error.js';

const NEXT_LOCAL = 0;
const NEXT_ARP = 1;
const NEXT_ICMP_ERROR = 2;
/** Only plain packets: others meet ip4-rewrite first. */
const NEXT_ENCRYPT = 3;
/** The arc's end, ip4-rewrite. */
const NEXT_OUT = 4;

const COUNT_NO_ROUTE = 0;
const COUNT_BLACKHOLE = 1;
const COUNT_LOCAL_NO_ROUTE = 2;
const COUNT_LINK_GROUP = 3;
const COUNT_UNREACHABLE = 4;
const COUNT_PROHIBITED = 5;
const COUNT_ROUTE_LOOP = 6;

const NEXT_OF_KIND = new Uint8Array(ADJ_KINDS);
NEXT_OF_KIND[ADJ_NO_ROUTE] = NEXT_ICMP_ERROR;
NEXT_OF_KIND[ADJ_LOCAL] = NEXT_LOCAL;
NEXT_OF_KIND[ADJ_GLEAN] = NEXT_ARP;
NEXT_OF_KIND[ADJ_INCOMPLETE] = NEXT_ARP;
NEXT_OF_KIND[ADJ_NEIGHBOUR] = NEXT_OUT;
NEXT_OF_KIND[ADJ_TUNNEL] = NEXT_OUT;
NEXT_OF_KIND[ADJ_BLACKHOLE] = NEXT_DROP;
NEXT_OF_KIND[ADJ_UNREACHABLE] = NEXT_ICMP_ERROR;
NEXT_OF_KIND[ADJ_PROHIBIT] = NEXT_ICMP_ERROR;

export const ip4Lookup = defineNode({
  name: 'ip4-lookup',
  next: ['ip4-local', 'ip4-arp', 'ip4-icmp-error', 'esp-encrypt'],
  arcs: ['ip4-output'],
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
      help: 'the box itself sent to a destination without a route, or one that refuses: see the routes of the outer VRF',
    },
    {
      name: 'link_group',
      severity: 'info',
      drop: true,
      help: 'for a single host, or to be forwarded, in a frame to everyone (RFC 1122 section 3.3.6); or to a group of others',
    },
    {
      name: 'unreachable',
      severity: 'info',
      help: 'matched an unreachable route: answered with ICMP host unreachable',
    },
    {
      name: 'prohibited',
      severity: 'info',
      help: 'matched a prohibit route: answered with ICMP administratively prohibited',
    },
    {
      name: 'route_loop',
      severity: 'error',
      drop: true,
      help: 'routes of several VRFs lead to each other in a circle: see the routes with vrf_lookup',
    },
  ],

  make(context) {
    const { routes4, egress } = context;
    const rows = new Int32Array(FRAME_MAX);
    return (_context, { packets, length: count }, next, counters) => {
      routes4.route(packets, count, rows);
      if (context.plain && egress(packets, count, rows, false, next, NEXT_ENCRYPT, NEXT_LOCAL) === 0) return;
      for (let i = 0; i < count; i++) {
        if (!context.plain || next[i] === NEXT_UNDECIDED) {
          next[i] = choose(context, packets[i]!, rows[i]!, counters);
        }
      }
    };
  },
});

/** The next of a packet whose route leads to the adjacency `first`, or to another behind that. */
function choose(context: NodeContext, packet: number, first: number, counters: Float64Array): number {
  const { pool, adjacencies } = context;
  let row = first;
  let kind = adjacencies[(row << ADJ_SHIFT) + ADJ_KIND]!;
  if (kind >= ADJ_LOOKUP) {
    row = follow(context, packet, row, false);
    if (row === ROUTE_LOOP) {
      pool.adjacency[packet] = 0;
      return drop(pool, packet, counters, COUNT_ROUTE_LOOP);
    }
    kind = adjacencies[(row << ADJ_SHIFT) + ADJ_KIND]!;
  }
  pool.adjacency[packet] = row;
  const flags = pool.flags[packet]!;
  const to = NEXT_OF_KIND[kind]!;
  if (flags & FLAG_LINK_GROUP && !isToAll(adjacencies, row << ADJ_SHIFT)) {
    return drop(pool, packet, counters, COUNT_LINK_GROUP);
  }
  if (to === NEXT_ICMP_ERROR) {
    if (flags & FLAG_LOCAL_ORIGIN) return drop(pool, packet, counters, COUNT_LOCAL_NO_ROUTE);
    counters[countOf(kind)]!++;
    pool.aux[packet] = icmpErrorAux(ICMP_UNREACHABLE, codeOf(kind), 0);
    return to;
  }
  if (to === NEXT_DROP) return drop(pool, packet, counters, COUNT_BLACKHOLE);
  return to === NEXT_OUT ? startArc(NEXT_OUT, adjacencies[(row << ADJ_SHIFT) + ADJ_FEATURES_IP4]!) : to;
}

function drop(pool: PacketPool, packet: number, counters: Float64Array, reason: number): number {
  counters[reason]!++;
  pool.reason[packet] = reason;
  return NEXT_DROP;
}

/** The counter of a kind that is answered with an error. */
function countOf(kind: number): number {
  if (kind === ADJ_UNREACHABLE) return COUNT_UNREACHABLE;
  return kind === ADJ_PROHIBIT ? COUNT_PROHIBITED : COUNT_NO_ROUTE;
}

/** Its code (RFC 1812 section 5.2.7.1). */
function codeOf(kind: number): number {
  if (kind === ADJ_UNREACHABLE) return CODE_HOST_UNREACHABLE;
  return kind === ADJ_PROHIBIT ? CODE_PROHIBITED : CODE_NET_UNREACHABLE;
}

/** True for the box's adjacency of broadcasts and groups, which names no address. */
function isToAll(adjacencies: Int32Array, at: number): boolean {
  return adjacencies[at + ADJ_KIND] === ADJ_LOCAL && adjacencies[at + ADJ_NEXT_HOP] === 0;
}

// ip6-lookup: longest-prefix match of the destination in the packet's VRF; of a link-local one, in the zone of the
// interface that the packet came in by (RFC 4007).
//
// Expects: ip6-input has run, or the box made the packet; vrf, l3 and, for a link-local destination, rxInterface set.
// Next:    by the adjacency's kind; to a neighbour or tunnel through the features of ip6-output. Sets adjacency,
//          and vrf when a route leads to another. Plain packets are sent from here, or go to esp-encrypt: see
//          plain-egress.ts.
import { startArc } from '../graph/arcs.js';
import type { NodeContext } from '../graph/context.js';
import { follow, ROUTE_LOOP } from '../graph/follow-route.js';
import { FRAME_MAX } from '../graph/frame.js';
import { defineNode, NEXT_DROP, NEXT_UNDECIDED } from '../graph/node.js';
import { FLAG_LINK_GROUP, FLAG_LOCAL_ORIGIN, type PacketPool } from '../memory/packet-pool.js';
import {
  ADJ_BLACKHOLE,
  ADJ_FEATURES_IP6,
  ADJ_GLEAN,
  ADJ_INCOMPLETE,
  ADJ_INTERFACE,
  ADJ_KIND,
  ADJ_KINDS,
  ADJ_LOCAL,
  ADJ_LOOKUP,
  ADJ_NEIGHBOUR,
  ADJ_NO_ROUTE,
  ADJ_PROHIBIT,
  ADJ_SHIFT,
  ADJ_TUNNEL,
  ADJ_UNREACHABLE,
  isToAll6,
} from '../tables/adjacencies.js';
import { isLinkLocalWord, LINK_LOCAL_VRF, zoneWord } from '../tables/ip6-scope.js';
import {
  CODE6_ADDRESS_UNREACHABLE,
  CODE6_BEYOND_SCOPE,
  CODE6_NO_ROUTE,
  CODE6_PROHIBITED,
  ICMP6_UNREACHABLE,
} from '../wire/icmp6.js';
import { swap32 } from '../wire/ip4.js';
import { IP6_DST, IP6_SRC, isLinkLocalAt } from '../wire/ip6.js';
import { icmpErrorAux } from './icmp-error.js';

const NEXT_LOCAL = 0;
const NEXT_ND = 1;
const NEXT_ICMP_ERROR = 2;
/** Only plain packets: others meet ip6-rewrite first. */
const NEXT_ENCRYPT = 3;
/** The arc's end, ip6-rewrite. */
const NEXT_OUT = 4;

const COUNT_NO_ROUTE = 0;
const COUNT_BLACKHOLE = 1;
const COUNT_LOCAL_NO_ROUTE = 2;
const COUNT_LINK_GROUP = 3;
const COUNT_BEYOND_SCOPE = 4;
const COUNT_LINK_LOCAL = 5;
const COUNT_GROUP = 6;
const COUNT_UNREACHABLE = 7;
const COUNT_PROHIBITED = 8;
const COUNT_ROUTE_LOOP = 9;

const NEXT_OF_KIND = new Uint8Array(ADJ_KINDS);
NEXT_OF_KIND[ADJ_NO_ROUTE] = NEXT_ICMP_ERROR;
NEXT_OF_KIND[ADJ_LOCAL] = NEXT_LOCAL;
NEXT_OF_KIND[ADJ_GLEAN] = NEXT_ND;
NEXT_OF_KIND[ADJ_INCOMPLETE] = NEXT_ND;
NEXT_OF_KIND[ADJ_NEIGHBOUR] = NEXT_OUT;
NEXT_OF_KIND[ADJ_TUNNEL] = NEXT_OUT;
NEXT_OF_KIND[ADJ_BLACKHOLE] = NEXT_DROP;
NEXT_OF_KIND[ADJ_UNREACHABLE] = NEXT_ICMP_ERROR;
NEXT_OF_KIND[ADJ_PROHIBIT] = NEXT_ICMP_ERROR;

export const ip6Lookup = defineNode({
  name: 'ip6-lookup',
  next: ['ip6-local', 'ip6-nd', 'ip6-icmp-error', 'esp-encrypt'],
  arcs: ['ip6-output'],
  counters: [
    {
      name: 'no_route',
      severity: 'warning',
      help: 'no route to the destination: answered with ICMPv6 no route',
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
      help: 'for a single host, or to be forwarded, in a frame to a group',
    },
    {
      name: 'beyond_scope',
      severity: 'info',
      help: 'from a link-local address to another link: answered with ICMPv6 beyond scope of source address',
    },
    {
      name: 'link_local',
      severity: 'info',
      drop: true,
      help: 'to the link-local address of another node: never forwarded (RFC 4007)',
    },
    {
      name: 'group',
      severity: 'info',
      drop: true,
      help: 'to a group that is not of the link: multicast is not forwarded',
    },
    {
      name: 'unreachable',
      severity: 'info',
      help: 'matched an unreachable route: answered with ICMPv6 address unreachable',
    },
    {
      name: 'prohibited',
      severity: 'info',
      help: 'matched a prohibit route: answered with ICMPv6 administratively prohibited',
    },
    {
      name: 'route_loop',
      severity: 'error',
      drop: true,
      help: 'routes of several VRFs lead to each other in a circle: see the routes with vrf_lookup',
    },
  ],

  make(context) {
    const { pool, fib6, egress } = context;
    const { l3, vrf, rxInterface, bytes, i32 } = pool;
    const rows = new Int32Array(FRAME_MAX);
    /** The same rows, but 0 for packets that need a closer look than their adjacency's kind says. */
    const plainRows = new Int32Array(FRAME_MAX);
    return (_context, { packets, length: count }, next, counters) => {
      for (let i = 0; i < count; i++) {
        const packet = packets[i]!;
        const ip = l3[packet]!;
        const at = (ip + IP6_DST) >>> 2;
        const first = swap32(i32[at]!);
        const linkLocal = isLinkLocalWord(first);
        const row = fib6.lookup(
          linkLocal ? LINK_LOCAL_VRF : vrf[packet]!,
          linkLocal ? zoneWord(first, rxInterface[packet]!) : first,
          swap32(i32[at + 1]!),
          swap32(i32[at + 2]!),
          swap32(i32[at + 3]!),
        );
        rows[i] = row;
        plainRows[i] = linkLocal || first >>> 24 === 0xff || isLinkLocalAt(bytes, ip + IP6_SRC) ? 0 : row;
      }
      if (context.plain && egress(packets, count, plainRows, true, next, NEXT_ENCRYPT, NEXT_LOCAL) === 0)
        return;
      for (let i = 0; i < count; i++) {
        if (!context.plain || next[i] === NEXT_UNDECIDED) {
          next[i] = choose(context, packets[i]!, rows[i]!, counters);
        }
      }
    };
  },
});

/** The next of a packet whose route leads to the adjacency `found`, or to another behind that. */
function choose(context: NodeContext, packet: number, found: number, counters: Float64Array): number {
  const { pool, adjacencies } = context;
  const { bytes } = pool;
  let row = found;
  let kind = adjacencies[(row << ADJ_SHIFT) + ADJ_KIND]!;
  if (kind >= ADJ_LOOKUP) {
    row = follow(context, packet, row, true);
    if (row === ROUTE_LOOP) {
      pool.adjacency[packet] = 0;
      return drop(pool, packet, counters, COUNT_ROUTE_LOOP);
    }
    kind = adjacencies[(row << ADJ_SHIFT) + ADJ_KIND]!;
  }
  pool.adjacency[packet] = row;
  const ip = pool.l3[packet]!;
  const first = swap32(pool.i32[(ip + IP6_DST) >>> 2]!);
  const isGroup = first >>> 24 === 0xff;
  const flags = pool.flags[packet]!;
  const to = NEXT_OF_KIND[kind]!;
  if (flags & FLAG_LINK_GROUP && !isToAll6(adjacencies, row << ADJ_SHIFT)) {
    return drop(pool, packet, counters, isGroup ? COUNT_GROUP : COUNT_LINK_GROUP);
  }
  if (to === NEXT_LOCAL) return to;
  if (to === NEXT_DROP) return drop(pool, packet, counters, COUNT_BLACKHOLE);
  if (flags & FLAG_LOCAL_ORIGIN) {
    if (to === NEXT_ICMP_ERROR) return drop(pool, packet, counters, COUNT_LOCAL_NO_ROUTE);
  } else if (isLinkLocalWord(first)) {
    return drop(pool, packet, counters, COUNT_LINK_LOCAL);
  } else if (isGroup) {
    return drop(pool, packet, counters, COUNT_GROUP);
  } else if (to === NEXT_ICMP_ERROR) {
    counters[countOf(kind)]!++;
    pool.aux[packet] = icmpErrorAux(ICMP6_UNREACHABLE, codeOf(kind), 0);
    return to;
  } else if (
    isLinkLocalAt(bytes, ip + IP6_SRC) &&
    adjacencies[(row << ADJ_SHIFT) + ADJ_INTERFACE] !== pool.rxInterface[packet]
  ) {
    counters[COUNT_BEYOND_SCOPE]!++;
    pool.aux[packet] = icmpErrorAux(ICMP6_UNREACHABLE, CODE6_BEYOND_SCOPE, 0);
    return NEXT_ICMP_ERROR;
  }
  return to === NEXT_OUT ? startArc(NEXT_OUT, adjacencies[(row << ADJ_SHIFT) + ADJ_FEATURES_IP6]!) : to;
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

/** Its code (RFC 4443 section 3.1). */
function codeOf(kind: number): number {
  if (kind === ADJ_UNREACHABLE) return CODE6_ADDRESS_UNREACHABLE;
  return kind === ADJ_PROHIBIT ? CODE6_PROHIBITED : CODE6_NO_ROUTE;
}

// What becomes of plain packets once their route is found, in one pass: TTL, link header, and the port's queue.
//
// A packet is plain when ip4-rewrite (ip6-rewrite) and interface-output would do nothing but send it: its neighbour is
// known, no optional node stands on the way out, it fits the MTU, lives on, and leaves by a port of this worker. Into a
// tunnel it goes to esp-encrypt, and what is for the box to ip4-local or ip6-local. All others are left to their nodes.
import { FLAG_LINK_GROUP, FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import {
  ADJ_FEATURES_IP4,
  ADJ_FEATURES_IP6,
  ADJ_INTERFACE,
  ADJ_KIND,
  ADJ_LOCAL,
  ADJ_LOOKUP,
  ADJ_MTU,
  ADJ_NEIGHBOUR,
  ADJ_SHIFT,
  ADJ_TUNNEL,
  ADJACENCIES_MAX,
} from '../tables/adjacencies.js';
import { ETHERNET_BYTES } from '../wire/ethernet.js';
import { IP4_TTL, oneHopOn4 } from '../wire/ip4.js';
import { IP6_HOP_LIMIT } from '../wire/ip6.js';
import type { NodeContext, Outlet } from './context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_TX_BYTES, INTERFACE_TX_PACKETS } from './counters.js';
import { follow, type RouteTables } from './follow-route.js';
import { BUSY_FEATURES, passesIdle4, passesIdle6 } from './idle-features.js';
import { putEthernet } from './link-header.js';
import { NEXT_CONSUMED, NEXT_UNDECIDED } from './node.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const FEATURES4 = ADJ_FEATURES_IP4;
const FEATURES6 = ADJ_FEATURES_IP6;
const INTERFACE = ADJ_INTERFACE;
const KIND = ADJ_KIND;
const LOCAL = ADJ_LOCAL;
const LOOKUP = ADJ_LOOKUP;
const MTU = ADJ_MTU;
const NEIGHBOUR = ADJ_NEIGHBOUR;
const ROW_SHIFT = ADJ_SHIFT;
const TUNNEL = ADJ_TUNNEL;
const ROWS = ADJACENCIES_MAX;
const HEADER = ETHERNET_BYTES;
const SENT = NEXT_CONSUMED;
const UNDECIDED = NEXT_UNDECIDED;
const hopOn = oneHopOn4;
const putLink = putEthernet;
const BUSY = BUSY_FEATURES;
const idle4 = passesIdle4;
const idle6 = passesIdle6;
const LINK_GROUP = FLAG_LINK_GROUP;
const LOCAL_ORIGIN = FLAG_LOCAL_ORIGIN;

/**
 * Sends the plain ones of the first `count` packets by the adjacencies `rows`, all of one family, and fills their
 * `next`: NEXT_CONSUMED, `encrypt` into a tunnel, or `local` for the box; NEXT_UNDECIDED for all others. Returns how many
 * were not sent.
 */
export type PlainEgress = (
  packets: Int32Array,
  count: number,
  rows: Int32Array,
  isIp6: boolean,
  next: Uint8Array,
  encrypt: number,
  local: number,
) => number;

/** The queue of no port: it is full. */
export const NO_QUEUE = new Int32Array(0);

/** Packets that were added to an outlet's queue: the queue's new length, and the interface's figures. */
export function settleOutlet(
  outlet: Outlet,
  row: number,
  held: number,
  octets: number,
  counters: Float64Array,
): void {
  const at = row << INTERFACE_COUNTERS_SHIFT;
  counters[at + INTERFACE_TX_PACKETS]! += held - outlet.length;
  counters[at + INTERFACE_TX_BYTES]! += octets;
  outlet.length = held;
}

/** Makes it for a worker, once: see NodeDefinition.make. */
export function makePlainEgress(
  context: RouteTables & Pick<NodeContext, 'interfaceCounters' | 'services'>,
): PlainEgress {
  const { pool, adjacencies, interfaceCounters, services } = context;
  const { offset, length, l3, flags, adjacency, txInterface, u16, i32, frames } = pool;

  /** The next of a packet whose adjacency is the box. */
  function toBox(packet: number, row: number, local: number): number {
    if (flags[packet]! & LINK_GROUP) return UNDECIDED;
    adjacency[packet] = row;
    return local;
  }

  return (packets, count, rows, isIp6, next, encrypt, local) => {
    const features = isIp6 ? FEATURES6 : FEATURES4;
    const hopsWord = (isIp6 ? IP6_HOP_LIMIT : IP4_TTL) >>> 2;
    let left = 0;
    // Packets of a vector mostly leave by one interface: its queue, and what is still to be counted of it.
    let via = -1;
    let outlet: Outlet | null = null;
    let waiting: Int32Array = NO_QUEUE;
    let held = 0;
    let octets = 0;
    for (let i = 0; i < count; i++) {
      const packet = packets[i]!;
      let found = rows[i]!;
      let row = (found & (ROWS - 1)) << ROW_SHIFT;
      let kind = adjacencies[row + KIND]!;
      if (kind >= LOOKUP) {
        // One of several, or of another VRF. There is no adjacency 0: a circle of routes is the node's to count.
        found = Math.max(0, follow(context, packet, found, isIp6));
        row = (found & (ROWS - 1)) << ROW_SHIFT;
        kind = adjacencies[row + KIND]!;
      }
      const ip = l3[packet]!;
      const size = length[packet]! - (ip - offset[packet]!);
      const hopsAt = (ip >>> 2) + hopsWord;
      const hops = i32[hopsAt]!;
      const own = flags[packet]! & LOCAL_ORIGIN;
      if (
        (adjacencies[row + features] !== 0 &&
          ((adjacencies[row + features]! & BUSY) !== 0 ||
            !(isIp6 ? idle6(i32, ip >>> 2) : idle4(i32, ip >>> 2)))) ||
        size > adjacencies[row + MTU]! ||
        (flags[packet]! & LINK_GROUP) !== 0 ||
        ((isIp6 ? hops >>> 24 : hops & 0xff) <= 1 && own === 0)
      ) {
        next[i] = kind === LOCAL ? toBox(packet, found, local) : UNDECIDED;
        left++;
        continue;
      }
      if (kind === NEIGHBOUR && packet < frames) {
        const to = adjacencies[row + INTERFACE]!;
        if (to !== via) {
          if (outlet !== null) settleOutlet(outlet, via, held, octets, interfaceCounters);
          via = to;
          outlet = services.outlet(to);
          waiting = outlet === null ? NO_QUEUE : outlet.waiting;
          held = outlet === null ? 0 : outlet.length;
          octets = 0;
        }
        if (held < waiting.length) {
          if (own === 0) i32[hopsAt] = isIp6 ? hops - (1 << 24) : hopOn(hops);
          putLink(u16, i32, adjacencies, row, ip);
          offset[packet] = ip - HEADER;
          length[packet] = size + HEADER;
          octets += size + HEADER;
          waiting[held++] = packet;
          next[i] = SENT;
          continue;
        }
      } else if (kind === TUNNEL) {
        if (own === 0) i32[hopsAt] = isIp6 ? hops - (1 << 24) : hopOn(hops);
        offset[packet] = ip;
        length[packet] = size;
        adjacency[packet] = found;
        txInterface[packet] = adjacencies[row + INTERFACE]!;
        next[i] = encrypt;
        left++;
        continue;
      }
      next[i] = kind === LOCAL ? toBox(packet, found, local) : UNDECIDED;
      left++;
    }
    if (outlet !== null) settleOutlet(outlet, via, held, octets, interfaceCounters);
    return left;
  };
}

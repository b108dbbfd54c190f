// The common case of what an Ethernet port receives: a frame to the port's MAC address with an IP packet that needs
// nothing special. Its header is checked, its route looked up, and it is sent as plain-egress.ts says.
//
// What the first level of the IPv4 FIB answers leaves in the same pass. Packets that need more levels, and those of IPv6,
// are set aside and looked up together: the cache misses of a large table overlap.
import {
  ADJ_FEATURES_IP4,
  ADJ_INTERFACE,
  ADJ_KIND,
  ADJ_LOCAL,
  ADJ_MTU,
  ADJ_MULTIPATH,
  ADJ_NEIGHBOUR,
  ADJ_NEXT_HOP,
  ADJ_SHIFT,
  ADJ_TUNNEL,
  ADJACENCIES_MAX,
} from '../tables/adjacencies.js';
import { BLOCK_SHIFT_MIN, LEAF_ADJACENCY } from '../tables/fib-layout.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import { PATHS_SEED } from '../tables/paths.js';
import { ETHERNET_BYTES, ETHERNET_TYPE } from '../wire/ethernet.js';
import { plainFlowHash4 } from '../wire/flow.js';
import { IP4_BYTES, IP4_DST, IP4_FRAGMENTED, IP4_ID, oneHopOn4, PROTOCOL_ESP, swap32 } from '../wire/ip4.js';
import { IP6_BYTES } from '../wire/ip6.js';
import { plainLength4, plainLength6 } from '../wire/plain-header.js';
import { startArc } from './arcs.js';
import type { NodeContext, Outlet } from './context.js';
import { FRAME_MAX } from './frame.js';
import { BUSY_FEATURES, passesIdle4, passesIdle6 } from './idle-features.js';
import { putEthernet } from './link-header.js';
import { NEXT_CONSUMED, NEXT_UNDECIDED } from './node.js';
import { NO_QUEUE, settleOutlet } from './plain-egress.js';
import { makePlainEsp } from './plain-esp.js';
import { makeRouteVector6 } from './route-vector6.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const FEATURES = ADJ_FEATURES_IP4;
const INTERFACE = ADJ_INTERFACE;
const KIND = ADJ_KIND;
const LOCAL = ADJ_LOCAL;
const MTU = ADJ_MTU;
const MULTIPATH = ADJ_MULTIPATH;
const NEIGHBOUR = ADJ_NEIGHBOUR;
const NEXT_HOP = ADJ_NEXT_HOP;
const ROW_SHIFT = ADJ_SHIFT;
const TUNNEL = ADJ_TUNNEL;
const ROWS = ADJACENCIES_MAX;
const LEAF = LEAF_ADJACENCY;
const HOME_SHIFT = BLOCK_SHIFT_MIN;
const HEADER = ETHERNET_BYTES;
const TYPE = ETHERNET_TYPE;
const SENT = NEXT_CONSUMED;
const UNDECIDED = NEXT_UNDECIDED;
const hopOn = oneHopOn4;
const length4 = plainLength4;
const length6 = plainLength6;
const putLink = putEthernet;
const hash4 = plainFlowHash4;
const SEED = PATHS_SEED;
const BUSY = BUSY_FEATURES;
const idle4 = passesIdle4;
const idle6 = passesIdle6;
const ID4 = IP4_ID;
const DST4 = IP4_DST;
const swap = swap32;
const FRAGMENTED = IP4_FRAGMENTED;

/** Ethertypes as a little-endian 16-bit load finds them. */
export const TYPE_IP4 = 0x0008;
export const TYPE_IP6 = 0xdd86;

/** Instead of the first two octets of an interface's MAC address: no frame has it. */
const NO_MAC = -1;
/** Octets that a frame must have before its IP header is read. */
const LEAST4 = HEADER + IP4_BYTES;
const LEAST6 = HEADER + IP6_BYTES;
/** The protocol in the word that has it, as a little-endian load finds it. */
const PROTOCOL = 0xff00;
const ESP = PROTOCOL_ESP << 8;

/** Where packets go on that this file does not send. */
export interface PlainNexts {
  encrypt: number;
  espInput: number;
  decrypt: number;
  local4: number;
  local6: number;
  /** Instead of local4 with fragments. */
  reassembly4: number;
  /** The arcs ip4-unicast and ip6-unicast. */
  arc4: number;
  arc6: number;
}

/**
 * Fills `next` of the first `count` packets: NEXT_CONSUMED for those sent, NEXT_UNDECIDED for those that are not plain.
 * Returns how many were not sent. Sets l3 and vrf of what goes on.
 */
export type PlainInput = (packets: Int32Array, count: number, next: Uint8Array) => number;

/** Makes it for a worker, once: see NodeDefinition.make. */
export function makePlainInput(
  context: NodeContext,
  { encrypt, espInput, decrypt, local4, local6, reassembly4, arc4, arc6 }: PlainNexts,
): PlainInput {
  const { pool, interfaces, services, adjacencies, paths, interfaceCounters, routes4, fib6, egress } =
    context;
  const { offset, length, l3, rxInterface, txInterface, vrf, adjacency, u16, i32, frames } = pool;
  const { state, bridge, mac0, mac2, features4, features6 } = interfaces;
  const { fib } = context;
  const { entries, roots, defaults } = fib;
  const esp = makePlainEsp(context, espInput, decrypt);
  const route6 = makeRouteVector6(pool, fib6);
  // Set aside: packets, their places in the vector, what is looked up and found, and where they go.
  const deep = new Int32Array(FRAME_MAX);
  const deepAt = new Int32Array(FRAME_MAX);
  const destinations = new Int32Array(FRAME_MAX);
  const six = new Int32Array(FRAME_MAX);
  const sixAt = new Int32Array(FRAME_MAX);
  const rows = new Int32Array(FRAME_MAX);
  const onward = new Uint8Array(FRAME_MAX);
  // The last address of the box that a packet was for, as it is loaded from packets: looked up once a vector, mostly.
  let ofBox = 0;

  /** Sends what was set aside, whose `next` is NEXT_CONSUMED; says where the others go, and returns how many those are. */
  function leave(
    packets: Int32Array,
    places: Int32Array,
    count: number,
    isIp6: boolean,
    next: Uint8Array,
  ): number {
    const left = egress(packets, count, rows, isIp6, onward, encrypt, isIp6 ? local6 : local4);
    if (left === 0) return 0;
    const otherwise = isIp6 ? arc6 : arc4;
    for (let k = 0; k < count; k++) {
      let to = onward[k]!;
      if (to === UNDECIDED) to = otherwise;
      else if (to === local4 && !isIp6) {
        const ip = l3[packets[k]!]!;
        ofBox = i32[(ip + DST4) >>> 2]!;
        if (i32[(ip + ID4) >>> 2]! & FRAGMENTED) to = reassembly4;
      }
      next[places[k]!] = to;
    }
    return left;
  }

  return (packets, count, next) => {
    // Packets of a vector mostly came in by one interface: what is to be known of it.
    let row = -1;
    let to0 = NO_MAC;
    let to2 = 0;
    let table = 0;
    let root = -1;
    let fallback = 0;
    let box = 0;
    let boxLeaf = 0;
    let onward4 = arc4;
    let onward6 = arc6;
    // Whether there are features, and where those go on that pass them by.
    let looks4 = false;
    let looks6 = false;
    let past4 = arc4;
    let past6 = arc6;
    // They mostly leave by one interface, too: its queue, and what is still to be counted of it.
    let via = -1;
    let outlet: Outlet | null = null;
    let waiting: Int32Array = NO_QUEUE;
    let held = 0;
    let octets = 0;
    let left = 0;
    let deepCount = 0;
    let sixCount = 0;
    esp.begin();
    for (let i = 0; i < count; i++) {
      const packet = packets[i]!;
      const at = offset[packet]!;
      const size = length[packet]!;
      if (rxInterface[packet] !== row) {
        row = rxInterface[packet]!;
        to0 = state[row] === INTERFACE_UP && bridge[row] === 0 ? mac0[row]! : NO_MAC;
        to2 = mac2[row]!;
        table = interfaces.vrf[row]!;
        looks4 = features4[row] !== 0;
        looks6 = features6[row] !== 0;
        root = (features4[row]! & BUSY) === 0 ? roots[table]! : -1;
        fallback = root < 0 ? 0 : defaults[root >>> HOME_SHIFT]!;
        box = 0;
        if (root >= 0 && ofBox !== 0) {
          boxLeaf = fib.lookup(table, swap(ofBox));
          if (adjacencies[((boxLeaf & (ROWS - 1)) << ROW_SHIFT) + KIND] === LOCAL) box = ofBox;
        }
        onward4 = startArc(arc4, features4[row]!);
        onward6 = startArc(arc6, features6[row]!);
        past4 = (features4[row]! & BUSY) === 0 ? arc4 : onward4;
        past6 = (features6[row]! & BUSY) === 0 ? arc6 : onward6;
      }
      if (size >= LEAST4 && u16[at >>> 1] === to0 && i32[(at + 2) >>> 2] === to2) {
        const ip = at + HEADER;
        const word = ip >>> 2;
        const type = u16[(at + TYPE) >>> 1]!;
        if (type === TYPE_IP4) {
          const total = length4(i32, word, size - HEADER);
          if (total !== 0) {
            const hops = i32[word + 2]!;
            const passes = !looks4 || idle4(i32, word);
            if ((hops & PROTOCOL) === ESP && passes && past4 === arc4) {
              const to = esp.next(packet, word, total, table);
              if (to >= 0) {
                length[packet] = HEADER + total;
                l3[packet] = ip;
                vrf[packet] = table;
                next[i] = to;
                left++;
                continue;
              }
            }
            if (passes && root >= 0) {
              const to = i32[word + 4]!;
              const entry = entries[root + (((to & 0xff) << 8) | ((to >>> 8) & 0xff))]!;
              if (entry < 0) {
                length[packet] = HEADER + total;
                l3[packet] = ip;
                vrf[packet] = table;
                if (to === box) {
                  adjacency[packet] = boxLeaf;
                  next[i] = i32[word + 1]! & FRAGMENTED ? reassembly4 : local4;
                  left++;
                  continue;
                }
                deep[deepCount] = packet;
                deepAt[deepCount] = i;
                destinations[deepCount] = to;
                rows[deepCount++] = entry;
                next[i] = SENT;
                continue;
              }
              let leaf = entry & LEAF;
              if (leaf === 0 && defaults[root >>> HOME_SHIFT] === fallback) leaf = fallback & LEAF;
              let adj = (leaf & (ROWS - 1)) << ROW_SHIFT;
              let kind = adjacencies[adj + KIND]!;
              if (kind === MULTIPATH && (i32[word + 1]! & FRAGMENTED) === 0) {
                const bucket = hash4(i32, word, total, paths[SEED]!) & adjacencies[adj + MTU]!;
                leaf = paths[adjacencies[adj + NEXT_HOP]! + bucket]!;
                adj = (leaf & (ROWS - 1)) << ROW_SHIFT;
                kind = adjacencies[adj + KIND]!;
              }
              if (
                (adjacencies[adj + FEATURES] === 0 ||
                  ((adjacencies[adj + FEATURES]! & BUSY) === 0 && idle4(i32, word))) &&
                total <= adjacencies[adj + MTU]! &&
                (hops & 0xff) > 1
              ) {
                if (kind === NEIGHBOUR && packet < frames) {
                  const leaves = adjacencies[adj + INTERFACE]!;
                  if (leaves !== via) {
                    if (outlet !== null) settleOutlet(outlet, via, held, octets, interfaceCounters);
                    via = leaves;
                    outlet = services.outlet(leaves);
                    waiting = outlet === null ? NO_QUEUE : outlet.waiting;
                    held = outlet === null ? 0 : outlet.length;
                    octets = 0;
                  }
                  if (held < waiting.length) {
                    i32[word + 2] = hopOn(hops);
                    putLink(u16, i32, adjacencies, adj, ip);
                    length[packet] = HEADER + total;
                    octets += HEADER + total;
                    waiting[held++] = packet;
                    next[i] = SENT;
                    continue;
                  }
                } else if (kind === TUNNEL) {
                  i32[word + 2] = hopOn(hops);
                  offset[packet] = ip;
                  length[packet] = total;
                  l3[packet] = ip;
                  vrf[packet] = table;
                  adjacency[packet] = leaf;
                  txInterface[packet] = adjacencies[adj + INTERFACE]!;
                  next[i] = encrypt;
                  left++;
                  continue;
                }
              }
            }
            length[packet] = HEADER + total;
            l3[packet] = ip;
            vrf[packet] = table;
            next[i] = passes ? past4 : onward4;
            left++;
            continue;
          }
        } else if (type === TYPE_IP6 && size >= LEAST6) {
          const total = length6(i32, word, size - HEADER);
          if (total !== 0) {
            length[packet] = HEADER + total;
            l3[packet] = ip;
            vrf[packet] = table;
            const to = !looks6 || idle6(i32, word) ? past6 : onward6;
            if (to === arc6) {
              six[sixCount] = packet;
              sixAt[sixCount++] = i;
              next[i] = SENT;
            } else {
              next[i] = to;
              left++;
            }
            continue;
          }
        }
      }
      next[i] = UNDECIDED;
      left++;
    }
    if (outlet !== null) settleOutlet(outlet, via, held, octets, interfaceCounters);
    if (deepCount > 0) {
      // A default route behind the first level is for ip4-lookup to find.
      routes4.below(destinations, deepCount, rows, 0);
      left += leave(deep, deepAt, deepCount, false, next);
    }
    if (sixCount > 0) {
      route6(six, sixCount, rows);
      left += leave(six, sixAt, sixCount, true, next);
    }
    return left;
  };
}

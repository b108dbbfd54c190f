// ethernet-input: the first node of what an Ethernet port receives.
//
// Expects: pool.offset at an Ethernet header, 2 modulo 4; rxInterface set.
// Next:    ip4-input, ip6-input, arp-input. Sets l3, vrf, and FLAG_LINK_GROUP for frames to a group address. vlan-input for
//          tagged frames, l2-input for what a member of a bridge received: they bring back here what is for the box.
//          Plain packets, whose header is looked at here, go on behind ip4-input or ip6-input at once; see plain.
import { ARC_NEXTS, startArc } from '../graph/arcs.js';
import type { Outlet } from '../graph/context.js';
import { putEthernet } from '../graph/link-header.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { NO_QUEUE, settleOutlet } from '../graph/plain-egress.js';
import { FLAG_LINK_GROUP, type PacketPool } from '../memory/packet-pool.js';
import {
  ADJ_FEATURES_IP4,
  ADJ_INTERFACE,
  ADJ_KIND,
  ADJ_MTU,
  ADJ_NEIGHBOUR,
  ADJ_SHIFT,
  ADJ_TUNNEL,
  ADJACENCIES_MAX,
} from '../tables/adjacencies.js';
import { BLOCK_SHIFT_MIN, LEAF_ADJACENCY } from '../tables/fib-layout.js';
import { INTERFACE_UP, type InterfaceTable } from '../tables/interfaces.js';
import { ETHERNET_BYTES, ETHERNET_TYPE } from '../wire/ethernet.js';
import { IP4_BYTES, oneHopOn4 } from '../wire/ip4.js';
import { IP6_BYTES } from '../wire/ip6.js';
import { plainLength4, plainLength6 } from '../wire/plain-header.js';
import { TYPE_QINQ, TYPE_VLAN } from '../wire/vlan.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const FEATURES = ADJ_FEATURES_IP4;
const INTERFACE = ADJ_INTERFACE;
const KIND = ADJ_KIND;
const MTU = ADJ_MTU;
const NEIGHBOUR = ADJ_NEIGHBOUR;
const ROW_SHIFT = ADJ_SHIFT;
const TUNNEL = ADJ_TUNNEL;
const ROWS = ADJACENCIES_MAX;
const LEAF = LEAF_ADJACENCY;
const HOME_SHIFT = BLOCK_SHIFT_MIN;
const HEADER = ETHERNET_BYTES;
const TYPE = ETHERNET_TYPE;
const SENT = NEXT_CONSUMED;
const hopOn = oneHopOn4;
const length4 = plainLength4;
const length6 = plainLength6;
const putLink = putEthernet;

const NEXT_IP4 = 0;
const NEXT_ARP = 1;
const NEXT_IP6 = 2;
const NEXT_VLAN = 3;
const NEXT_BRIDGE = 4;
const NEXT_ENCRYPT = 5;
/** Where what plain packets would meet in ip4-input and ip6-input is behind them. */
const NEXT_ARC4 = 6;
const NEXT_ARC6 = NEXT_ARC4 + ARC_NEXTS;

const COUNT_RUNT = 0;
const COUNT_OTHER_HOST = 1;
const COUNT_UNKNOWN_TYPE = 2;
const COUNT_DOWN = 3;

/** Ethertypes as a little-endian 16-bit load finds them. */
const TYPE_IP4 = 0x0008;
const TYPE_ARP = 0x0608;
const TYPE_IP6 = 0xdd86;

/** Instead of the first two octets of an interface's MAC address: no frame has it. */
const NO_MAC = -1;
/** Octets that a frame must have before its IP header is read. */
const LEAST4 = HEADER + IP4_BYTES;
const LEAST6 = HEADER + IP6_BYTES;

export const ethernetInput = defineNode({
  name: 'ethernet-input',
  frames: true,
  next: ['ip4-input', 'arp-input', 'ip6-input', 'vlan-input', 'l2-input', 'esp-encrypt'],
  arcs: ['ip4-unicast', 'ip6-unicast'],
  counters: [
    { name: 'runt', severity: 'error', drop: true, help: 'shorter than an Ethernet header' },
    { name: 'other_host', severity: 'info', drop: true, help: "addressed to another station's MAC address" },
    {
      name: 'unknown_type',
      severity: 'info',
      drop: true,
      help: 'of a protocol that the gateway does not speak',
    },
    {
      name: 'interface_down',
      severity: 'info',
      drop: true,
      help: 'received on an interface that is disabled',
    },
  ],

  make(context) {
    const { pool, interfaces, services, adjacencies, interfaceCounters } = context;
    const { offset, length, l3, rxInterface, txInterface, vrf, adjacency, u16, i32, frames } = pool;
    const { state, bridge, mac0, mac2, features4, features6 } = interfaces;
    const { entries, roots, defaults } = context.fib;
    return (_context, frame, next, counters) => {
      const { packets, length: count } = frame;
      // Packets of a vector mostly came in by one interface: what is to be known of it.
      let row = -1;
      let to0 = NO_MAC;
      let to2 = 0;
      let table = 0;
      let root = -1;
      let fallback = 0;
      let onward4 = NEXT_IP4;
      let onward6 = NEXT_IP6;
      // They mostly leave by one interface, too: its queue, and what is still to be counted of it.
      let via = -1;
      let outlet: Outlet | null = null;
      let waiting: Int32Array = NO_QUEUE;
      let held = 0;
      let octets = 0;
      let left = 0;
      for (let i = 0; i < count; i++) {
        const packet = packets[i]!;
        const at = offset[packet]!;
        const size = length[packet]!;
        if (rxInterface[packet] !== row) {
          row = rxInterface[packet]!;
          const isPlain = context.plain && state[row] === INTERFACE_UP && bridge[row] === 0;
          to0 = isPlain ? mac0[row]! : NO_MAC;
          to2 = mac2[row]!;
          table = interfaces.vrf[row]!;
          root = features4[row] === 0 ? roots[table]! : -1;
          fallback = root < 0 ? 0 : defaults[root >>> HOME_SHIFT]!;
          onward4 = startArc(NEXT_ARC4, features4[row]!);
          onward6 = startArc(NEXT_ARC6, features6[row]!);
        }
        if (size < LEAST4 || u16[at >>> 1] !== to0 || i32[(at + 2) >>> 2] !== to2) {
          next[i] = look(pool, interfaces, packet, counters);
          left++;
          continue;
        }
        const ip = at + HEADER;
        const word = ip >>> 2;
        const type = u16[(at + TYPE) >>> 1]!;
        if (type === TYPE_IP4) {
          const total = length4(i32, word, size - HEADER);
          if (total !== 0) {
            const hops = i32[word + 2]!;
            if (root >= 0 && (hops & 0xff) > 1) {
              const to = i32[word + 4]!;
              const entry = entries[root + (((to & 0xff) << 8) | ((to >>> 8) & 0xff))]!;
              // 0 is no adjacency.
              let leaf = entry < 0 ? 0 : entry & LEAF;
              if (entry >= 0 && leaf === 0 && defaults[root >>> HOME_SHIFT] === fallback) {
                leaf = fallback & LEAF;
              }
              const adj = (leaf & (ROWS - 1)) << ROW_SHIFT;
              const kind = adjacencies[adj + KIND]!;
              if (adjacencies[adj + FEATURES] === 0 && total <= adjacencies[adj + MTU]!) {
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
                  next[i] = NEXT_ENCRYPT;
                  left++;
                  continue;
                }
              }
            }
            length[packet] = HEADER + total;
            l3[packet] = ip;
            vrf[packet] = table;
            next[i] = onward4;
            left++;
            continue;
          }
        } else if (type === TYPE_IP6 && size >= LEAST6) {
          const total = length6(i32, word, size - HEADER);
          if (total !== 0) {
            length[packet] = HEADER + total;
            l3[packet] = ip;
            vrf[packet] = table;
            next[i] = onward6;
            left++;
            continue;
          }
        }
        next[i] = look(pool, interfaces, packet, counters);
        left++;
      }
      if (outlet !== null) settleOutlet(outlet, via, held, octets, interfaceCounters);
      if (left === 0) frame.length = 0;
    };
  },
});

/** The next of a packet that is not of the common kind. */
function look(pool: PacketPool, interfaces: InterfaceTable, packet: number, counters: Float64Array): number {
  const { bytes, u16, i32, flags } = pool;
  const at = pool.offset[packet]!;
  const row = pool.rxInterface[packet]!;
  if (pool.length[packet]! < HEADER) return drop(pool, packet, counters, COUNT_RUNT);
  if (interfaces.state[row] !== INTERFACE_UP) return drop(pool, packet, counters, COUNT_DOWN);
  const type = u16[(at + TYPE) >>> 1]!;
  if (type === TYPE_VLAN || type === TYPE_QINQ) return NEXT_VLAN;
  if (interfaces.bridge[row] !== 0) return NEXT_BRIDGE;
  if (bytes[at]! & 1) {
    flags[packet] = flags[packet]! | FLAG_LINK_GROUP;
  } else if (u16[at >>> 1] !== interfaces.mac0[row] || i32[(at + 2) >>> 2] !== interfaces.mac2[row]) {
    return drop(pool, packet, counters, COUNT_OTHER_HOST);
  }
  pool.l3[packet] = at + HEADER;
  pool.vrf[packet] = interfaces.vrf[row]!;
  if (type === TYPE_IP4) return NEXT_IP4;
  if (type === TYPE_IP6) return NEXT_IP6;
  if (type === TYPE_ARP) return NEXT_ARP;
  return drop(pool, packet, counters, COUNT_UNKNOWN_TYPE);
}

function drop(pool: PacketPool, packet: number, counters: Float64Array, reason: number): number {
  counters[reason]!++;
  pool.reason[packet] = reason;
  return NEXT_DROP;
}

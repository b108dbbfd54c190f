// vlan-input: finds the sub-interface that a tagged frame is for, and takes its tags off (IEEE 802.1Q).
//
// Expects: ethernet-input has seen type 0x8100 or 0x88a8 behind the MAC addresses; rxInterface as there.
// Next:    ethernet-input again, as a frame of the sub-interface; a tag with a priority only (VID 0) makes it an untagged
//          frame of the same interface. l2-input, as it is, when a bridge member has no sub-interface for the tags.
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_RX_BYTES, INTERFACE_RX_PACKETS } from '../graph/counters.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_PRIORITY_SHIFT, FLAGS_PRIORITY } from '../memory/packet-pool.js';
import { TAGS_INNER_SHIFT, TAGS_QINQ } from '../tables/vlans.js';
import { ETHERNET_BYTES } from '../wire/ethernet.js';
import {
  moveMacs,
  TYPE_QINQ,
  TYPE_VLAN,
  VID_MASK,
  VID_PRIORITY,
  VLAN_TAG_BYTES,
  VLAN_TCI,
} from '../wire/vlan.js';

/** Twice the same node: behind the first, the packet has come in by another interface. */
const NEXT_SUB_INTERFACE = 0;
const NEXT_UNTAGGED = 1;
const NEXT_BRIDGE = 2;

const COUNT_TRUNCATED = 0;
const COUNT_UNKNOWN = 1;

export const vlanInput = defineNode({
  name: 'vlan-input',
  frames: true,
  boundary: 'in',
  crossing: [NEXT_SUB_INTERFACE],
  next: ['ethernet-input', 'ethernet-input', 'l2-input'],
  counters: [
    { name: 'truncated', severity: 'error', drop: true, help: 'ends within a VLAN tag' },
    {
      name: 'unknown_vlan',
      severity: 'info',
      drop: true,
      help: 'of a VLAN for which the interface has no sub-interface',
    },
  ],

  run({ pool, interfaces, interfaceCounters, vlans }, frame, next, counters): void {
    const { offset, length, rxInterface, flags, bytes, u16, i32 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const at = offset[packet]!;
      const row = rxInterface[packet]!;
      if (length[packet]! < ETHERNET_BYTES + VLAN_TAG_BYTES) {
        counters[COUNT_TRUNCATED]!++;
        pool.reason[packet] = COUNT_TRUNCATED;
        next[i] = NEXT_DROP;
        continue;
      }
      const tci = (bytes[at + VLAN_TCI]! << 8) | bytes[at + VLAN_TCI + 1]!;
      const vid = tci & VID_MASK;
      const outer = u16[(at + 12) >>> 1] === TYPE_QINQ ? vid | TAGS_QINQ : vid;
      let tags = 1;
      let sub = -1;
      if (vid !== VID_PRIORITY) {
        const inner = innerVid(pool.bytes, u16, at, length[packet]!);
        if (inner !== VID_PRIORITY) sub = vlans.lookup(outer | (inner << TAGS_INNER_SHIFT), row);
        if (sub >= 0) tags = 2;
        else sub = vlans.lookup(outer, row);
        if (sub < 0) {
          if (interfaces.bridge[row] !== 0) {
            next[i] = NEXT_BRIDGE;
          } else {
            counters[COUNT_UNKNOWN]!++;
            pool.reason[packet] = COUNT_UNKNOWN;
            next[i] = NEXT_DROP;
          }
          continue;
        }
      } else if (interfaces.bridge[row] !== 0) {
        next[i] = NEXT_BRIDGE;
        continue;
      }
      offset[packet] = moveMacs(u16, i32, at, tags);
      length[packet] = length[packet]! - tags * VLAN_TAG_BYTES;
      if (sub < 0) {
        next[i] = NEXT_UNTAGGED;
        continue;
      }
      rxInterface[packet] = sub;
      // Routed packets leave without a priority; bridged ones keep it.
      if (interfaces.bridge[sub] !== 0) {
        flags[packet] = (flags[packet]! & ~FLAGS_PRIORITY) | ((tci >>> 12) << FLAG_PRIORITY_SHIFT);
      }
      const counted = sub << INTERFACE_COUNTERS_SHIFT;
      interfaceCounters[counted + INTERFACE_RX_PACKETS]!++;
      interfaceCounters[counted + INTERFACE_RX_BYTES]! += length[packet]!;
      next[i] = NEXT_SUB_INTERFACE;
    }
  },
});

/** The VID of a second tag, 0 when there is none. */
function innerVid(bytes: Uint8Array, u16: Uint16Array, at: number, length: number): number {
  const tci = at + VLAN_TCI + VLAN_TAG_BYTES;
  if (length < ETHERNET_BYTES + 2 * VLAN_TAG_BYTES || u16[(tci - 2) >>> 1] !== TYPE_VLAN) return VID_PRIORITY;
  return ((bytes[tci]! << 8) | bytes[tci + 1]!) & VID_MASK;
}

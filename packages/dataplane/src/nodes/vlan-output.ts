// vlan-output: puts the tags of a sub-interface on what leaves by it (IEEE 802.1Q).
//
// Expects: a whole frame; txInterface is a sub-interface that is up.
// Next:    interface-output, by the parent. The priority is 0, but for frames on their way through a bridge: they have the
//          one that they came with, in a tag of their own (VID 0) or in the flags (vlan-input).
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_TX_BYTES, INTERFACE_TX_PACKETS } from '../graph/counters.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_PRIORITY_SHIFT, type PacketPool } from '../memory/packet-pool.js';
import { TAGS_INNER_SHIFT, TAGS_QINQ } from '../tables/vlans.js';
import { ETHERNET_BYTES } from '../wire/ethernet.js';
import {
  ETHERTYPE_QINQ,
  ETHERTYPE_VLAN,
  moveMacs,
  TYPE_VLAN,
  VID_MASK,
  VLAN_PRIORITY_SHIFT,
  VLAN_TAG_BYTES,
  VLAN_TCI,
} from '../wire/vlan.js';

const NEXT_OUTPUT = 0;

const COUNT_NO_ROOM = 0;

export const vlanOutput = defineNode({
  name: 'vlan-output',
  frames: true,
  boundary: 'out',
  next: ['interface-output'],
  counters: [
    {
      name: 'no_room',
      severity: 'error',
      drop: true,
      help: 'the packet has no room for a VLAN tag before it',
    },
  ],

  run({ pool, interfaces, interfaceCounters }, frame, next, counters): void {
    const { offset, length, txInterface } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = txInterface[packet]!;
      const tags = interfaces.tags[row]!;
      const counted = row << INTERFACE_COUNTERS_SHIFT;
      const bytes = length[packet]!;
      const priority = takePriority(pool, packet);
      const count = (tags >>> TAGS_INNER_SHIFT) & VID_MASK ? 2 : 1;
      if (offset[packet]! - count * VLAN_TAG_BYTES < pool.base(packet)) {
        counters[COUNT_NO_ROOM]!++;
        pool.reason[packet] = COUNT_NO_ROOM;
        next[i] = NEXT_DROP;
        continue;
      }
      pushTags(pool, packet, tags, count, priority);
      txInterface[packet] = interfaces.parent[row]!;
      interfaceCounters[counted + INTERFACE_TX_PACKETS]!++;
      interfaceCounters[counted + INTERFACE_TX_BYTES]! += bytes;
      next[i] = NEXT_OUTPUT;
    }
  },
});

/** PCP and DEI of a frame; a tag that carries nothing else is taken off. */
function takePriority(pool: PacketPool, packet: number): number {
  const { bytes, u16, i32, offset, length, flags } = pool;
  const at = offset[packet]!;
  if (u16[(at + 12) >>> 1] === TYPE_VLAN && length[packet]! >= ETHERNET_BYTES + VLAN_TAG_BYTES) {
    const tci = (bytes[at + VLAN_TCI]! << 8) | bytes[at + VLAN_TCI + 1]!;
    if ((tci & VID_MASK) === 0) {
      offset[packet] = moveMacs(u16, i32, at, 1);
      length[packet] = length[packet]! - VLAN_TAG_BYTES;
      return tci >>> VLAN_PRIORITY_SHIFT;
    }
  }
  return (flags[packet]! >>> FLAG_PRIORITY_SHIFT) & 0xf;
}

function pushTags(pool: PacketPool, packet: number, tags: number, count: number, priority: number): void {
  const at = moveMacs(pool.u16, pool.i32, pool.offset[packet]!, -count);
  pool.offset[packet] = at;
  pool.length[packet] = pool.length[packet]! + count * VLAN_TAG_BYTES;
  writeTag(
    pool.bytes,
    at + 12,
    tags & TAGS_QINQ ? ETHERTYPE_QINQ : ETHERTYPE_VLAN,
    tags & VID_MASK,
    priority,
  );
  if (count === 2) {
    writeTag(pool.bytes, at + 16, ETHERTYPE_VLAN, (tags >>> TAGS_INNER_SHIFT) & VID_MASK, priority);
  }
}

function writeTag(bytes: Uint8Array, at: number, type: number, vid: number, priority: number): void {
  bytes[at] = type >>> 8;
  bytes[at + 1] = type;
  bytes[at + 2] = (priority << 4) | (vid >>> 8);
  bytes[at + 3] = vid;
}

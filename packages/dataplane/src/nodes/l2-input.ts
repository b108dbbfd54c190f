// l2-input: where a frame goes that a member of a bridge received (IEEE 802.1Q-2018 clause 8.6).
//
// Expects: ethernet-input or vlan-input has run; rxInterface is a member of a bridge.
// Next:    interface-output by the member behind which the destination is; ethernet-input, as a frame of the bridge, when
//          it is for the box; l2-flood for groups and for destinations that nobody has heard of.
//
// The box is no party to spanning tree and the like: their groups go nowhere. IGMP and MLD are not looked at: groups go to
// every member.
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_RX_BYTES, INTERFACE_RX_PACKETS } from '../graph/counters.js';
import { fitsMember } from '../graph/link-header.js';
import { LEARN_TELL, LEARN_TOLD } from '../graph/mac-learning.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAGS_PRIORITY } from '../memory/packet-pool.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import { MAC_MEMBER, MAC_SEEN } from '../tables/macs.js';

const NEXT_BOX = 0;
const NEXT_OUTPUT = 1;
const NEXT_FLOOD = 2;

const COUNT_DOWN = 0;
const COUNT_BAD_SOURCE = 1;
const COUNT_OWN_SOURCE = 2;
const COUNT_RESERVED = 3;
const COUNT_SAME_MEMBER = 4;
const COUNT_TOO_BIG = 5;
const COUNT_LEARNT = 6;
const COUNT_NOT_LEARNT = 7;

/** 01:80:c2:00:00:00 to 0f (clause 8.6.3), as tables/interfaces.ts has MAC addresses; the last digit is masked. */
const RESERVED_MAC0 = 0x8001;
const RESERVED_MAC2 = 0x000000c2;
const RESERVED_MASK = 0xf0ffffff | 0;

export const l2Input = defineNode({
  name: 'l2-input',
  frames: true,
  boundary: 'in',
  crossing: [NEXT_BOX],
  next: ['ethernet-input', 'interface-output', 'l2-flood'],
  counters: [
    { name: 'bridge_down', severity: 'info', drop: true, help: 'received by a member of a disabled bridge' },
    {
      name: 'bad_source',
      severity: 'warning',
      drop: true,
      help: 'sent from a group or from no MAC address at all',
    },
    {
      name: 'own_source',
      severity: 'error',
      drop: true,
      help: "sent from the bridge's own MAC address: the network has a loop, or another station that address",
    },
    {
      name: 'reserved_group',
      severity: 'info',
      drop: true,
      help: 'to a group of bridges themselves (spanning tree, LACP, LLDP…), which is never forwarded',
    },
    {
      name: 'same_member',
      severity: 'info',
      drop: true,
      help: 'to a station behind the member that received it',
    },
    {
      name: 'too_big',
      severity: 'warning',
      drop: true,
      help: "larger than the MTU of the member that it is for: a bridge's members need one MTU",
    },
    { name: 'learnt', severity: 'info', help: 'told the control side of a new or moved MAC address' },
    {
      name: 'not_learnt',
      severity: 'warning',
      help: 'heard more new MAC addresses than the control side may be told',
    },
  ],

  run(context, frame, next, counters): void {
    const { pool, interfaces, interfaceCounters, macs, macLearning, services, now } = context;
    const { offset, length, rxInterface, txInterface, flags, member: cameBy, u16, i32 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const at = offset[packet]!;
      const row = rxInterface[packet]!;
      const bridge = interfaces.bridge[row]!;
      // The source stands 0 modulo 4, the destination 2 modulo 4: the words are cut otherwise.
      const head = i32[(at + 6) >>> 2]!;
      const from0 = head & 0xffff;
      const from2 = (head >>> 16) | (u16[(at + 10) >>> 1]! << 16);
      const to0 = u16[at >>> 1]!;
      const to2 = i32[(at + 2) >>> 2]!;
      const own0 = interfaces.mac0[bridge]!;
      const own2 = interfaces.mac2[bridge]!;
      let drop = -1;
      if (interfaces.state[bridge] !== INTERFACE_UP) drop = COUNT_DOWN;
      else if (from0 & 1 || (from0 | from2) === 0) drop = COUNT_BAD_SOURCE;
      else if (from0 === own0 && from2 === own2) drop = COUNT_OWN_SOURCE;
      if (drop < 0) {
        const source = macs.lookup(bridge, from0, from2);
        if (source >= 0 && macs.words[source + MAC_MEMBER] === row) {
          // Mostly 1 already: see ADJ_USED.
          if (macs.words[source + MAC_SEEN] === 0) macs.words[source + MAC_SEEN] = 1;
        } else {
          const decision = macLearning.decide(row, from0, from2, now);
          if (decision === LEARN_TELL && services.station(row, from0, from2)) counters[COUNT_LEARNT]!++;
          else if (decision !== LEARN_TOLD) counters[COUNT_NOT_LEARNT]!++;
        }
        if (to0 === own0 && to2 === own2) {
          rxInterface[packet] = bridge;
          cameBy[packet] = row;
          flags[packet] = flags[packet]! & ~FLAGS_PRIORITY;
          const counted = bridge << INTERFACE_COUNTERS_SHIFT;
          interfaceCounters[counted + INTERFACE_RX_PACKETS]!++;
          interfaceCounters[counted + INTERFACE_RX_BYTES]! += length[packet]!;
          next[i] = NEXT_BOX;
          continue;
        }
        const known = to0 & 1 ? -1 : macs.lookup(bridge, to0, to2);
        if (known < 0) {
          if (to0 !== RESERVED_MAC0 || (to2 & RESERVED_MASK) !== RESERVED_MAC2) {
            txInterface[packet] = bridge;
            pool.aux[packet] = row;
            next[i] = NEXT_FLOOD;
            continue;
          }
          drop = COUNT_RESERVED;
        } else {
          const member = macs.words[known + MAC_MEMBER]!;
          if (member === row) drop = COUNT_SAME_MEMBER;
          else if (!fitsMember(pool, packet, interfaces.mtu[member]!)) drop = COUNT_TOO_BIG;
          txInterface[packet] = member;
          next[i] = NEXT_OUTPUT;
        }
      }
      if (drop >= 0) {
        counters[drop]!++;
        pool.reason[packet] = drop;
        next[i] = NEXT_DROP;
      }
    }
  },
});

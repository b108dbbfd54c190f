// ethernet-input: the first node of what an Ethernet port receives.
//
// Expects: pool.offset at an Ethernet header, 2 modulo 4; rxInterface set.
// Next:    ip4-input, ip6-input, arp-input. Sets l3, vrf, and FLAG_LINK_GROUP for frames to a group address. vlan-input for
//          tagged frames, l2-input for what a member of a bridge received: they bring back here what is for the box.
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LINK_GROUP } from '../memory/packet-pool.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import { ETHERNET_BYTES } from '../wire/ethernet.js';
import { TYPE_QINQ, TYPE_VLAN } from '../wire/vlan.js';

const NEXT_IP4 = 0;
const NEXT_ARP = 1;
const NEXT_IP6 = 2;
const NEXT_VLAN = 3;
const NEXT_BRIDGE = 4;

const COUNT_RUNT = 0;
const COUNT_OTHER_HOST = 1;
const COUNT_UNKNOWN_TYPE = 2;
const COUNT_DOWN = 3;

/** Ethertypes as a little-endian 16-bit load finds them. */
const TYPE_IP4 = 0x0008;
const TYPE_ARP = 0x0608;
const TYPE_IP6 = 0xdd86;

export const ethernetInput = defineNode({
  name: 'ethernet-input',
  frames: true,
  next: ['ip4-input', 'arp-input', 'ip6-input', 'vlan-input', 'l2-input'],
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

  run({ pool, interfaces }, frame, next, counters): void {
    const { offset, length, l3, rxInterface, vrf, flags, bytes, u16, i32 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const at = offset[packet]!;
      const row = rxInterface[packet]!;
      if (length[packet]! < ETHERNET_BYTES) {
        counters[COUNT_RUNT]!++;
        pool.reason[packet] = COUNT_RUNT;
        next[i] = NEXT_DROP;
        continue;
      }
      if (interfaces.state[row] !== INTERFACE_UP) {
        counters[COUNT_DOWN]!++;
        pool.reason[packet] = COUNT_DOWN;
        next[i] = NEXT_DROP;
        continue;
      }
      const type = u16[(at + 12) >>> 1]!;
      if (type === TYPE_VLAN || type === TYPE_QINQ) {
        next[i] = NEXT_VLAN;
        continue;
      }
      if (interfaces.bridge[row] !== 0) {
        next[i] = NEXT_BRIDGE;
        continue;
      }
      if (bytes[at]! & 1) {
        flags[packet] = flags[packet]! | FLAG_LINK_GROUP;
      } else if (u16[at >>> 1] !== interfaces.mac0[row] || i32[(at + 2) >>> 2] !== interfaces.mac2[row]) {
        counters[COUNT_OTHER_HOST]!++;
        pool.reason[packet] = COUNT_OTHER_HOST;
        next[i] = NEXT_DROP;
        continue;
      }
      l3[packet] = at + ETHERNET_BYTES;
      vrf[packet] = interfaces.vrf[row]!;
      if (type === TYPE_IP4) {
        next[i] = NEXT_IP4;
      } else if (type === TYPE_IP6) {
        next[i] = NEXT_IP6;
      } else if (type === TYPE_ARP) {
        next[i] = NEXT_ARP;
      } else {
        counters[COUNT_UNKNOWN_TYPE]!++;
        pool.reason[packet] = COUNT_UNKNOWN_TYPE;
        next[i] = NEXT_DROP;
      }
    }
  },
});

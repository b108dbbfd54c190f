// ethernet-input: the first node of what an Ethernet port receives.
//
// Expects: pool.offset at an Ethernet header, 2 modulo 4; rxInterface set.
// Next:    ip4-input, ip6-input, arp-input. Sets l3, vrf, and FLAG_LINK_GROUP for frames to a group address. vlan-input for
//          tagged frames, l2-input for what a member of a bridge received: they bring back here what is for the box.
//          Plain packets are sent from here, or go on behind ip4-input or ip6-input at once: see plain-input.ts.
import { ARC_NEXTS } from '../graph/arcs.js';
import { defineNode, NEXT_DROP, NEXT_UNDECIDED } from '../graph/node.js';
import { makePlainInput, TYPE_IP4, TYPE_IP6 } from '../graph/plain-input.js';
import { FLAG_LINK_GROUP, type PacketPool } from '../memory/packet-pool.js';
import { INTERFACE_UP, type InterfaceTable } from '../tables/interfaces.js';
import { ETHERNET_BYTES, ETHERNET_TYPE } from '../wire/ethernet.js';
import { TYPE_QINQ, TYPE_VLAN } from '../wire/vlan.js';

const NEXT_IP4 = 0;
const NEXT_ARP = 1;
const NEXT_IP6 = 2;
const NEXT_VLAN = 3;
const NEXT_BRIDGE = 4;
const NEXT_ENCRYPT = 5;
const NEXT_LOCAL4 = 6;
const NEXT_LOCAL6 = 7;
const NEXT_REASSEMBLY4 = 8;
const NEXT_ESP_INPUT = 9;
const NEXT_DECRYPT = 10;
/** Where what plain packets would meet in ip4-input and ip6-input is behind them. */
const NEXT_ARC4 = 11;
const NEXT_ARC6 = NEXT_ARC4 + ARC_NEXTS;

const COUNT_RUNT = 0;
const COUNT_OTHER_HOST = 1;
const COUNT_UNKNOWN_TYPE = 2;
const COUNT_DOWN = 3;

/** An ethertype as a little-endian 16-bit load finds it. */
const TYPE_ARP = 0x0608;

export const ethernetInput = defineNode({
  name: 'ethernet-input',
  frames: true,
  next: [
    'ip4-input',
    'arp-input',
    'ip6-input',
    'vlan-input',
    'l2-input',
    'esp-encrypt',
    'ip4-local',
    'ip6-local',
    'ip4-reassembly',
    'esp-input',
    'esp-decrypt',
  ],
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
    const { pool, interfaces } = context;
    const plain = makePlainInput(context, {
      encrypt: NEXT_ENCRYPT,
      espInput: NEXT_ESP_INPUT,
      decrypt: NEXT_DECRYPT,
      local4: NEXT_LOCAL4,
      local6: NEXT_LOCAL6,
      reassembly4: NEXT_REASSEMBLY4,
      arc4: NEXT_ARC4,
      arc6: NEXT_ARC6,
    });
    return (_context, frame, next, counters) => {
      const { packets, length } = frame;
      if (context.plain && plain(packets, length, next) === 0) {
        frame.length = 0;
        return;
      }
      for (let i = 0; i < length; i++) {
        if (!context.plain || next[i] === NEXT_UNDECIDED) {
          next[i] = look(pool, interfaces, packets[i]!, counters);
        }
      }
    };
  },
});

/** The next of a packet that is not of the common kind. */
function look(pool: PacketPool, interfaces: InterfaceTable, packet: number, counters: Float64Array): number {
  const { bytes, u16, i32, flags } = pool;
  const at = pool.offset[packet]!;
  const row = pool.rxInterface[packet]!;
  if (pool.length[packet]! < ETHERNET_BYTES) return drop(pool, packet, counters, COUNT_RUNT);
  if (interfaces.state[row] !== INTERFACE_UP) return drop(pool, packet, counters, COUNT_DOWN);
  const type = u16[(at + ETHERNET_TYPE) >>> 1]!;
  if (type === TYPE_VLAN || type === TYPE_QINQ) return NEXT_VLAN;
  if (interfaces.bridge[row] !== 0) return NEXT_BRIDGE;
  if (bytes[at]! & 1) {
    flags[packet] = flags[packet]! | FLAG_LINK_GROUP;
  } else if (u16[at >>> 1] !== interfaces.mac0[row] || i32[(at + 2) >>> 2] !== interfaces.mac2[row]) {
    return drop(pool, packet, counters, COUNT_OTHER_HOST);
  }
  pool.l3[packet] = at + ETHERNET_BYTES;
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

// ip4-local: packets addressed to the box: what the data plane answers itself, and what Linux gets.
//
// Expects: adjacency of kind ADJ_LOCAL; its next hop is the address, or 0 for a broadcast or group.
// Next:    esp-input (ESP, and ESP in UDP told from IKE by the non-ESP marker, RFC 3948 section 2.2),
//          gre-input, ipip-input, ip4-icmp-echo, path-mtu, punt; ip4-reassembly with fragments, which come back as whole
//          datagrams.
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN, type PacketPool } from '../memory/packet-pool.js';
import { ADJ_NEXT_HOP, ADJ_SHIFT } from '../tables/adjacencies.js';
import { classifyUdp, UDP_ESP, UDP_KEEPALIVE } from '../wire/esp-in-udp.js';
import {
  CODE_FRAGMENTATION_NEEDED,
  ICMP_BYTES,
  ICMP_CODE,
  ICMP_ECHO_REQUEST,
  ICMP_UNREACHABLE,
} from '../wire/icmp4.js';
import {
  headerBytes,
  IP4_FRAGMENTED,
  IP4_ID,
  IP4_PROTOCOL,
  IP4_SRC,
  PROTOCOL_ESP,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_IPIP,
  PROTOCOL_UDP,
} from '../wire/ip4.js';
import { PROTOCOL_IPV6 } from '../wire/ip6.js';
import { isOwnSource4 } from './own-source.js';

const NEXT_PUNT = 0;
const NEXT_ESP = 1;
const NEXT_ECHO = 2;
const NEXT_REASSEMBLY = 3;
const NEXT_GRE = 4;
const NEXT_IPIP = 5;
const NEXT_PATH_MTU = 6;

const COUNT_NAT_KEEPALIVE = 0;
const COUNT_OWN_SOURCE = 1;

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const ROW_SHIFT = ADJ_SHIFT;
const NEXT_HOP = ADJ_NEXT_HOP;
const ID = IP4_ID;
const SRC = IP4_SRC;
const LOCAL_ORIGIN = FLAG_LOCAL_ORIGIN;
const FRAGMENTED = IP4_FRAGMENTED;

/** Instead of a next node. */
const KEEPALIVE = -1;

export const ip4Local = defineNode({
  name: 'ip4-local',
  next: ['punt', 'esp-input', 'ip4-icmp-echo', 'ip4-reassembly', 'gre-input', 'ipip-input', 'path-mtu'],
  counters: [
    { name: 'nat_keepalive', severity: 'info', drop: true, help: 'a NAT keepalive (RFC 3948 section 2.3)' },
    {
      name: 'own_source',
      severity: 'warning',
      drop: true,
      help: "a link brought it from one of the box's own addresses, or a broadcast of its networks: forged, or the link has a loop",
    },
  ],

  make(context) {
    const { pool, adjacencies } = context;
    const { adjacency, l3, i32, reason, rxInterface, flags } = pool;
    return (_context, frame, next, counters) => {
      const { packets, length } = frame;
      // Packets of a vector mostly come from few hosts: what the last one came from.
      let row = -1;
      let source = 0;
      let own = false;
      for (let i = 0; i < length; i++) {
        const packet = packets[i]!;
        if ((i32[(l3[packet]! + ID) >>> 2]! & FRAGMENTED) !== 0) {
          next[i] = NEXT_REASSEMBLY;
          continue;
        }
        const toAll = adjacencies[(adjacency[packet]! << ROW_SHIFT) + NEXT_HOP] === 0;
        const to = receiverOf(pool, packet, toAll);
        let drop = to === KEEPALIVE ? COUNT_NAT_KEEPALIVE : -1;
        // ESP tells by itself whose it is; fragments come back whole.
        if (to !== NEXT_ESP && (flags[packet]! & LOCAL_ORIGIN) === 0) {
          const from = i32[(l3[packet]! + SRC) >>> 2]!;
          if (from !== source || rxInterface[packet] !== row) {
            row = rxInterface[packet]!;
            source = from;
            own = isOwnSource4(context, packet);
          }
          if (own) drop = COUNT_OWN_SOURCE;
        }
        if (drop >= 0) {
          counters[drop]!++;
          reason[packet] = drop;
          next[i] = NEXT_DROP;
        } else {
          next[i] = to;
        }
      }
    };
  },
});

/** Who takes a whole packet: one of the next nodes, or KEEPALIVE. */
function receiverOf(pool: PacketPool, packet: number, toAll: boolean): number {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  if (toAll) return NEXT_PUNT;
  const protocol = bytes[ip + IP4_PROTOCOL]!;
  const header = headerBytes(bytes, ip);
  const payload = pool.length[packet]! - (ip - pool.offset[packet]!) - header;
  if (protocol === PROTOCOL_ESP) return NEXT_ESP;
  if (protocol === PROTOCOL_UDP) {
    const kind = classifyUdp(bytes, ip + header, payload);
    return kind === UDP_ESP ? NEXT_ESP : kind === UDP_KEEPALIVE ? KEEPALIVE : NEXT_PUNT;
  }
  if (protocol === PROTOCOL_GRE) return NEXT_GRE;
  if (protocol === PROTOCOL_IPIP || protocol === PROTOCOL_IPV6) return NEXT_IPIP;
  if (protocol !== PROTOCOL_ICMP || payload < ICMP_BYTES) return NEXT_PUNT;
  const type = bytes[ip + header];
  if (type === ICMP_ECHO_REQUEST) return NEXT_ECHO;
  const tooLong = type === ICMP_UNREACHABLE && bytes[ip + header + ICMP_CODE] === CODE_FRAGMENTATION_NEEDED;
  return tooLong ? NEXT_PATH_MTU : NEXT_PUNT;
}

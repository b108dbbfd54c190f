// host-inject: what Linux sent to a twin enters the graph.
//
// Expects: rxInterface is the twin's interface; offset at an Ethernet header (TAP) or an IPv4 header (TUN).
// Next:    interface-output for a port, as it is; ip4-rewrite for a tunnel, into it.

import { INTERFACE_COUNTERS_SHIFT, INTERFACE_INJECTED } from '../graph/counters.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import { KIND_ETHERNET, KIND_TUNNEL } from '../tables/interfaces.js';
import { headerBytes, IP4_BYTES, IP4_TOTAL_LENGTH, readU16 } from '../wire/ip4.js';

const NEXT_OUTPUT = 0;
const NEXT_REWRITE = 1;

const COUNT_NOT_IP4 = 0;
const COUNT_NO_INTERFACE = 1;

export const hostInject = defineNode({
  name: 'host-inject',
  next: ['interface-output', 'ip4-rewrite'],
  counters: [
    {
      name: 'not_ip4',
      severity: 'info',
      drop: true,
      help: 'Linux sent something other than a whole IPv4 packet into a tunnel',
    },
    { name: 'no_interface', severity: 'info', drop: true, help: 'the interface of the twin is gone' },
  ],

  run({ pool, interfaces, interfaceCounters }, frame, next, counters): void {
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = pool.rxInterface[packet]!;
      const kind = interfaces.kind[row];
      let drop = -1;
      if (kind === KIND_ETHERNET) {
        pool.txInterface[packet] = row;
        next[i] = NEXT_OUTPUT;
      } else if (kind === KIND_TUNNEL) {
        const ip = pool.offset[packet]!;
        if (!isIp4(pool.bytes, ip, pool.length[packet]!)) {
          drop = COUNT_NOT_IP4;
        } else {
          pool.l3[packet] = ip;
          pool.vrf[packet] = interfaces.vrf[row]!;
          pool.adjacency[packet] = interfaces.tunnelAdjacency[row]!;
          pool.flags[packet] = pool.flags[packet]! | FLAG_LOCAL_ORIGIN;
          next[i] = NEXT_REWRITE;
        }
      } else {
        drop = COUNT_NO_INTERFACE;
      }
      if (drop >= 0) {
        counters[drop]!++;
        pool.reason[packet] = drop;
        next[i] = NEXT_DROP;
      } else {
        interfaceCounters[(row << INTERFACE_COUNTERS_SHIFT) + INTERFACE_INJECTED]!++;
      }
    }
  },
});

/** True for a packet whose header's lengths hold; Linux lets programs with raw sockets write their own. */
function isIp4(bytes: Uint8Array, ip: number, length: number): boolean {
  if (length < IP4_BYTES || bytes[ip]! >>> 4 !== 4) return false;
  const header = headerBytes(bytes, ip);
  return header >= IP4_BYTES && header <= length && readU16(bytes, ip + IP4_TOTAL_LENGTH) === length;
}

// host-inject: what Linux sent to a twin enters the graph.
//
// Expects: rxInterface is the twin's interface; offset at an Ethernet header (TAP) or an IP header (TUN).
// Next:    interface-output for what has Ethernet frames, as it is; ip4-rewrite or ip6-rewrite for a tunnel, into it;
//          ip4-lookup or ip6-lookup for a loopback, which has no link.

import { INTERFACE_COUNTERS_SHIFT, INTERFACE_INJECTED } from '../graph/counters.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import { hasEthernet, KIND_LOOPBACK, KIND_TUNNEL } from '../tables/interfaces.js';
import { headerBytes, IP4_BYTES, IP4_TOTAL_LENGTH, readU16 } from '../wire/ip4.js';
import { IP6_BYTES, IP6_PAYLOAD_LENGTH } from '../wire/ip6.js';

const NEXT_OUTPUT = 0;
const NEXT_REWRITE = 1;
const NEXT_REWRITE6 = 2;
const NEXT_LOOKUP = 3;
const NEXT_LOOKUP6 = 4;

const COUNT_NOT_IP = 0;
const COUNT_NO_INTERFACE = 1;

export const hostInject = defineNode({
  name: 'host-inject',
  frames: true,
  next: ['interface-output', 'ip4-rewrite', 'ip6-rewrite', 'ip4-lookup', 'ip6-lookup'],
  counters: [
    {
      name: 'not_ip',
      severity: 'info',
      drop: true,
      help: 'Linux sent something other than a whole IP packet into a tunnel or a loopback interface',
    },
    { name: 'no_interface', severity: 'info', drop: true, help: 'the interface of the twin is gone' },
  ],

  run({ pool, interfaces, interfaceCounters }, frame, next, counters): void {
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const row = pool.rxInterface[packet]!;
      const kind = interfaces.kind[row]!;
      let drop = -1;
      if (hasEthernet(kind)) {
        pool.txInterface[packet] = row;
        next[i] = NEXT_OUTPUT;
      } else if (kind === KIND_TUNNEL || kind === KIND_LOOPBACK) {
        const ip = pool.offset[packet]!;
        const length = pool.length[packet]!;
        const six = isIp6(pool.bytes, ip, length);
        if (!six && !isIp4(pool.bytes, ip, length)) {
          drop = COUNT_NOT_IP;
        } else {
          pool.l3[packet] = ip;
          pool.vrf[packet] = interfaces.vrf[row]!;
          pool.adjacency[packet] = interfaces.tunnelAdjacency[row]!;
          pool.flags[packet] = pool.flags[packet]! | FLAG_LOCAL_ORIGIN;
          if (kind === KIND_TUNNEL) next[i] = six ? NEXT_REWRITE6 : NEXT_REWRITE;
          else next[i] = six ? NEXT_LOOKUP6 : NEXT_LOOKUP;
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

function isIp6(bytes: Uint8Array, ip: number, length: number): boolean {
  return (
    length >= IP6_BYTES &&
    bytes[ip]! >>> 4 === 6 &&
    IP6_BYTES + readU16(bytes, ip + IP6_PAYLOAD_LENGTH) === length
  );
}

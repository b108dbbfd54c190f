// ip4-rewrite: TTL, MTU and the link header of a packet that leaves (RFC 1812 sections 5.3.1 and 4.2.2.7).
//
// Expects: adjacency of kind ADJ_NEIGHBOUR or ADJ_TUNNEL.
// Next:    interface-output; esp-encrypt into a tunnel; ip4-frag when larger than the MTU;
//          ip4-icmp-error when the TTL ends here, or DF forbids to fragment. Sets txInterface.
import { writeLinkHeader } from '../graph/link-header.js';
import { defineNode } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import { ADJ_MTU, ADJ_SHIFT } from '../tables/adjacencies.js';
import {
  CODE_FRAGMENTATION_NEEDED,
  CODE_TTL_IN_TRANSIT,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
} from '../wire/icmp4.js';
import { IP4_DF, IP4_FRAGMENT, IP4_TTL, oneHopOn4, readU16 } from '../wire/ip4.js';
import { icmpErrorAux } from './ip4-icmp-error.js';

const NEXT_OUTPUT = 0;
const NEXT_ENCRYPT = 1;
const NEXT_FRAG = 2;
const NEXT_ICMP_ERROR = 3;

const COUNT_TTL_EXPIRED = 0;
const COUNT_DF_TOO_BIG = 1;
const COUNT_FRAGMENTED = 2;

export const ip4Rewrite = defineNode({
  name: 'ip4-rewrite',
  next: ['interface-output', 'esp-encrypt', 'ip4-frag', 'ip4-icmp-error'],
  counters: [
    {
      name: 'ttl_expired',
      severity: 'info',
      help: 'arrived with TTL 0 or 1: answered with ICMP time exceeded',
    },
    {
      name: 'df_too_big',
      severity: 'info',
      help: 'larger than the MTU with DF set: answered with fragmentation needed',
    },
    { name: 'too_big', severity: 'info', help: 'larger than the MTU: fragmented' },
  ],

  make({ pool, adjacencies }) {
    const { offset, length, l3, adjacency, flags, bytes, i32 } = pool;
    return (_context, frame, next, counters) => {
      const { packets } = frame;
      for (let i = 0; i < frame.length; i++) {
        const packet = packets[i]!;
        const ip = l3[packet]!;
        const row = adjacency[packet]! << ADJ_SHIFT;
        const size = length[packet]! - (ip - offset[packet]!);
        const mtu = adjacencies[row + ADJ_MTU]!;
        const forwarded = (flags[packet]! & FLAG_LOCAL_ORIGIN) === 0;
        if (forwarded && bytes[ip + IP4_TTL]! <= 1) {
          counters[COUNT_TTL_EXPIRED]!++;
          pool.aux[packet] = icmpErrorAux(ICMP_TIME_EXCEEDED, CODE_TTL_IN_TRANSIT, 0);
          next[i] = NEXT_ICMP_ERROR;
          continue;
        }
        if (size > mtu && readU16(bytes, ip + IP4_FRAGMENT) & IP4_DF) {
          counters[COUNT_DF_TOO_BIG]!++;
          pool.aux[packet] = icmpErrorAux(ICMP_UNREACHABLE, CODE_FRAGMENTATION_NEEDED, mtu);
          next[i] = NEXT_ICMP_ERROR;
          continue;
        }
        if (forwarded) i32[(ip + IP4_TTL) >>> 2] = oneHopOn4(i32[(ip + IP4_TTL) >>> 2]!);
        const rewrite = writeLinkHeader(pool, packet, adjacencies, row, ip, size);
        if (size > mtu) {
          counters[COUNT_FRAGMENTED]!++;
          next[i] = NEXT_FRAG;
        } else {
          next[i] = rewrite === 0 ? NEXT_ENCRYPT : NEXT_OUTPUT;
        }
      }
    };
  },
});

// ip6-rewrite: hop limit, MTU and the link header of a packet that leaves (RFC 8200 sections 3 and 5).
//
// Expects: adjacency of kind ADJ_NEIGHBOUR or ADJ_TUNNEL.
// Next:    interface-output; esp-encrypt into a tunnel; ip6-frag when larger than the MTU and the box's own;
//          ip6-icmp-error when the hop limit ends here, or the packet is too big. Sets txInterface.
import { writeLinkHeader } from '../graph/link-header.js';
import { defineNode } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import { ADJ_MTU, ADJ_REWRITE_BYTES, ADJ_SHIFT } from '../tables/adjacencies.js';
import { CODE6_HOP_LIMIT, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED } from '../wire/icmp6.js';
import { PROTOCOL_ESP, PROTOCOL_UDP } from '../wire/ip4.js';
import { IP6_HOP_LIMIT, IP6_MTU_MIN, IP6_NEXT_HEADER, PROTOCOL_ICMP6 } from '../wire/ip6.js';
import { icmpErrorAux } from './icmp-error.js';

const NEXT_OUTPUT = 0;
const NEXT_ENCRYPT = 1;
const NEXT_FRAG = 2;
const NEXT_ICMP_ERROR = 3;

const COUNT_HOP_LIMIT = 0;
const COUNT_TOO_BIG = 1;
const COUNT_FRAGMENTED = 2;

export const ip6Rewrite = defineNode({
  name: 'ip6-rewrite',
  next: ['interface-output', 'esp-encrypt', 'ip6-frag', 'ip6-icmp-error'],
  counters: [
    {
      name: 'hop_limit_expired',
      severity: 'info',
      help: 'arrived with hop limit 0 or 1: answered with ICMPv6 time exceeded',
    },
    { name: 'too_big', severity: 'info', help: 'larger than the MTU: answered with packet too big' },
    { name: 'own_too_big', severity: 'info', help: "the box's own, larger than the MTU: fragmented" },
  ],

  make({ pool, adjacencies }) {
    const { offset, length, l3, adjacency, flags, bytes } = pool;
    return (_context, frame, next, counters) => {
      const { packets } = frame;
      for (let i = 0; i < frame.length; i++) {
        const packet = packets[i]!;
        const ip = l3[packet]!;
        const row = adjacency[packet]! << ADJ_SHIFT;
        const size = length[packet]! - (ip - offset[packet]!);
        const toTunnel = adjacencies[row + ADJ_REWRITE_BYTES] === 0;
        // A tunnel that is narrower than IPv6 allows carries the least MTU nevertheless, and its outer packets are
        // fragmented (RFC 2473 section 7.1 b).
        const mtu = toTunnel
          ? Math.max(IP6_MTU_MIN, adjacencies[row + ADJ_MTU]!)
          : adjacencies[row + ADJ_MTU]!;
        const forwarded = (flags[packet]! & FLAG_LOCAL_ORIGIN) === 0;
        if (forwarded && bytes[ip + IP6_HOP_LIMIT]! <= 1) {
          counters[COUNT_HOP_LIMIT]!++;
          pool.aux[packet] = icmpErrorAux(ICMP6_TIME_EXCEEDED, CODE6_HOP_LIMIT, 0);
          next[i] = NEXT_ICMP_ERROR;
          continue;
        }
        const mayCut = !forwarded && (!toTunnel || isCut(bytes[ip + IP6_NEXT_HEADER]!));
        if (size > mtu && !mayCut) {
          counters[COUNT_TOO_BIG]!++;
          pool.aux[packet] = icmpErrorAux(ICMP6_PACKET_TOO_BIG, 0, mtu);
          next[i] = NEXT_ICMP_ERROR;
          continue;
        }
        if (forwarded) bytes[ip + IP6_HOP_LIMIT] = bytes[ip + IP6_HOP_LIMIT]! - 1;
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

/**
 * Only the source fragments (RFC 8200 section 4.5). Of what the box encrypts or answers it is the source, and also of
 * what Linux sends into a tunnel; but TCP does better by packet too big, and what has extension headers may be a fragment
 * already.
 */
function isCut(protocol: number): boolean {
  return protocol === PROTOCOL_ESP || protocol === PROTOCOL_UDP || protocol === PROTOCOL_ICMP6;
}

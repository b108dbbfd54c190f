// ipip-input: takes the inner packet out of another IP header (RFC 2003, RFC 2473, RFC 4213).
//
// Expects: a whole packet to the box whose protocol is IPv4 or IPv6; with FLAG_PROTECTED out of a transport-mode SA of
//          rxInterface.
// Next:    ip4-input or ip6-input: the inner packet, received by the tunnel.
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { TUNNEL_IPIP } from '../tables/tunnels.js';
import { IP4_PROTOCOL, PROTOCOL_IPIP } from '../wire/ip4.js';
import { ip6Upper } from '../wire/ip6-extensions.js';
import { upperOffset } from '../wire/upper-layer.js';
import { enterFromClear } from './enter-tunnel.js';
import { COUNT_CONGESTED, tunnelCounters, tunnelOf } from './tunnel-of.js';

const NEXT_IP4 = 0;
const NEXT_IP6 = 1;

export const ipipInput = defineNode({
  name: 'ipip-input',
  boundary: 'in',
  next: ['ip4-input', 'ip6-input'],
  counters: tunnelCounters('no IPIP tunnel has these addresses in this VRF'),

  run(context, frame, next, counters): void {
    const { pool } = context;
    for (let i = 0; i < frame.length; i++) {
      const packet = frame.packets[i]!;
      const to = unwrap(context, packet);
      if (to >= 0) {
        next[i] = to;
        continue;
      }
      counters[~to]!++;
      pool.reason[packet] = ~to;
      next[i] = NEXT_DROP;
    }
  },
});

/** The next of the inner packet, or the complement of the counter of why there is none. */
function unwrap(context: NodeContext, packet: number): number {
  const { pool } = context;
  const { bytes } = pool;
  const outer = pool.l3[packet]!;
  const end = pool.offset[packet]! + pool.length[packet]!;
  const inner = upperOffset(bytes, outer, end);
  const protocol = bytes[outer]! >>> 4 === 4 ? bytes[outer + IP4_PROTOCOL]! : ip6Upper.protocol;
  const row = tunnelOf(context, packet, TUNNEL_IPIP, 0, 0);
  if (row < 0) return row;
  const family = protocol === PROTOCOL_IPIP ? 4 : 6;
  if (!enterFromClear(context, packet, row, inner, end, family)) return ~COUNT_CONGESTED;
  return family === 4 ? NEXT_IP4 : NEXT_IP6;
}

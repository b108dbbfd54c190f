// gre-input: takes the inner packet out of GRE (RFC 2784, RFC 2890).
//
// Expects: a whole packet to the box whose protocol is GRE; with FLAG_PROTECTED out of a transport-mode SA of
//          rxInterface. Sequence numbers are skipped: RFC 2890 section 2.2 leaves it to the receiver to restore order.
// Next:    ip4-input or ip6-input: the inner packet, received by the tunnel.
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { TUNNEL_GRE } from '../tables/tunnels.js';
import { sumBytes } from '../wire/checksum.js';
import { ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import {
  GRE_BYTES,
  GRE_CHECKSUM,
  GRE_FIELD_BYTES,
  GRE_KEY,
  GRE_PROTOCOL,
  GRE_REFUSED,
  greBytes,
} from '../wire/gre.js';
import { readI32, readU16 } from '../wire/ip4.js';
import { upperOffset } from '../wire/upper-layer.js';
import { enterFromClear } from './enter-tunnel.js';
import { COUNT_CONGESTED, COUNT_OF_ITS_OWN, tunnelCounters, tunnelOf } from './tunnel-of.js';

const NEXT_IP4 = 0;
const NEXT_IP6 = 1;

const COUNT_TRUNCATED = COUNT_OF_ITS_OWN;
const COUNT_FLAGS = COUNT_OF_ITS_OWN + 1;
const COUNT_CHECKSUM = COUNT_OF_ITS_OWN + 2;
const COUNT_PROTOCOL = COUNT_OF_ITS_OWN + 3;

export const greInput = defineNode({
  name: 'gre-input',
  boundary: 'in',
  next: ['ip4-input', 'ip6-input'],
  counters: [
    ...tunnelCounters('no GRE tunnel has these addresses and this key in this VRF'),
    { name: 'truncated', severity: 'error', drop: true, help: 'shorter than its GRE header' },
    {
      name: 'bad_flags',
      severity: 'error',
      drop: true,
      help: 'another version of GRE, or routing of RFC 1701, which nobody uses any more',
    },
    { name: 'bad_checksum', severity: 'error', drop: true, help: 'the GRE checksum is wrong' },
    { name: 'unknown_protocol', severity: 'info', drop: true, help: 'carries neither IPv4 nor IPv6' },
  ],

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
  const { bytes, u16 } = pool;
  const outer = pool.l3[packet]!;
  const end = pool.offset[packet]! + pool.length[packet]!;
  const gre = upperOffset(bytes, outer, end);
  if (end - gre < GRE_BYTES) return ~COUNT_TRUNCATED;
  const flags = readU16(bytes, gre);
  if (flags & GRE_REFUSED) return ~COUNT_FLAGS;
  const inner = gre + greBytes(flags);
  if (inner > end) return ~COUNT_TRUNCATED;
  if (flags & GRE_CHECKSUM && sumBytes(u16, bytes, gre, end - gre) !== 0xffff) return ~COUNT_CHECKSUM;
  const keyed = flags & GRE_KEY ? 1 : 0;
  const keyAt = gre + GRE_BYTES + (flags & GRE_CHECKSUM ? GRE_FIELD_BYTES : 0);
  const row = tunnelOf(context, packet, TUNNEL_GRE, keyed, keyed === 0 ? 0 : readI32(bytes, keyAt));
  if (row < 0) return row;
  const type = readU16(bytes, gre + GRE_PROTOCOL);
  if (type !== ETHERTYPE_IP4 && type !== ETHERTYPE_IP6) return ~COUNT_PROTOCOL;
  const family = type === ETHERTYPE_IP4 ? 4 : 6;
  if (!enterFromClear(context, packet, row, inner, end, family)) return ~COUNT_CONGESTED;
  return family === 4 ? NEXT_IP4 : NEXT_IP6;
}

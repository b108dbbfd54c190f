// tunnel-encap: puts GRE (RFC 2784, RFC 2890) or another IP header (RFC 2003, RFC 2473, RFC 4213) before a packet.
//
// Expects: from esp-encrypt: txInterface is a GRE or IPIP tunnel, the inner packet of either family at l3.
// Next:    esp-encrypt, when the tunnel has a transport-mode SA; ip4-lookup or ip6-lookup in the outer VRF, when it
//          has none and need not be protected. Never in clear otherwise.
import type { NodeContext } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_TX_BYTES, INTERFACE_TX_PACKETS } from '../graph/counters.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import {
  FLAG_ENCAPSULATED,
  FLAG_LOCAL_ORIGIN,
  FLAG_NESTED,
  FLAG_TRACE,
  FLAGS_NESTED,
} from '../memory/packet-pool.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  MODE_TRANSPORT,
  POLICY_DF_COPY,
  POLICY_DF_SET,
  SA_MODE,
  SA_OUTBOUND,
  SA_SHIFT,
  SA_STATE,
} from '../tables/security-associations.js';
import {
  TUNNEL_FAMILY,
  TUNNEL_GRE,
  TUNNEL_KEY,
  TUNNEL_KEYED,
  TUNNEL_KIND,
  TUNNEL_LOCAL,
  TUNNEL_POLICY,
  TUNNEL_PROTECT,
  TUNNEL_REMOTE,
  TUNNEL_SHIFT,
} from '../tables/tunnels.js';
import { innerDf, outerTrafficClass, trafficClass } from '../wire/ecn.js';
import { ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import { flowLabel } from '../wire/flow-label.js';
import { GRE_BYTES, GRE_FIELD_BYTES, GRE_KEY } from '../wire/gre.js';
import { IP4_BYTES, IP4_DF, PROTOCOL_GRE, PROTOCOL_IPIP, swap32, writeIp4Header } from '../wire/ip4.js';
import { IP6_BYTES, PROTOCOL_IPV6, writeIp6Header } from '../wire/ip6.js';
import { acquireForTunnel } from './acquire.js';

const NEXT_ENCRYPT = 0;
const NEXT_LOOKUP4 = 1;
const NEXT_LOOKUP6 = 2;

const COUNT_TUNNEL_DOWN = 0;
const COUNT_UNPROTECTED = 1;
const COUNT_NO_ROOM = 2;

/** Room for a link header before the outer one, and for ESP's before that. */
const LINK_BYTES = 16;
const PACKET_BYTES_MAX = 65_535;

/**
 * Of the last outer IPv4 header of this thread. From a random one on, so that threads which send to one peer do not give
 * their packets the same ones: fragments of both would be put together.
 */
let identification = crypto.getRandomValues(new Uint16Array(1))[0]!;

export const tunnelEncap = defineNode({
  name: 'tunnel-encap',
  boundary: 'past',
  next: ['esp-encrypt', 'ip4-lookup', 'ip6-lookup'],
  counters: [
    { name: 'tunnel_down', severity: 'info', drop: true, help: 'the tunnel is disabled or gone' },
    {
      name: 'unprotected',
      severity: 'warning',
      drop: true,
      help: 'the tunnel requires IPsec and has no transport-mode SA: see show ike, and tunnels[].protect',
    },
    {
      name: 'no_room',
      severity: 'error',
      drop: true,
      help: 'no room in the frame for the outer headers: tunnels inside tunnels',
    },
  ],

  run(context, frame, next, counters): void {
    const { pool } = context;
    for (let i = 0; i < frame.length; i++) {
      const packet = frame.packets[i]!;
      const to = encapsulate(context, packet);
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

/** The next of the packet with its outer header, or the complement of the counter of why it goes nowhere. */
function encapsulate(context: NodeContext, packet: number): number {
  const { pool, interfaces, tunnels, sas, interfaceCounters } = context;
  const { i32 } = pool;
  const row = pool.txInterface[packet]!;
  const at = row << TUNNEL_SHIFT;
  if (interfaces.state[row] !== INTERFACE_UP) return ~COUNT_TUNNEL_DOWN;
  const sa = interfaces.tunnelSa[row]! << SA_SHIFT;
  const sealed =
    sa !== 0 && sas.words[sa + SA_STATE] === SA_OUTBOUND && sas.words[sa + SA_MODE] === MODE_TRANSPORT;
  if (!sealed && tunnels[at + TUNNEL_PROTECT] !== 0) {
    acquireForTunnel(context, packet);
    return ~COUNT_UNPROTECTED;
  }

  const inner = pool.l3[packet]!;
  const size = pool.offset[packet]! + pool.length[packet]! - inner;
  const gre = tunnels[at + TUNNEL_KIND] === TUNNEL_GRE;
  const keyed = tunnels[at + TUNNEL_KEYED]!;
  const four = tunnels[at + TUNNEL_FAMILY] === 4;
  const shim = gre ? GRE_BYTES + (keyed !== 0 ? GRE_FIELD_BYTES : 0) : 0;
  const outer = inner - shim - (four ? IP4_BYTES : IP6_BYTES);
  if (outer - LINK_BYTES < pool.base(packet) || inner + size - outer > PACKET_BYTES_MAX)
    return ~COUNT_NO_ROOM;

  const inner4 = pool.bytes[inner]! >>> 4 === 4;
  if (gre) {
    const start = (inner - shim) >>> 2;
    i32[start] = swap32((keyed !== 0 ? GRE_KEY << 16 : 0) | (inner4 ? ETHERTYPE_IP4 : ETHERTYPE_IP6));
    if (keyed !== 0) i32[start + 1] = swap32(tunnels[at + TUNNEL_KEY]!);
  }
  const protocol = gre ? PROTOCOL_GRE : inner4 ? PROTOCOL_IPIP : PROTOCOL_IPV6;
  writeOuter(context, at, outer, inner, inner + size, protocol);
  pool.offset[packet] = outer;
  pool.l3[packet] = outer;
  pool.length[packet] = inner + size - outer;
  const kept = (pool.flags[packet]! & (FLAG_TRACE | FLAGS_NESTED)) | FLAG_LOCAL_ORIGIN;
  if (sealed) {
    // esp-encrypt counts it on the interface, and as one tunnel, when it is sealed.
    pool.flags[packet] = kept | FLAG_ENCAPSULATED;
    return NEXT_ENCRYPT;
  }
  pool.flags[packet] = kept + FLAG_NESTED;
  pool.vrf[packet] = interfaces.outerVrf[row]!;
  const perInterface = row << INTERFACE_COUNTERS_SHIFT;
  interfaceCounters[perInterface + INTERFACE_TX_PACKETS]!++;
  interfaceCounters[perInterface + INTERFACE_TX_BYTES]! += size;
  return four ? NEXT_LOOKUP4 : NEXT_LOOKUP6;
}

/** The outer header at `outer`, of a tunnel whose row begins at `at`; the inner packet is from `inner` to `end`. */
function writeOuter(
  { pool, tunnels }: NodeContext,
  at: number,
  outer: number,
  inner: number,
  end: number,
  protocol: number,
): void {
  const { bytes, i32 } = pool;
  const policy = tunnels[at + TUNNEL_POLICY]!;
  const tos = outerTrafficClass(trafficClass(bytes, inner), policy);
  if (tunnels[at + TUNNEL_FAMILY] === 4) {
    const df = policy & POLICY_DF_SET ? IP4_DF : policy & POLICY_DF_COPY ? innerDf(bytes, inner) : 0;
    identification = (identification + 1) & 0xffff;
    const src = tunnels[at + TUNNEL_LOCAL]!;
    const dst = tunnels[at + TUNNEL_REMOTE]!;
    writeIp4Header(i32, outer, end - outer, identification, df, tos, protocol, src, dst);
    return;
  }
  const flow = flowLabel(bytes, i32, inner, end, at);
  const size = end - outer - IP6_BYTES;
  writeIp6Header(i32, outer, size, tos, flow, protocol, tunnels, at + TUNNEL_LOCAL, at + TUNNEL_REMOTE);
}

// What a packet that met a tunnel without an SA asks for (RFC 4301 section 4.4.1, XFRM_MSG_ACQUIRE): at a bounded rate,
// because one such packet says as much as many.
import type { NodeContext } from '../graph/context.js';
import {
  TUNNEL_FAMILY,
  TUNNEL_GRE,
  TUNNEL_KIND,
  TUNNEL_LOCAL,
  TUNNEL_REMOTE,
  TUNNEL_SHIFT,
} from '../tables/tunnels.js';
import { IP4_DST, IP4_SRC, PROTOCOL_GRE, PROTOCOL_IPIP, readI32 } from '../wire/ip4.js';
import { IP6_DST, IP6_SRC, PROTOCOL_IPV6 } from '../wire/ip6.js';
import { readUpper, upper } from '../wire/upper-layer.js';

const src = new Int32Array(4);
const dst = new Int32Array(4);

/** Has the control side ask for an SA for the packet at l3, which txInterface's tunnel cannot send. */
export function acquire(context: NodeContext, packet: number): void {
  const { pool, acquires, services } = context;
  const row = pool.txInterface[packet]!;
  if (!acquires.take(row, context.now)) return;
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  readUpper(bytes, ip, pool.offset[packet]! + pool.length[packet]!, 0, 0);
  const four = bytes[ip]! >>> 4 === 4;
  const count = four ? 1 : 4;
  src.fill(0);
  dst.fill(0);
  for (let i = 0; i < count; i++) {
    src[i] = readI32(bytes, ip + (four ? IP4_SRC : IP6_SRC) + 4 * i);
    dst[i] = readI32(bytes, ip + (four ? IP4_DST : IP6_DST) + 4 * i);
  }
  services.acquire(row, four ? 4 : 6, upper.protocol, src, dst);
}

/** The same for a GRE or IPIP tunnel: what its SA is for has the tunnel's own header before the packet at l3. */
export function acquireForTunnel(context: NodeContext, packet: number): void {
  const { pool, tunnels, acquires, services } = context;
  const row = pool.txInterface[packet]!;
  if (!acquires.take(row, context.now)) return;
  const at = row << TUNNEL_SHIFT;
  for (let i = 0; i < 4; i++) {
    src[i] = tunnels[at + TUNNEL_LOCAL + i]!;
    dst[i] = tunnels[at + TUNNEL_REMOTE + i]!;
  }
  const four = pool.bytes[pool.l3[packet]!]! >>> 4 === 4;
  const gre = tunnels[at + TUNNEL_KIND] === TUNNEL_GRE;
  const protocol = gre ? PROTOCOL_GRE : four ? PROTOCOL_IPIP : PROTOCOL_IPV6;
  services.acquire(row, tunnels[at + TUNNEL_FAMILY]!, protocol, src, dst);
}

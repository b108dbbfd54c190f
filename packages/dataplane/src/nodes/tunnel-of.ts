// Which GRE or IPIP tunnel a received packet belongs to, and the counters of those that belong to none.
import type { NodeContext } from '../graph/context.js';
import type { CounterSpec } from '../graph/node.js';
import { FLAG_PROTECTED } from '../memory/packet-pool.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  addWord,
  TUNNEL_FAMILY,
  TUNNEL_KEY,
  TUNNEL_KEYED,
  TUNNEL_KIND,
  TUNNEL_LOCAL,
  TUNNEL_PROTECT,
  TUNNEL_REMOTE,
  TUNNEL_SHIFT,
  tunnelHash,
} from '../tables/tunnels.js';
import { IP4_DST, IP4_SRC, swap32 } from '../wire/ip4.js';
import { IP6_DST, IP6_SRC } from '../wire/ip6.js';

/** The first counters of gre-input and ipip-input; COUNT_OF_ITS_OWN is that of the next. */
const COUNT_UNKNOWN_TUNNEL = 0;
const COUNT_UNPROTECTED = 1;
const COUNT_TUNNEL_DOWN = 2;
export const COUNT_CONGESTED = 3;
export const COUNT_OF_ITS_OWN = 4;

/** `unknown` says what no tunnel has. */
export function tunnelCounters(unknown: string): CounterSpec[] {
  return [
    { name: 'unknown_tunnel', severity: 'warning', drop: true, help: unknown },
    {
      name: 'unprotected',
      severity: 'error',
      drop: true,
      help: 'in clear, but the tunnel requires IPsec: the peer sends without, or somebody forges (tunnels[].protect)',
    },
    { name: 'tunnel_down', severity: 'info', drop: true, help: 'the tunnel is disabled' },
    {
      name: 'congested',
      severity: 'warning',
      drop: true,
      help: 'the path marked congestion on it, which its sender would not understand (RFC 6040 section 4.2)',
    },
  ];
}

/**
 * The interface of a packet whose outer header is at l3: by its addresses, key and outer VRF; or, out of a
 * transport-mode SA, that SA's own if the addresses and the key are its. Else the complement of the counter to drop it
 * under.
 */
export function tunnelOf(
  context: NodeContext,
  packet: number,
  kind: number,
  keyed: number,
  key: number,
): number {
  const { pool, interfaces, tunnels } = context;
  const isProtected = (pool.flags[packet]! & FLAG_PROTECTED) !== 0;
  const row = isProtected ? pool.rxInterface[packet]! : lookUp(context, packet, kind, keyed, key);
  if (row <= 0 || !isOf(context, packet, row, kind, keyed, key)) return ~COUNT_UNKNOWN_TUNNEL;
  if (interfaces.state[row] !== INTERFACE_UP) return ~COUNT_TUNNEL_DOWN;
  if (!isProtected && tunnels[(row << TUNNEL_SHIFT) + TUNNEL_PROTECT] !== 0) return ~COUNT_UNPROTECTED;
  return row;
}

function lookUp(
  { pool, tunnelIndex }: NodeContext,
  packet: number,
  kind: number,
  keyed: number,
  key: number,
): number {
  const { bytes, i32 } = pool;
  const ip = pool.l3[packet]!;
  const four = bytes[ip]! >>> 4 === 4;
  const words = four ? 1 : 4;
  let hash = tunnelHash(kind, pool.vrf[packet]!, keyed, key);
  for (let i = 0; i < words; i++)
    hash = addWord(hash, swap32(i32[(ip + (four ? IP4_DST : IP6_DST) + 4 * i) >>> 2]!));
  for (let i = 0; i < words; i++)
    hash = addWord(hash, swap32(i32[(ip + (four ? IP4_SRC : IP6_SRC) + 4 * i) >>> 2]!));
  return tunnelIndex.lookup(hash);
}

/** True when the packet has the tunnel's addresses and key: the index knows but a hash of them. */
function isOf(
  { pool, tunnels }: NodeContext,
  packet: number,
  row: number,
  kind: number,
  keyed: number,
  key: number,
): boolean {
  const { bytes, i32 } = pool;
  const at = row << TUNNEL_SHIFT;
  const ip = pool.l3[packet]!;
  const family = bytes[ip]! >>> 4;
  if (tunnels[at + TUNNEL_KIND] !== kind || tunnels[at + TUNNEL_FAMILY] !== family) return false;
  if (tunnels[at + TUNNEL_KEYED] !== keyed || tunnels[at + TUNNEL_KEY] !== key) return false;
  const words = family === 4 ? 1 : 4;
  const src = ip + (family === 4 ? IP4_SRC : IP6_SRC);
  const dst = ip + (family === 4 ? IP4_DST : IP6_DST);
  for (let i = 0; i < words; i++) {
    if (swap32(i32[(dst + 4 * i) >>> 2]!) !== tunnels[at + TUNNEL_LOCAL + i]) return false;
    if (swap32(i32[(src + 4 * i) >>> 2]!) !== tunnels[at + TUNNEL_REMOTE + i]) return false;
  }
  return true;
}

// The flow label of an outer IPv6 header (RFC 6438): routers that share load by it then keep the packets of one inner
// flow on one path, though all of a tunnel have the same addresses.
import { IP4_FRAGMENT, IP4_FRAGMENT_OFFSET, IP4_MF, IP4_SRC, readI32, readU16 } from './ip4.js';
import { IP6_SRC } from './ip6.js';
import { ip6Upper } from './ip6-extensions.js';
import { OPAQUE, readUpper, upper } from './upper-layer.js';

/**
 * 20 bits, never 0, which would mean that there is none (RFC 6437 section 2), of the addresses, protocol and ports of
 * the packet at `ip` that ends at `end`. `seed` is the tunnel's, so that two tunnels spread otherwise.
 */
export function flowLabel(bytes: Uint8Array, ip: number, end: number, seed: number): number {
  let hash = seed;
  const four = bytes[ip]! >>> 4 === 4;
  const from = ip + (four ? IP4_SRC : IP6_SRC);
  const words = four ? 2 : 8;
  for (let i = 0; i < words; i++) hash = mix(hash, readI32(bytes, from + 4 * i));
  readUpper(bytes, ip, end, 0, 0);
  hash = mix(hash, upper.protocol);
  // All fragments of a packet go one way, and only the first has ports.
  const fragment = four
    ? (readU16(bytes, ip + IP4_FRAGMENT) & (IP4_MF | IP4_FRAGMENT_OFFSET)) !== 0
    : ip6Upper.fragment;
  if (!fragment && upper.srcPort !== OPAQUE) hash = mix(hash, (upper.srcPort << 16) | upper.dstPort);
  return (hash ^ (hash >>> 12)) & 0xfffff || 1;
}

function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x85ebca6b);
  return Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ (h >>> 16);
}

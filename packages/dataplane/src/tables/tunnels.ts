// Tunnels that are not route-based IPsec alone: GRE and IP in IP (RFC 2784, 2890, 2003, 2473, 4213). A row for each
// interface, at the interface's own number, in shared memory; written by the control side.
import { INTERFACES_MAX } from './interfaces.js';

export const TUNNEL_WORDS = 16;
export const TUNNEL_SHIFT = 4;

/** Word offsets in a row: TUNNEL_IPSEC (a tunnel-mode SA is all there is), TUNNEL_GRE or TUNNEL_IPIP. */
export const TUNNEL_KIND = 0;
/** Of its outer addresses: 4 or 6. */
export const TUNNEL_FAMILY = 1;
/** 1 when GRE packets carry the key. */
export const TUNNEL_KEYED = 2;
export const TUNNEL_KEY = 3;
/** 1 when packets may only pass protected by a transport-mode SA. */
export const TUNNEL_PROTECT = 4;
/** Between inner and outer header: POLICY_… of tables/security-associations.ts. */
export const TUNNEL_POLICY = 5;
/** Outer addresses: ours, the other end's; four words each in host order, of IPv4 the first. */
export const TUNNEL_LOCAL = 8;
export const TUNNEL_REMOTE = 12;

export const TUNNEL_IPSEC = 0;
export const TUNNEL_GRE = 1;
export const TUNNEL_IPIP = 2;

export function allocateTunnels(): SharedArrayBuffer {
  return new SharedArrayBuffer(INTERFACES_MAX * TUNNEL_WORDS * 4);
}

/** Starts a key of the index by which received packets find their tunnel; addWord() takes the rest in. */
export function tunnelHash(kind: number, vrf: number, keyed: number, key: number): number {
  return addWord(addWord(kind | (keyed << 4), vrf), key);
}

/** Murmur3's mixing of one more word into a hash. */
export function addWord(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

// The IPv6 header (RFC 8200 section 3). Headers lie 4-byte aligned in the pool (pool.l3), so that addresses are read as
// 32-bit words: swap32 of an aligned load is a word as tables and messages have it, the most significant octet first.
import { swap32 } from './ip4.js';

export const IP6_BYTES = 40;
export const IP6_PAYLOAD_LENGTH = 4;
export const IP6_NEXT_HEADER = 6;
export const IP6_HOP_LIMIT = 7;
export const IP6_SRC = 8;
export const IP6_DST = 24;

/** IANA's "Protocol Numbers": what IPv6 adds to IPv4's. */
export const PROTOCOL_HOP_BY_HOP = 0;
export const PROTOCOL_IPV6 = 41;
export const PROTOCOL_ROUTING = 43;
export const PROTOCOL_FRAGMENT = 44;
export const PROTOCOL_AH = 51;
export const PROTOCOL_ICMP6 = 58;
export const PROTOCOL_NO_NEXT_HEADER = 59;
export const PROTOCOL_DESTINATION_OPTIONS = 60;

/** Hop limit of what the box sends (IANA's "IP Option Numbers" registry has 64 for IPv4's TTL). */
const HOP_LIMIT_DEFAULT = 64;

/** Every link carries this much (RFC 8200 section 5). */
export const IP6_MTU_MIN = 1280;

/** Word `index`, 0 to 3, of the address at `at`, signed. */
export function readWord(i32: Int32Array, at: number, index: number): number {
  return swap32(i32[(at >>> 2) + index]!);
}

/** True when the addresses at `a` and `b` are one. */
export function sameAddress6(i32: Int32Array, a: number, b: number): boolean {
  const x = a >>> 2;
  const y = b >>> 2;
  return (
    ((i32[x]! ^ i32[y]!) |
      (i32[x + 1]! ^ i32[y + 1]!) |
      (i32[x + 2]! ^ i32[y + 2]!) |
      (i32[x + 3]! ^ i32[y + 3]!)) ===
    0
  );
}

/** Copies an address from one place in the pool to another. */
export function copyAddress6(i32: Int32Array, from: number, to: number): void {
  i32[to >>> 2] = i32[from >>> 2]!;
  i32[(to >>> 2) + 1] = i32[(from >>> 2) + 1]!;
  i32[(to >>> 2) + 2] = i32[(from >>> 2) + 2]!;
  i32[(to >>> 2) + 3] = i32[(from >>> 2) + 3]!;
}

/** Writes an address of a table, whose four words are in `words` from `from` on. */
export function writeAddress6(i32: Int32Array, at: number, words: Int32Array, from: number): void {
  const to = at >>> 2;
  for (let i = 0; i < 4; i++) i32[to + i] = swap32(words[from + i]!);
}

/** True for the address at `at` when it is of fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocalAt(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80;
}

/** True for the address at `at` when it is the unspecified one. */
export function isUnspecifiedAt(i32: Int32Array, at: number): boolean {
  const word = at >>> 2;
  return (i32[word]! | i32[word + 1]! | i32[word + 2]! | i32[word + 3]!) === 0;
}

/** Writes all of a header but its addresses; 20 bits of flow label. */
export function writeIp6Start(
  i32: Int32Array,
  ip: number,
  payloadLength: number,
  trafficClass: number,
  flowLabel: number,
  nextHeader: number,
): void {
  const at = ip >>> 2;
  i32[at] = swap32(0x60000000 | (trafficClass << 20) | flowLabel);
  i32[at + 1] = swap32((payloadLength << 16) | (nextHeader << 8) | HOP_LIMIT_DEFAULT);
}

/** Writes a header; the addresses are four words each in `words`, from `src` and `dst` on. */
export function writeIp6Header(
  i32: Int32Array,
  ip: number,
  payloadLength: number,
  trafficClass: number,
  flowLabel: number,
  nextHeader: number,
  words: Int32Array,
  src: number,
  dst: number,
): void {
  writeIp6Start(i32, ip, payloadLength, trafficClass, flowLabel, nextHeader);
  writeAddress6(i32, ip + IP6_SRC, words, src);
  writeAddress6(i32, ip + IP6_DST, words, dst);
}

/**
 * The folded sum of the pseudo header of RFC 8200 section 8.1 in the processor's byte order: what the checksums of
 * ICMPv6, UDP and TCP cover before their own `length` octets.
 */
export function pseudoSum6(u16: Uint16Array, ip: number, length: number, nextHeader: number): number {
  const word = (ip + IP6_SRC) >>> 1;
  let sum = 0;
  for (let i = 0; i < 16; i++) sum += u16[word + i]!;
  // Big-endian fields as little-endian loads would find them: the length's low 16 bits, the next header.
  sum += ((length & 0xff) << 8) | ((length >>> 8) & 0xff);
  sum += nextHeader << 8;
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

// The IPv4 header (RFC 791 section 3.1). Headers lie 4-byte aligned in the pool (pool.l3).
import { foldSum } from './checksum.js';

export const IP4_BYTES = 20;
export const IP4_TOS = 1;
export const IP4_TOTAL_LENGTH = 2;
export const IP4_ID = 4;
export const IP4_FRAGMENT = 6;
export const IP4_TTL = 8;
export const IP4_PROTOCOL = 9;
export const IP4_CHECKSUM = 10;
export const IP4_SRC = 12;
export const IP4_DST = 16;

/** In the fragment word. */
export const IP4_DF = 0x4000;
export const IP4_MF = 0x2000;
export const IP4_FRAGMENT_OFFSET = 0x1fff;
/** MF and offset as a little-endian load of the word at IP4_ID finds them: 0 in a packet that is whole. */
export const IP4_FRAGMENTED = 0xff3f << 16;

/** IANA's "Protocol Numbers". */
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IPIP = 4;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_GRE = 47;
export const PROTOCOL_ESP = 50;

/** Default TTL of what the box sends (IANA's "IP Option Numbers" registry: 64). */
export const TTL_DEFAULT = 64;

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** An unsigned 32-bit big-endian number as a signed one: compare with `| 0`, show with `>>> 0`. */
export function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The octets of a 16-bit number the other way round. */
export function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

/** The octets of a 32-bit word the other way round: what an aligned little-endian load of a field means. */
export function swap32(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeI32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Header length in bytes as the header says it; not checked. */
export function headerBytes(bytes: Uint8Array, ip: number): number {
  return (bytes[ip]! & 15) << 2;
}

/** Folded sum over a header of `length` bytes, a multiple of 4: 0xffff when its checksum is right. */
export function headerSum(u16: Uint16Array, ip: number, length: number): number {
  const word = ip >>> 1;
  let sum =
    u16[word]! +
    u16[word + 1]! +
    u16[word + 2]! +
    u16[word + 3]! +
    u16[word + 4]! +
    u16[word + 5]! +
    u16[word + 6]! +
    u16[word + 7]! +
    u16[word + 8]! +
    u16[word + 9]!;
  for (let i = 10; i < length >>> 1; i++) sum += u16[word + i]!;
  return foldSum(sum);
}

/** Writes the checksum of a header whose other fields are set. */
export function setHeaderChecksum(u16: Uint16Array, ip: number, length: number): void {
  const at = (ip + IP4_CHECKSUM) >>> 1;
  u16[at] = 0;
  u16[at] = ~headerSum(u16, ip, length);
}

/** The word at IP4_TTL, which holds TTL, protocol and checksum, of a packet one hop on; the TTL is above zero. */
export function oneHopOn4(word: number): number {
  // RFC 1624 section 3, equation 3: HC' = ~(~HC + ~m + m'). The TTL is the low octet of this little-endian word and m'
  // is m - 1, so ~m + m' is 0xfffe whatever the protocol beside it.
  const sum = (~(word >>> 16) & 0xffff) + 0xfffe;
  return ((word - 1) & 0xffff) | (~(sum + (sum >>> 16)) << 16);
}

/** Writes a 20-byte header without options at a multiple of 4, checksum included. */
export function writeIp4Header(
  i32: Int32Array,
  ip: number,
  totalLength: number,
  id: number,
  fragment: number,
  tos: number,
  protocol: number,
  src: number,
  dst: number,
): void {
  const sum = ip4SumBetween(protocol, src, dst);
  writeIp4Between(i32, ip, totalLength, id, fragment, tos, protocol, sum, swap32(src), swap32(dst));
}

/** The sum of what headers of one protocol between two addresses have in common, for writeIp4Between(). */
export function ip4SumBetween(protocol: number, src: number, dst: number): number {
  const addresses = (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff);
  return 0x4500 + ((TTL_DEFAULT << 8) | protocol) + addresses;
}

/** As writeIp4Header(), with that sum, and the addresses as words of the header (swap32). */
export function writeIp4Between(
  i32: Int32Array,
  ip: number,
  totalLength: number,
  id: number,
  fragment: number,
  tos: number,
  protocol: number,
  sum: number,
  srcWord: number,
  dstWord: number,
): void {
  const checksum = ~foldSum(sum + tos + totalLength + id + fragment) & 0xffff;
  const at = ip >>> 2;
  i32[at] = 0x45 | (tos << 8) | (swap16(totalLength) << 16);
  i32[at + 1] = swap16(id) | (swap16(fragment) << 16);
  i32[at + 2] = TTL_DEFAULT | (protocol << 8) | (swap16(checksum) << 16);
  i32[at + 3] = srcWord;
  i32[at + 4] = dstWord;
}

// DSCP, ECN and DF between inner and outer headers of either family (RFC 2983, RFC 6040, RFC 4301 section 8.1).
// The traffic class is IPv4's type of service: DSCP in its upper six bits, ECN in the lower two.
import { updateChecksum } from './checksum.js';
import { IP4_CHECKSUM, IP4_DF, IP4_FRAGMENT, IP4_TOS, readU16 } from './ip4.js';

/** Masks of the traffic class. */
export const DSCP = 0xfc;
export const ECN = 3;
const NOT_ECT = 0;
const ECT_1 = 1;
const ECT_0 = 2;
const CE = 3;

/** The traffic class of a header of either version. */
export function trafficClass(bytes: Uint8Array, ip: number): number {
  const first = bytes[ip]!;
  return first >>> 4 === 4 ? bytes[ip + IP4_TOS]! : ((first << 4) | (bytes[ip + 1]! >>> 4)) & 0xff;
}

/** The same of a header's first word, as an aligned little-endian load finds it. */
export function classOfWord(word: number): number {
  return (word & 0xf0) === 0x40 ? (word >>> 8) & 0xff : ((word & 15) << 4) | ((word >>> 12) & 15);
}

function setTrafficClass(bytes: Uint8Array, u16: Uint16Array, ip: number, value: number): void {
  const first = bytes[ip]!;
  if (first >>> 4 === 6) {
    bytes[ip] = 0x60 | (value >>> 4);
    bytes[ip + 1] = (value << 4) | (bytes[ip + 1]! & 15);
    return;
  }
  const word = ip >>> 1;
  const before = u16[word]!;
  bytes[ip + IP4_TOS] = value;
  const at = (ip + IP4_CHECKSUM) >>> 1;
  u16[at] = updateChecksum(u16[at]!, before, u16[word]!);
}

/**
 * The traffic class of an outer header: of the inner one's those bits that `policy` has in its lowest eight. ECN is
 * RFC 6040's normal mode (section 4.1); what is not copied is zero.
 */
export function outerTrafficClass(inner: number, policy: number): number {
  return inner & policy & (DSCP | ECN);
}

/** IP4_DF or 0: whether an outer IPv4 header that copies DF has it. IPv6 inside is never fragmented on the way. */
export function innerDf(bytes: Uint8Array, ip: number): number {
  return bytes[ip]! >>> 4 === 4 ? readU16(bytes, ip + IP4_FRAGMENT) & IP4_DF : IP4_DF;
}

/** True when decapsulate() leaves any inner header as it is. ECT(1) and CE, which may not, have the lowest bit. */
export function leavesInner(outside: number, policy: number): boolean {
  return (policy & DSCP) === 0 && ((policy & ECN) === 0 || (outside & 1) === 0);
}

/**
 * Takes over to the inner header at `inner` what the path did to the outer one, whose traffic class is `outside`: the
 * ECN mark by the table of RFC 6040 section 4.2, and the DSCP, as `policy` has them as masks. False when the
 * packet must be dropped: the path marks congestion, and the sender of the inner packet would not understand it.
 */
export function decapsulate(
  bytes: Uint8Array,
  u16: Uint16Array,
  outside: number,
  inner: number,
  policy: number,
): boolean {
  const inside = trafficClass(bytes, inner);
  let result = policy & DSCP ? (outside & DSCP) | (inside & ECN) : inside;
  if (policy & ECN) {
    const outerEcn = outside & ECN;
    const innerEcn = inside & ECN;
    if (outerEcn === CE && innerEcn === NOT_ECT) return false;
    if (outerEcn === CE || (outerEcn === ECT_1 && innerEcn === ECT_0)) result = (result & DSCP) | outerEcn;
  }
  if (result !== inside) setTrafficClass(bytes, u16, inner, result);
  return true;
}

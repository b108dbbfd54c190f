// Neighbour discovery (RFC 4861 section 4): messages of ICMPv6 right behind the IPv6 header, and their options.
import { ICMP6_CHECKSUM, ICMP6_CODE, ICMP6_TYPE } from './icmp6.js';
import { IP6_BYTES } from './ip6.js';

export const ND_ROUTER_SOLICITATION = 133;
export const ND_ROUTER_ADVERTISEMENT = 134;
export const ND_NEIGHBOUR_SOLICITATION = 135;
export const ND_NEIGHBOUR_ADVERTISEMENT = 136;
export const ND_REDIRECT = 137;

/** Routers do not forward these: one that arrives with less has been forwarded by somebody. */
export const ND_HOP_LIMIT = 255;

/** Offsets from the ICMPv6 header: flags of an NA, the target of NS, NA and redirect, and where options begin. */
export const NA_FLAGS = 4;
export const ND_TARGET = 8;
export const NA_ROUTER = 0x80;
export const NA_SOLICITED = 0x40;
export const NA_OVERRIDE = 0x20;
const RS_BYTES = 8;
export const RA_BYTES = 16;
/** NS and NA. */
export const NS_BYTES = 24;
const REDIRECT_BYTES = 40;

export const OPTION_SOURCE_LINK = 1;
export const OPTION_TARGET_LINK = 2;
export const OPTION_PREFIX = 3;
export const OPTION_MTU = 5;
/** A link-layer address of Ethernet with its option header (RFC 2464 section 6). */
const LINK_OPTION_BYTES = 8;

/** Octets of an NS or NA with a link-layer address option, and of the Ethernet frame around it. */
export const ND_MESSAGE_BYTES = NS_BYTES + LINK_OPTION_BYTES;

/** Octets of a message before its options; 0 for a type that is no neighbour discovery. */
export function ndHeaderBytes(type: number): number {
  switch (type) {
    case ND_ROUTER_SOLICITATION:
      return RS_BYTES;
    case ND_ROUTER_ADVERTISEMENT:
      return RA_BYTES;
    case ND_NEIGHBOUR_SOLICITATION:
    case ND_NEIGHBOUR_ADVERTISEMENT:
      return NS_BYTES;
    case ND_REDIRECT:
      return REDIRECT_BYTES;
    default:
      return 0;
  }
}

/** The options of a message do not add up, or name no station as a link-layer address. */
const OPTIONS_MALFORMED = -1;
export const LINK_ADDRESS_MALFORMED = -2;

/**
 * Goes through the options from `at` to `end`. Returns where the link-layer address in the one of kind `wanted` begins;
 * 0 when there is none, or one of the negative codes above.
 */
export function findLinkAddress(bytes: Uint8Array, at: number, end: number, wanted: number): number {
  let found = 0;
  for (let option = at; option < end; ) {
    // "All included options have a length that is greater than zero" (section 6.1.1 and its like).
    const size = option + 2 <= end ? bytes[option + 1]! << 3 : 0;
    if (size === 0 || option + size > end) return OPTIONS_MALFORMED;
    if (bytes[option] === wanted && found === 0) {
      const mac = option + 2;
      if (size !== LINK_OPTION_BYTES || !isStation(bytes, mac)) return LINK_ADDRESS_MALFORMED;
      found = mac;
    }
    option += size;
  }
  return found;
}

/** True for a MAC address of one station: no group, and not all zeros. */
function isStation(bytes: Uint8Array, mac: number): boolean {
  const octets =
    bytes[mac]! | bytes[mac + 1]! | bytes[mac + 2]! | bytes[mac + 3]! | bytes[mac + 4]! | bytes[mac + 5]!;
  return octets !== 0 && (bytes[mac]! & 1) === 0;
}

/** True for the solicited-node group of the address at `target` at `at`: ff02::1:ff and its last 24 bits (RFC 4291). */
export function isSolicitedNodeOf(bytes: Uint8Array, at: number, target: number): boolean {
  return (
    bytes[at + 13] === bytes[target + 13] &&
    bytes[at + 14] === bytes[target + 14] &&
    bytes[at + 15] === bytes[target + 15] &&
    isSolicitedNode(bytes, at)
  );
}

function isSolicitedNode(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0xff || bytes[at + 1] !== 2 || bytes[at + 11] !== 1 || bytes[at + 12] !== 0xff)
    return false;
  let middle = 0;
  for (let i = 2; i < 11; i++) middle |= bytes[at + i]!;
  return middle === 0;
}

export interface NdMessage {
  type: number;
  /** Of an NA: NA_…. */
  flags?: number;
  sourceMac: Uint8Array;
  /** Null: the IPv6 group's own. */
  targetMac: Uint8Array | null;
  /** Addresses as sixteen octets. */
  src: Uint8Array;
  dst: Uint8Array;
  /** Of NS and NA. */
  target?: Uint8Array;
  /** Kind of the link-layer address option; none when left out. */
  linkOption?: number;
}

/** Writes a whole Ethernet frame at `at`; returns its octets. For the control side: the graph answers in place. */
export function writeNd(bytes: Uint8Array, at: number, message: NdMessage): number {
  const { src, dst, target, linkOption, sourceMac } = message;
  const header = target === undefined ? RS_BYTES : NS_BYTES;
  const size = header + (linkOption === undefined ? 0 : LINK_OPTION_BYTES);
  const ip = at + 14;
  const icmp = ip + IP6_BYTES;
  bytes.fill(0, at, icmp + size);
  bytes.set(message.targetMac ?? Uint8Array.of(0x33, 0x33, ...dst.subarray(12)), at);
  bytes.set(sourceMac, at + 6);
  bytes.set([0x86, 0xdd, 0x60], at + 12);
  bytes.set([size >> 8, size & 255, 58, ND_HOP_LIMIT], ip + 4);
  bytes.set(src, ip + 8);
  bytes.set(dst, ip + 24);
  bytes[icmp + ICMP6_TYPE] = message.type;
  bytes[icmp + ICMP6_CODE] = 0;
  bytes[icmp + NA_FLAGS] = message.flags ?? 0;
  if (target !== undefined) bytes.set(target, icmp + ND_TARGET);
  if (linkOption !== undefined) bytes.set([linkOption, 1, ...sourceMac], icmp + header);
  const sum = checksum(bytes, ip, icmp, size);
  bytes[icmp + ICMP6_CHECKSUM] = sum >>> 8;
  bytes[icmp + ICMP6_CHECKSUM + 1] = sum;
  return icmp + size - at;
}

/** RFC 8200 section 8.1, big-endian: the control side's buffers need not be aligned. */
function checksum(bytes: Uint8Array, ip: number, icmp: number, size: number): number {
  let sum = size + 58;
  for (let i = 8; i < IP6_BYTES; i += 2) sum += (bytes[ip + i]! << 8) | bytes[ip + i + 1]!;
  for (let i = 0; i < size; i += 2) sum += (bytes[icmp + i]! << 8) | bytes[icmp + i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An address as sixteen octets, from its four words. */
export function octets6(words: ArrayLike<number>): Uint8Array {
  const octets = new Uint8Array(16);
  const view = new DataView(octets.buffer);
  for (let i = 0; i < 4; i++) view.setUint32(4 * i, words[i]! >>> 0);
  return octets;
}

/** ff02::1:ffXX:XXXX of an address (RFC 4291 section 2.7.1). */
export function solicitedNodeOf(words: ArrayLike<number>): [number, number, number, number] {
  return [0xff020000, 0, 1, (0xff000000 | (words[3]! & 0xffffff)) >>> 0];
}

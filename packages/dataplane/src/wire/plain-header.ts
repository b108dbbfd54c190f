// IP headers of the common kind: what most packets have, checked in a few loads.
//
// Each function answers as the checks of ip4-input or ip6-input would for a packet that has nothing special, and with 0
// for any other, right or wrong: those have their checks.
import { IP4_BYTES } from './ip4.js';
import { IP6_BYTES, PROTOCOL_ICMP6 } from './ip6.js';
import { isExtension } from './ip6-extensions.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const BYTES4 = IP4_BYTES;
const BYTES6 = IP6_BYTES;

/** 1 for the first octet of an address that may be forwarded from or to: see ip4-input and ip6-input. */
const ADDRESS4 = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet === 0 || octet === 127 || octet >= 224 ? 0 : 1,
);
/** Link-local ones are looked up by their zone: see tables/ip6-scope.ts. */
const ADDRESS6 = Uint8Array.from({ length: 256 }, (_, octet) => (octet === 0 || octet >= 0xfe ? 0 : 1));
/**
 * 1 for a next header that is none of the extension headers, nor ICMPv6: neighbour discovery comes to one address and to
 * groups, and stays in order.
 */
const UPPER6 = Uint8Array.from({ length: 256 }, (_, protocol) =>
  isExtension(protocol) || protocol === PROTOCOL_ICMP6 ? 0 : 1,
);

/**
 * Total length of an IPv4 packet without options whose header and checksum are right and whose addresses are not
 * special; 0 for any other. `word` is the header's offset in 32-bit words, `available` the octets from there on.
 */
export function plainLength4(i32: Int32Array, word: number, available: number): number {
  const w0 = i32[word]!;
  const w1 = i32[word + 1]!;
  const w2 = i32[word + 2]!;
  const w3 = i32[word + 3]!;
  const w4 = i32[word + 4]!;
  const sum =
    (w0 & 0xffff) +
    (w0 >>> 16) +
    (w1 & 0xffff) +
    (w1 >>> 16) +
    (w2 & 0xffff) +
    (w2 >>> 16) +
    (w3 & 0xffff) +
    (w3 >>> 16) +
    (w4 & 0xffff) +
    (w4 >>> 16);
  // Little-endian loads: the first octet of a field is the low byte.
  const total = ((w0 >>> 8) & 0xff00) | (w0 >>> 24);
  // Ten halves that add up to a multiple of 0xffff fold to 0xffff at once (RFC 1071).
  return (w0 & 0xff) === 0x45 &&
    (sum & 0xffff) + (sum >>> 16) === 0xffff &&
    total >= BYTES4 &&
    total <= available &&
    (ADDRESS4[w3 & 0xff]! & ADDRESS4[w4 & 0xff]!) !== 0
    ? total
    : 0;
}

/** Length of an IPv6 packet without extension headers that is not ICMPv6, in the same way; its own header is counted. */
export function plainLength6(i32: Int32Array, word: number, available: number): number {
  const w1 = i32[word + 1]!;
  const total = BYTES6 + (((w1 & 0xff) << 8) | ((w1 >>> 8) & 0xff));
  return (i32[word]! & 0xf0) === 0x60 &&
    total <= available &&
    (UPPER6[(w1 >>> 16) & 0xff]! & ADDRESS6[i32[word + 2]! & 0xff]! & ADDRESS6[i32[word + 6]! & 0xff]!) !== 0
    ? total
    : 0;
}

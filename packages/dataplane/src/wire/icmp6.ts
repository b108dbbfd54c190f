// ICMPv6 (RFC 4443), as the box sends and answers it.
import { foldSum, sumBytes } from './checksum.js';
import { PROTOCOL_ICMP6, pseudoSum6 } from './ip6.js';

export const ICMP6_BYTES = 8;
export const ICMP6_TYPE = 0;
export const ICMP6_CODE = 1;
export const ICMP6_CHECKSUM = 2;
/** The MTU of packet too big, the pointer of parameter problem: 32 bits. */
export const ICMP6_PARAMETER = 4;

export const ICMP6_UNREACHABLE = 1;
export const ICMP6_PACKET_TOO_BIG = 2;
export const ICMP6_TIME_EXCEEDED = 3;
export const ICMP6_PARAMETER_PROBLEM = 4;
export const ICMP6_ECHO_REQUEST = 128;
export const ICMP6_ECHO_REPLY = 129;
/** Neighbour discovery: router solicitation to redirect (RFC 4861). */
const ICMP6_ND_FIRST = 133;
const ICMP6_REDIRECT = 137;

export const CODE6_NO_ROUTE = 0;
export const CODE6_PROHIBITED = 1;
export const CODE6_BEYOND_SCOPE = 2;
export const CODE6_ADDRESS_UNREACHABLE = 3;
export const CODE6_HOP_LIMIT = 0;
export const CODE6_REASSEMBLY_TIME = 1;
export const CODE6_ERRONEOUS_FIELD = 0;
export const CODE6_NEXT_HEADER = 1;
export const CODE6_OPTION = 2;

/** True for the types about which no error is ever sent (RFC 4443 section 2.4 e.1 and e.2): errors, and redirects. */
export function isIcmp6Error(type: number): boolean {
  return type < 128 || type === ICMP6_REDIRECT;
}

/** True for the messages of neighbour discovery. */
export function isNeighbourDiscovery(type: number): boolean {
  return type >= ICMP6_ND_FIRST && type <= ICMP6_REDIRECT;
}

/** Folded sum over the pseudo header and a message of `length` octets: 0xffff when its checksum is right. */
export function icmp6Sum(
  u16: Uint16Array,
  bytes: Uint8Array,
  ip: number,
  icmp: number,
  length: number,
): number {
  return foldSum(pseudoSum6(u16, ip, length, PROTOCOL_ICMP6) + sumBytes(u16, bytes, icmp, length));
}

/** Writes the checksum of a message whose other octets, and whose IPv6 header's addresses, are set. */
export function setIcmp6Checksum(
  u16: Uint16Array,
  bytes: Uint8Array,
  ip: number,
  icmp: number,
  length: number,
): void {
  const at = (icmp + ICMP6_CHECKSUM) >>> 1;
  u16[at] = 0;
  u16[at] = ~icmp6Sum(u16, bytes, ip, icmp, length);
}

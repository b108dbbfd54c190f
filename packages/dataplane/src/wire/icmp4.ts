// ICMP (RFC 792), as the box sends and answers it.

export const ICMP_BYTES = 8;
export const ICMP_CODE = 1;
export const ICMP_CHECKSUM = 2;
/** Next-hop MTU of "fragmentation needed" (RFC 1191 section 4). */
export const ICMP_NEXT_HOP_MTU = 6;

export const ICMP_ECHO_REPLY = 0;
export const ICMP_UNREACHABLE = 3;
const ICMP_SOURCE_QUENCH = 4;
const ICMP_REDIRECT = 5;
export const ICMP_ECHO_REQUEST = 8;
export const ICMP_TIME_EXCEEDED = 11;
const ICMP_PARAMETER_PROBLEM = 12;

export const CODE_NET_UNREACHABLE = 0;
export const CODE_HOST_UNREACHABLE = 1;
export const CODE_FRAGMENTATION_NEEDED = 4;
/** Communication administratively prohibited (RFC 1812 section 5.2.7.1). */
export const CODE_PROHIBITED = 13;
export const CODE_TTL_IN_TRANSIT = 0;
export const CODE_REASSEMBLY_TIME = 1;

/** True for the types about which no error is ever sent (RFC 1122 section 3.2.2). */
export function isIcmpError(type: number): boolean {
  return (
    type === ICMP_UNREACHABLE ||
    type === ICMP_SOURCE_QUENCH ||
    type === ICMP_REDIRECT ||
    type === ICMP_TIME_EXCEEDED ||
    type === ICMP_PARAMETER_PROBLEM
  );
}

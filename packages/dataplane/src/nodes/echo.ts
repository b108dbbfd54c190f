// What ip4-icmp-echo and ip6-icmp-echo have in common.
import { updateChecksum } from '../wire/checksum.js';

/** Offset of the checksum in ICMP and ICMPv6. */
const CHECKSUM = 2;

/** Turns the echo request at `icmp` into its reply: its type, and the checksum field, which it returns as it is now. */
export function turnEcho(
  bytes: Uint8Array,
  u16: Uint16Array,
  icmp: number,
  request: number,
  reply: number,
): number {
  bytes[icmp] = reply;
  const at = (icmp + CHECKSUM) >>> 1;
  // Little-endian loads: the type is the low byte of its word.
  u16[at] = updateChecksum(u16[at]!, request, reply);
  return u16[at]!;
}

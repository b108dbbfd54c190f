// Outer headers of ESP that are not the common case, a new IPv4 header, which esp-seal.ts writes itself.
import type { PacketPool } from '../memory/packet-pool.js';
import { SA_DST, SA_SPI, SA_SRC } from '../tables/security-associations.js';
import { sumBytes } from '../wire/checksum.js';
import { flowLabel } from '../wire/flow-label.js';
import {
  IP4_PROTOCOL,
  IP4_TOTAL_LENGTH,
  PROTOCOL_UDP,
  readU16,
  setHeaderChecksum,
  writeU16,
} from '../wire/ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER, IP6_PAYLOAD_LENGTH, pseudoSum6, writeIp6Header } from '../wire/ip6.js';
import { UDP_CHECKSUM, UDP_LENGTH } from '../wire/udp.js';

/** Tunnel mode: an IPv6 header at `outer`, before `size` octets, for the inner packet from `inner` to `end`. */
export function wrapIp6(
  pool: PacketPool,
  words: Int32Array,
  at: number,
  outer: number,
  size: number,
  trafficClass: number,
  protocol: number,
  inner: number,
  end: number,
): void {
  const flow = flowLabel(pool.bytes, pool.i32, inner, end, words[at + SA_SPI]!);
  writeIp6Header(pool.i32, outer, size, trafficClass, flow, protocol, words, at + SA_SRC, at + SA_DST);
}

/**
 * Transport mode: moves the IP header between `ip` and `payload` to `outer`, as that of a packet which ends at `end` and
 * carries `protocol`.
 */
export function moveHeader(
  pool: PacketPool,
  ip: number,
  payload: number,
  outer: number,
  end: number,
  protocol: number,
): void {
  const { bytes, u16 } = pool;
  pool.copy(outer, ip, payload - ip);
  if (bytes[outer]! >>> 4 === 4) {
    bytes[outer + IP4_PROTOCOL] = protocol;
    writeU16(bytes, outer + IP4_TOTAL_LENGTH, end - outer);
    setHeaderChecksum(u16, outer, payload - ip);
  } else {
    bytes[outer + IP6_NEXT_HEADER] = protocol;
    writeU16(bytes, outer + IP6_PAYLOAD_LENGTH, end - outer - IP6_BYTES);
  }
}

/** The checksum of UDP right behind the IPv6 header at `outer`, where it must have one (RFC 8200 section 8.1). */
export function setUdpChecksum6({ bytes, u16 }: PacketPool, outer: number): void {
  const udp = outer + IP6_BYTES;
  const length = readU16(bytes, udp + UDP_LENGTH);
  const at = (udp + UDP_CHECKSUM) >>> 1;
  u16[at] = 0;
  const sum = sumBytes(u16, bytes, udp, length) + pseudoSum6(u16, outer, length, PROTOCOL_UDP);
  const checksum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
  u16[at] = checksum === 0 ? 0xffff : checksum;
}

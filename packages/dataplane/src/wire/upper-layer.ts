// What traffic selectors and flow hashes look at behind an IP header: protocol and ports (RFC 4301 section 4.4.1.1).
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_PROTOCOL,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readU16,
} from './ip4.js';
import { findIp6Upper, ip6Upper } from './ip6-extensions.js';

const PROTOCOL_DCCP = 33;
const PROTOCOL_ICMP6 = 58;
const PROTOCOL_SCTP = 132;
const PROTOCOL_MOBILITY = 135;
const PROTOCOL_UDP_LITE = 136;

/** A port that the packet does not tell: RFC 4301's OPAQUE. */
export const OPAQUE = -1;

/**
 * The result of readUpper until its next call. With ICMP the source port is type << 8 | code and the destination port
 * 0; with the mobility header of IPv6 it is the type << 8.
 */
export const upper = { protocol: 0, srcPort: OPAQUE, dstPort: OPAQUE };

/**
 * Reads protocol and ports of the packet at `ip`, which ends at `end`. A later fragment has those of `ports`
 * (source << 16 | destination) when `portsKnown` is not 0, else none.
 */
export function readUpper(
  bytes: Uint8Array,
  ip: number,
  end: number,
  portsKnown: number,
  ports: number,
): void {
  let at: number;
  let later: boolean;
  if (bytes[ip]! >>> 4 === 4) {
    upper.protocol = bytes[ip + IP4_PROTOCOL]!;
    at = ip + headerBytes(bytes, ip);
    later = (readU16(bytes, ip + IP4_FRAGMENT) & IP4_FRAGMENT_OFFSET) !== 0;
  } else {
    findIp6Upper(bytes, ip, end);
    upper.protocol = ip6Upper.protocol;
    at = ip6Upper.at;
    later = ip6Upper.laterFragment;
  }
  upper.srcPort = OPAQUE;
  upper.dstPort = OPAQUE;
  if (later) {
    if (portsKnown !== 0) {
      upper.srcPort = ports >>> 16;
      upper.dstPort = ports & 0xffff;
    }
  } else if (at + 4 <= end) {
    readPorts(bytes, at);
  }
}

/** Where the upper layer's header begins in the packet at `ip`, which ends at `end`. */
export function upperOffset(bytes: Uint8Array, ip: number, end: number): number {
  if (bytes[ip]! >>> 4 === 4) return ip + headerBytes(bytes, ip);
  findIp6Upper(bytes, ip, end);
  return ip6Upper.at;
}

function readPorts(bytes: Uint8Array, at: number): void {
  switch (upper.protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_DCCP:
    case PROTOCOL_SCTP:
    case PROTOCOL_UDP_LITE:
      upper.srcPort = readU16(bytes, at);
      upper.dstPort = readU16(bytes, at + 2);
      break;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMP6:
      upper.srcPort = readU16(bytes, at);
      upper.dstPort = 0;
      break;
    case PROTOCOL_MOBILITY:
      upper.srcPort = bytes[at + 2]! << 8;
      upper.dstPort = 0;
      break;
  }
}

/** What a first fragment's ports are in the packet pool (source << 16 | destination); 0 where its protocol has none. */
export function upperPorts(bytes: Uint8Array, protocol: number, at: number, end: number): number {
  upper.protocol = protocol;
  upper.srcPort = OPAQUE;
  upper.dstPort = OPAQUE;
  if (at + 4 <= end) readPorts(bytes, at);
  return upper.srcPort === OPAQUE ? 0 : (upper.srcPort << 16) | upper.dstPort;
}

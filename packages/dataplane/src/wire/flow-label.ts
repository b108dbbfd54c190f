// The flow label of an outer IPv6 header (RFC 6438): routers that share load by it then keep the packets of one inner
// flow on one path, though all of a tunnel have the same addresses.
import { flowHash, hasPorts, isPlain4, plainFlowHash4 } from './flow.js';
import { IP4_FRAGMENT, IP4_FRAGMENT_OFFSET, IP4_MF, IP4_SRC, readU16, swap32 } from './ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER, IP6_SRC } from './ip6.js';
import { ip6Upper, isExtension } from './ip6-extensions.js';
import { OPAQUE, readUpper, upper } from './upper-layer.js';

/**
 * 20 bits, never 0, which would mean that there is none (RFC 6437 section 2), of the addresses, protocol and ports of
 * the packet at `ip`, a multiple of 4, that ends at `end`. `seed` is the tunnel's, so that two tunnels spread otherwise.
 */
export function flowLabel(bytes: Uint8Array, i32: Int32Array, ip: number, end: number, seed: number): number {
  const word = ip >>> 2;
  const hash = isPlain4(i32, word)
    ? plainFlowHash4(i32, word, end - ip, seed)
    : otherHash(bytes, i32, ip, end, seed);
  return (hash ^ (hash >>> 12)) & 0xfffff || 1;
}

function otherHash(bytes: Uint8Array, i32: Int32Array, ip: number, end: number, seed: number): number {
  if (bytes[ip]! >>> 4 === 4) {
    // All fragments of a packet go one way, and only the first has ports.
    const fragment = (readU16(bytes, ip + IP4_FRAGMENT) & (IP4_MF | IP4_FRAGMENT_OFFSET)) !== 0;
    readUpper(bytes, ip, end, 0, 0);
    return flowHash(i32, ip + IP4_SRC, 2, upper.protocol, fragment ? 0 : upperPorts(), seed);
  }
  const protocol = bytes[ip + IP6_NEXT_HEADER]!;
  if (!isExtension(protocol)) {
    const at = ip + IP6_BYTES;
    const ports = hasPorts(protocol) && at + 4 <= end ? swap32(i32[at >>> 2]!) : 0;
    return flowHash(i32, ip + IP6_SRC, 8, protocol, ports, seed);
  }
  readUpper(bytes, ip, end, 0, 0);
  return flowHash(i32, ip + IP6_SRC, 8, upper.protocol, ip6Upper.fragment ? 0 : upperPorts(), seed);
}

/** Of what readUpper has read, as flowHash takes them. */
function upperPorts(): number {
  return hasPorts(upper.protocol) && upper.srcPort !== OPAQUE ? (upper.srcPort << 16) | upper.dstPort : 0;
}

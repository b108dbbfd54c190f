// The hash of a packet's flow, by which it is given one of several paths: source, destination, protocol and ports.
//
// A fragment has no ports but those that virtual reassembly found for it (FLAG_PORTS): without, all fragments of a
// datagram, the first one too, are hashed by addresses and protocol only, and take one path.
import { FLAG_PORTS, type PacketPool } from '../memory/packet-pool.js';
import { flowHash, hasPorts, isPlain4, plainFlowHash4 } from '../wire/flow.js';
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_MF,
  IP4_PROTOCOL,
  IP4_SRC,
  readU16,
  swap32,
} from '../wire/ip4.js';

/** RFC 8200 section 3. */
const IP6_BYTES = 40;
const IP6_NEXT_HEADER = 6;
const IP6_SRC = 8;

const ADDRESS_WORDS_IP4 = 2;
const ADDRESS_WORDS_IP6 = 8;

/** A 32-bit hash of an IPv4 packet's flow. Expects a header that ip4-input let pass at l3. */
export function flowHash4(pool: PacketPool, packet: number, seed: number): number {
  const { bytes, i32 } = pool;
  const ip = pool.l3[packet]!;
  if (isPlain4(i32, ip >>> 2) && (pool.flags[packet]! & FLAG_PORTS) === 0) {
    return plainFlowHash4(i32, ip >>> 2, pool.length[packet]! - (ip - pool.offset[packet]!), seed);
  }
  const protocol = bytes[ip + IP4_PROTOCOL]!;
  let ports = 0;
  if (pool.flags[packet]! & FLAG_PORTS) ports = pool.ports[packet]!;
  else if ((readU16(bytes, ip + IP4_FRAGMENT) & (IP4_MF | IP4_FRAGMENT_OFFSET)) === 0) {
    ports = portsAt(pool, packet, ip + headerBytes(bytes, ip), protocol);
  }
  return flowHash(i32, ip + IP4_SRC, ADDRESS_WORDS_IP4, protocol, ports, seed);
}

/** A 32-bit hash of an IPv6 packet's flow. A packet with extension headers has ports with FLAG_PORTS only. */
export function flowHash6(pool: PacketPool, packet: number, seed: number): number {
  const ip = pool.l3[packet]!;
  const protocol = pool.bytes[ip + IP6_NEXT_HEADER]!;
  const ports =
    pool.flags[packet]! & FLAG_PORTS ? pool.ports[packet]! : portsAt(pool, packet, ip + IP6_BYTES, protocol);
  return flowHash(pool.i32, ip + IP6_SRC, ADDRESS_WORDS_IP6, protocol, ports, seed);
}

/** Source port << 16 | destination port of what begins at `l4`; 0 when it has none, or is cut off before them. */
function portsAt(pool: PacketPool, packet: number, l4: number, protocol: number): number {
  if (!hasPorts(protocol) || l4 + 4 > pool.offset[packet]! + pool.length[packet]!) return 0;
  return swap32(pool.i32[l4 >>> 2]!);
}

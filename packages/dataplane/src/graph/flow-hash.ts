// The hash of a packet's flow, by which it is given one of several paths: source, destination, protocol and ports.
//
// A fragment has no ports but those that virtual reassembly found for it (FLAG_PORTS): without, all fragments of a
// datagram, the first one too, are hashed by addresses and protocol only, and take one path.
import { FLAG_PORTS, type PacketPool } from '../memory/packet-pool.js';
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_MF,
  IP4_PROTOCOL,
  IP4_SRC,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readU16,
  swap32,
} from '../wire/ip4.js';

/** IANA's "Protocol Numbers"; all have their ports in the first four octets. */
const PROTOCOL_DCCP = 33;
const PROTOCOL_SCTP = 132;
const PROTOCOL_UDPLITE = 136;

/** RFC 8200 section 3. */
const IP6_BYTES = 40;
const IP6_NEXT_HEADER = 6;
const IP6_SRC = 8;

const ADDRESS_WORDS_IP4 = 2;
const ADDRESS_WORDS_IP6 = 8;

/** A 32-bit hash of an IPv4 packet's flow. Expects a header that ip4-input let pass at l3. */
export function flowHash4(pool: PacketPool, packet: number, seed: number): number {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const protocol = bytes[ip + IP4_PROTOCOL]!;
  let ports = 0;
  if (pool.flags[packet]! & FLAG_PORTS) ports = pool.ports[packet]!;
  else if ((readU16(bytes, ip + IP4_FRAGMENT) & (IP4_MF | IP4_FRAGMENT_OFFSET)) === 0) {
    ports = portsAt(pool, packet, ip + headerBytes(bytes, ip), protocol);
  }
  return flowHash(pool.i32, ip + IP4_SRC, ADDRESS_WORDS_IP4, protocol, ports, seed);
}

/** A 32-bit hash of an IPv6 packet's flow. A packet with extension headers has ports with FLAG_PORTS only. */
export function flowHash6(pool: PacketPool, packet: number, seed: number): number {
  const ip = pool.l3[packet]!;
  const protocol = pool.bytes[ip + IP6_NEXT_HEADER]!;
  const ports =
    pool.flags[packet]! & FLAG_PORTS ? pool.ports[packet]! : portsAt(pool, packet, ip + IP6_BYTES, protocol);
  return flowHash(pool.i32, ip + IP6_SRC, ADDRESS_WORDS_IP6, protocol, ports, seed);
}

/**
 * The hash itself. `addresses` is the 4-byte aligned offset of source and destination, `words` their length
 * together; `ports` as in pool.ports.
 */
export function flowHash(
  i32: Int32Array,
  addresses: number,
  words: number,
  protocol: number,
  ports: number,
  seed: number,
): number {
  const at = addresses >>> 2;
  let hash = seed;
  for (let i = 0; i < words; i++) hash = mix(hash, i32[at + i]!);
  hash = mix(hash, protocol);
  hash = mix(hash, ports);
  // Every bit of the flow reaches the low bits, which choose the bucket (MurmurHash3's finalizer).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** Source port << 16 | destination port of what begins at `l4`; 0 when it has none, or is cut off before them. */
function portsAt(pool: PacketPool, packet: number, l4: number, protocol: number): number {
  const hasPorts =
    protocol === PROTOCOL_TCP ||
    protocol === PROTOCOL_UDP ||
    protocol === PROTOCOL_SCTP ||
    protocol === PROTOCOL_DCCP ||
    protocol === PROTOCOL_UDPLITE;
  if (!hasPorts || l4 + 4 > pool.offset[packet]! + pool.length[packet]!) return 0;
  return swap32(pool.i32[l4 >>> 2]!);
}

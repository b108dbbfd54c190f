// The hash of a flow: source, destination, protocol and ports.
import { IP4_FRAGMENTED, PROTOCOL_TCP, PROTOCOL_UDP, swap32 } from './ip4.js';

/** IANA's "Protocol Numbers"; all have their ports in the first four octets. */
const PROTOCOL_DCCP = 33;
const PROTOCOL_SCTP = 132;
const PROTOCOL_UDPLITE = 136;
const WITH_PORTS = [PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_DCCP, PROTOCOL_SCTP, PROTOCOL_UDPLITE];

/** 1 for the protocols that have ports. */
const PORTS = Uint8Array.from({ length: 256 }, (_, protocol) => (WITH_PORTS.includes(protocol) ? 1 : 0));

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const FRAGMENTED = IP4_FRAGMENTED;
const swap = swap32;

export function hasPorts(protocol: number): boolean {
  return PORTS[protocol] === 1;
}

/**
 * The hash itself, of 32 bits. `addresses` is the 4-byte aligned offset of source and destination, `words` their length
 * together; `ports` is source port << 16 | destination port, 0 for none.
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
  return finish(hash, protocol, ports);
}

/**
 * flowHash of the IPv4 packet of `total` octets whose header, which has no options, begins at `word`: with its ports, so
 * that a fragment has another one than it should.
 */
export function plainFlowHash4(i32: Int32Array, word: number, total: number, seed: number): number {
  const protocol = (i32[word + 2]! >>> 8) & 0xff;
  const ports = PORTS[protocol] === 1 && total >= 24 ? swap(i32[word + 5]!) : 0;
  return finish(mix(mix(seed, i32[word + 3]!), i32[word + 4]!), protocol, ports);
}

/** True for an IPv4 header at `word` of a whole packet, without options. */
export function isPlain4(i32: Int32Array, word: number): boolean {
  return (i32[word]! & 0xff) === 0x45 && (i32[word + 1]! & FRAGMENTED) === 0;
}

function finish(addresses: number, protocol: number, ports: number): number {
  let hash = mix(mix(addresses, protocol), ports);
  // Every bit of the flow reaches the low bits, which choose the bucket (MurmurHash3's finalizer).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

// ip6-reassembly: puts fragments for the box together (RFC 8200 section 4.5).
//
// Expects: a packet to one of the box's addresses, or to a group of the link, whose fragment header says that it is one
//          of several: an atomic fragment is whole by itself (RFC 6946).
// Next:    ip6-local with the whole packet, on the worker that all its fragments are handed to; ip6-icmp-error about
//          lengths that RFC 8200 has answered. Overlaps refuse the packet (RFC 5722), and so does a first fragment
//          without all of the headers (RFC 7112).
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { NONE } from '../tables/fragment-contexts.js';
import { CODE6_ERRONEOUS_FIELD, ICMP6_PARAMETER_PROBLEM } from '../wire/icmp6.js';
import {
  PROTOCOL_ESP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readI32,
  readU16,
  swap16,
  swap32,
  writeU16,
} from '../wire/ip4.js';
import {
  IP6_BYTES,
  IP6_DST,
  IP6_NEXT_HEADER,
  IP6_PAYLOAD_LENGTH,
  IP6_SRC,
  PROTOCOL_FRAGMENT,
  PROTOCOL_ICMP6,
  sameAddress6,
} from '../wire/ip6.js';
import {
  CHAIN_GOOD,
  extensionBytes,
  FRAGMENT_BYTES,
  FRAGMENT_ID,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  FRAGMENT_WORD,
  findIp6Upper,
  ip6Upper,
} from '../wire/ip6-extensions.js';
import { TCP_BYTES } from '../wire/tcp.js';
import { icmpErrorAuxOfOwn } from './icmp-error.js';
import {
  COUNT_BAD_END,
  COUNT_BAD_LENGTH,
  COUNT_CONGESTED,
  COUNT_FRAGMENTS,
  COUNT_HANDED_OVER,
  COUNT_NO_LARGE_FRAME,
  COUNT_REASSEMBLED,
  COUNT_TINY,
  COUNT_TOO_LONG,
  COUNT_WORKER_BUSY,
  completed,
  DATAGRAM_BYTES_MAX,
  fragmentFault,
  joinedEcn,
  reassemble,
  reassemblyCounters,
  tunnelScope,
} from './reassemble.js';
import { COMPLETE, GONE, giveUp, handOver, KEPT, MINE } from './waiting-fragments.js';
import { makeReassembly, type RunFamily } from './whole-runs.js';

const NEXT_LOCAL = 0;
const NEXT_ICMP_ERROR = 1;

/** Octets of an upper-layer header at least: UDP, ICMPv6 and ESP. */
const UPPER_BYTES = 8;
/** ECN in the second octet, the lowest two bits of the traffic class. */
const ECN_SHIFT = 4;
const ECN = 3;

export const ip6Reassembly = defineNode({
  name: 'ip6-reassembly',
  next: ['ip6-local', 'ip6-icmp-error'],
  counters: reassemblyCounters({ answersLengths: true }),

  make: (context) => makeReassembly(context, FAMILY, context.services.nodeIndex('ip6-reassembly')),
});

/** Fragments without other extension headers before the fragment header. */
const FAMILY: RunFamily = {
  headers: IP6_BYTES + FRAGMENT_BYTES,
  cut: FRAGMENT_BYTES,
  longest: DATAGRAM_BYTES_MAX,
  part(i32, ip) {
    if (((i32[(ip + IP6_PAYLOAD_LENGTH) >>> 2]! >>> 16) & 0xff) !== PROTOCOL_FRAGMENT) return -1;
    return swap16(i32[(ip + IP6_BYTES) >>> 2]! >>> 16) & (FRAGMENT_OFFSET | FRAGMENT_MORE);
  },
  same: (i32, ip, other) =>
    i32[(ip + IP6_BYTES + FRAGMENT_ID) >>> 2] === i32[(other + IP6_BYTES + FRAGMENT_ID) >>> 2] &&
    sameAddress6(i32, ip + IP6_SRC, other + IP6_SRC) &&
    sameAddress6(i32, ip + IP6_DST, other + IP6_DST),
  holdsHeaders: (bytes, ip, start, stop) =>
    start !== 0 || hasUpperHeader(bytes, ip, ip + IP6_BYTES + FRAGMENT_BYTES + stop),
  ecn: (bytes, ip) => (bytes[ip + 1]! >>> ECN_SHIFT) & ECN,
  protocol: (bytes, ip) => bytes[ip + IP6_BYTES]!,
  setKey: (key, i32, ip, vrf, scope) =>
    key.setIp6(i32, ip, swap32(i32[(ip + IP6_BYTES + FRAGMENT_ID) >>> 2]!), vrf, scope),
  finish: ({ pool }, ip, total, protocol, ecn) =>
    finish(pool.bytes, ip, ip + IP6_NEXT_HEADER, total, protocol, ecn),
  one,
};

/** The next of a fragment that joins, or waits for, others: mostly NEXT_CONSUMED. */
function one(context: NodeContext, counters: Float64Array, packet: number, self: number): number {
  const { pool, reassembly } = context;
  const { contexts } = reassembly;
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  findIp6Upper(bytes, ip, pool.offset[packet]! + pool.length[packet]!);
  const id = readI32(bytes, ip6Upper.fragmentAt + FRAGMENT_ID);
  contexts.key.setIp6(pool.i32, ip, id, pool.vrf[packet]!, tunnelScope(context, packet));
  const elsewhere = handOver(context, contexts, packet, self, COUNT_WORKER_BUSY);
  const verdict = elsewhere === MINE ? take(context, counters, packet, ip) : elsewhere;
  if (verdict < 0) {
    if (verdict === COMPLETE) join(context, counters, completed.row);
    else if (verdict === GONE) counters[COUNT_HANDED_OVER]!++;
    return NEXT_CONSUMED;
  }
  counters[verdict]!++;
  pool.reason[packet] = verdict;
  return verdict === COUNT_BAD_LENGTH || verdict === COUNT_TOO_LONG ? NEXT_ICMP_ERROR : NEXT_DROP;
}

/** Checks the fragment that findIp6Upper saw last, and adds it; KEPT, COMPLETE or a counter, with aux for an answer. */
function take(context: NodeContext, counters: Float64Array, packet: number, ip: number): number {
  const { bytes, offset, length, aux } = context.pool;
  const { fragmentAt } = ip6Upper;
  const at = fragmentAt + FRAGMENT_BYTES;
  const end = offset[packet]! + length[packet]!;
  const word = readU16(bytes, fragmentAt + FRAGMENT_WORD);
  const start = word & FRAGMENT_OFFSET;
  const stop = start + end - at;
  const more = (word & FRAGMENT_MORE) !== 0;
  const fault = fragmentFault(start, stop, more, DATAGRAM_BYTES_MAX - (fragmentAt - ip - IP6_BYTES));
  if (fault !== KEPT) {
    // RFC 8200: the pointer is at the payload length, or at the fragment offset.
    const field = fault === COUNT_BAD_LENGTH ? IP6_PAYLOAD_LENGTH : fragmentAt + FRAGMENT_WORD - ip;
    aux[packet] = icmpErrorAuxOfOwn(ICMP6_PARAMETER_PROBLEM, CODE6_ERRONEOUS_FIELD, field);
    return fault;
  }
  if (start === 0 && !hasUpperHeader(bytes, ip, end)) return COUNT_TINY;
  const ecn = (bytes[ip + 1]! >>> ECN_SHIFT) & ECN;
  return reassemble(context, counters, packet, start, stop, more, at, ecn);
}

/** True when a first fragment holds the header chain and an upper-layer header behind it. */
function hasUpperHeader(bytes: Uint8Array, ip: number, end: number): boolean {
  if (findIp6Upper(bytes, ip, end) !== CHAIN_GOOD) return false;
  const room = end - ip6Upper.at;
  switch (ip6Upper.protocol) {
    case PROTOCOL_TCP:
      return room >= TCP_BYTES;
    case PROTOCOL_UDP:
    case PROTOCOL_ICMP6:
    case PROTOCOL_ESP:
      return room >= UPPER_BYTES;
    default:
      return true;
  }
}

/** Puts a whole packet together, without its fragment header, and sends it on. */
function join(context: NodeContext, counters: Float64Array, row: number): void {
  const { pool, reassembly, services } = context;
  const { bytes } = pool;
  const fragments = reassembly.fragments(row);
  const ip = pool.l3[reassembly.first(row)]!;
  const at = reassembly.firstPayload(row) - FRAGMENT_BYTES;
  const named = namedAt(bytes, ip, at);
  const protocol = bytes[at]!;
  const payload = at - ip - IP6_BYTES + reassembly.payloadBytes(row);
  const ecn = joinedEcn(reassembly.ecn[row]!, (bytes[ip + 1]! >>> ECN_SHIFT) & ECN);
  if (payload > DATAGRAM_BYTES_MAX) {
    // Only when the first one has more extension headers than the others.
    giveUp(context, reassembly, counters, row, COUNT_BAD_END);
    return;
  }
  if (ecn < 0) {
    giveUp(context, reassembly, counters, row, COUNT_CONGESTED);
    return;
  }
  const packet = reassembly.join(pool, row, FRAGMENT_BYTES);
  if (packet === NONE) {
    giveUp(context, reassembly, counters, row, COUNT_NO_LARGE_FRAME);
    return;
  }
  const whole = pool.l3[packet]!;
  finish(bytes, whole, whole + named - ip, payload, protocol, ecn);
  counters[COUNT_REASSEMBLED]!++;
  counters[COUNT_FRAGMENTS]! += fragments;
  services.emit(packet, NEXT_LOCAL);
}

/** Makes the first fragment's header that of the packet; `named` is where the fragment header was named. */
function finish(
  bytes: Uint8Array,
  ip: number,
  named: number,
  payload: number,
  protocol: number,
  ecn: number,
): void {
  bytes[ip + 1] = (bytes[ip + 1]! & ~(ECN << ECN_SHIFT)) | (ecn << ECN_SHIFT);
  bytes[named] = protocol;
  writeU16(bytes, ip + IP6_PAYLOAD_LENGTH, payload);
}

/** The octet that names the extension header at `header`, which findIp6Upper has found in the chain of the packet. */
function namedAt(bytes: Uint8Array, ip: number, header: number): number {
  let named = ip + IP6_NEXT_HEADER;
  for (let at = ip + IP6_BYTES; at < header; ) {
    const size = extensionBytes(bytes, at, bytes[named]!);
    named = at;
    at += size;
  }
  return named;
}

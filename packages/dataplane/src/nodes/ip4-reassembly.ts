// ip4-reassembly: puts fragments for the box together (RFC 791 section 3.2), of ESP and of everything else.
//
// Expects: a fragment to one of the box's addresses, or to a group or broadcast of the link.
// Next:    ip4-local with the whole datagram, on the worker that all its fragments are handed to. Overlaps refuse the
//          datagram as RFC 5722 has it for IPv6: no honest sender makes them, and which octets win differs between
//          hosts, which attackers use to get past whoever looks at packets on the way (RFC 1858).
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import type { PacketPool } from '../memory/packet-pool.js';
import { NONE } from '../tables/fragment-contexts.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_CHECKSUM,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_ID,
  IP4_MF,
  IP4_PROTOCOL,
  IP4_TOS,
  IP4_TOTAL_LENGTH,
  IP4_TTL,
  PROTOCOL_TCP,
  readU16,
  setHeaderChecksum,
  swap16,
  writeU16,
} from '../wire/ip4.js';
import { isTinyTcp } from '../wire/tcp.js';
import {
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

const ECN = 3;
/** Version 4 and a header without options. */
const PLAIN = 0x45;

export const ip4Reassembly = defineNode({
  name: 'ip4-reassembly',
  next: ['ip4-local'],
  counters: reassemblyCounters({ answersLengths: false }),

  make: (context) => makeReassembly(context, FAMILY, context.services.nodeIndex('ip4-reassembly')),
});

/** Fragments without options. */
const FAMILY: RunFamily = {
  headers: IP4_BYTES,
  cut: 0,
  longest: DATAGRAM_BYTES_MAX - IP4_BYTES,
  part(i32, ip) {
    const word = swap16(i32[(ip + IP4_ID) >>> 2]! >>> 16);
    const more = (word & IP4_MF) === 0 ? 0 : 1;
    return (i32[ip >>> 2]! & 0xff) === PLAIN ? ((word & IP4_FRAGMENT_OFFSET) << 3) | more : -1;
  },
  same(i32, ip, other) {
    const a = ip >>> 2;
    const b = other >>> 2;
    return (
      // Identification; protocol; addresses.
      ((i32[a + 1]! ^ i32[b + 1]!) & 0xffff) === 0 &&
      ((i32[a + 2]! ^ i32[b + 2]!) & 0xff00) === 0 &&
      i32[a + 3] === i32[b + 3] &&
      i32[a + 4] === i32[b + 4]
    );
  },
  holdsHeaders: (bytes, ip, start, stop) =>
    bytes[ip + IP4_PROTOCOL] !== PROTOCOL_TCP || !isTinyTcp(start, stop),
  ecn: (bytes, ip) => bytes[ip + IP4_TOS]! & ECN,
  protocol: (bytes, ip) => bytes[ip + IP4_PROTOCOL]!,
  setKey: (key, i32, ip, vrf, scope) =>
    key.setIp4(i32, ip, (i32[(ip + IP4_TTL) >>> 2]! >>> 8) & 0xff, vrf, scope),
  finish({ pool }, ip, total, _protocol, ecn) {
    const { i32, u16 } = pool;
    const word = ip >>> 2;
    // What finish() below does, in little-endian words.
    const w0 = (i32[word]! & 0xfcff) | (ecn << 8) | (swap16(IP4_BYTES + total) << 16);
    const w1 = i32[word + 1]! & 0xffff;
    const w2 = i32[word + 2]! & 0xffff;
    const w3 = i32[word + 3]!;
    const w4 = i32[word + 4]!;
    const sum =
      (w0 & 0xffff) + (w0 >>> 16) + w1 + w2 + (w3 & 0xffff) + (w3 >>> 16) + (w4 & 0xffff) + (w4 >>> 16);
    const folded = (sum & 0xffff) + (sum >>> 16);
    i32[word] = w0;
    i32[word + 1] = w1;
    u16[(ip + IP4_CHECKSUM) >>> 1] = ~(folded + (folded >>> 16));
  },
  one,
};

/** The next of a fragment that joins, or waits for, others: mostly NEXT_CONSUMED. */
function one(context: NodeContext, counters: Float64Array, packet: number, self: number): number {
  const { pool, reassembly } = context;
  const { contexts } = reassembly;
  const ip = pool.l3[packet]!;
  const scope = tunnelScope(context, packet);
  contexts.key.setIp4(pool.i32, ip, pool.bytes[ip + IP4_PROTOCOL]!, pool.vrf[packet]!, scope);
  const elsewhere = handOver(context, contexts, packet, self, COUNT_WORKER_BUSY);
  const drop = elsewhere === MINE ? take(context, counters, packet, ip) : elsewhere;
  if (drop < 0) {
    if (drop === COMPLETE) join(context, counters, completed.row);
    else if (drop === GONE) counters[COUNT_HANDED_OVER]!++;
    return NEXT_CONSUMED;
  }
  counters[drop]!++;
  pool.reason[packet] = drop;
  return NEXT_DROP;
}

/** Checks a fragment and adds it; KEPT, COMPLETE or the counter to drop it under. */
function take(context: NodeContext, counters: Float64Array, packet: number, ip: number): number {
  const { bytes, offset, length } = context.pool;
  const header = headerBytes(bytes, ip);
  const payload = length[packet]! - (ip - offset[packet]!) - header;
  const word = readU16(bytes, ip + IP4_FRAGMENT);
  const start = (word & IP4_FRAGMENT_OFFSET) << 3;
  const stop = start + payload;
  const more = (word & IP4_MF) !== 0;
  const fault = fragmentFault(start, stop, more, DATAGRAM_BYTES_MAX - IP4_BYTES);
  if (fault !== KEPT) return fault;
  if (bytes[ip + IP4_PROTOCOL] === PROTOCOL_TCP && isTinyTcp(start, stop)) return COUNT_TINY;
  const ecn = bytes[ip + IP4_TOS]! & ECN;
  return reassemble(context, counters, packet, start, stop, more, ip + header, ecn);
}

/** Puts a whole datagram together and sends it on. */
function join(context: NodeContext, counters: Float64Array, row: number): void {
  const { pool, reassembly, services } = context;
  const { bytes } = pool;
  const fragments = reassembly.fragments(row);
  const ip = pool.l3[reassembly.first(row)]!;
  const header = headerBytes(bytes, ip);
  const total = header + reassembly.payloadBytes(row);
  const ecn = joinedEcn(reassembly.ecn[row]!, bytes[ip + IP4_TOS]! & ECN);
  if (total > DATAGRAM_BYTES_MAX) {
    giveUp(context, reassembly, counters, row, COUNT_TOO_LONG);
    return;
  }
  if (ecn < 0) {
    giveUp(context, reassembly, counters, row, COUNT_CONGESTED);
    return;
  }
  const packet = reassembly.join(pool, row, 0);
  if (packet === NONE) {
    giveUp(context, reassembly, counters, row, COUNT_NO_LARGE_FRAME);
    return;
  }
  finish(pool, pool.l3[packet]!, header, total, ecn);
  counters[COUNT_REASSEMBLED]!++;
  counters[COUNT_FRAGMENTS]! += fragments;
  services.emit(packet, NEXT_LOCAL);
}

/** Makes the first fragment's header, of `header` octets, that of the datagram. */
function finish({ bytes, u16 }: PacketPool, ip: number, header: number, total: number, ecn: number): void {
  bytes[ip + IP4_TOS] = (bytes[ip + IP4_TOS]! & ~ECN) | ecn;
  writeU16(bytes, ip + IP4_TOTAL_LENGTH, total);
  // RFC 791: neither offset nor flags; DF of a fragment said nothing of the datagram.
  writeU16(bytes, ip + IP4_FRAGMENT, 0);
  setHeaderChecksum(u16, ip, header);
}

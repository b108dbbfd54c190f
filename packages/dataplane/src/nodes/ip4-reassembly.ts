// ip4-reassembly: puts fragments for the box together (RFC 791 section 3.2), of ESP and of everything else.
//
// Expects: a fragment to one of the box's addresses, or to a group or broadcast of the link.
// Next:    ip4-local with the whole datagram, on the worker that all its fragments are handed to. Overlaps refuse the
//          datagram as RFC 5722 has it for IPv6: no honest sender makes them, and which octets win differs between
//          hosts, which attackers use to get past whoever looks at packets on the way (RFC 1858).
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { NONE } from '../tables/fragment-contexts.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_MF,
  IP4_PROTOCOL,
  IP4_TOS,
  IP4_TOTAL_LENGTH,
  PROTOCOL_TCP,
  readU16,
  setHeaderChecksum,
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

const NEXT_LOCAL = 0;

const ECN = 3;

export const ip4Reassembly = defineNode({
  name: 'ip4-reassembly',
  next: ['ip4-local'],
  counters: reassemblyCounters({ answersLengths: false }),

  run(context, frame, next, counters): void {
    const { pool, reassembly, services } = context;
    const { bytes, i32 } = pool;
    const { contexts } = reassembly;
    const { key } = contexts;
    const self = services.nodeIndex('ip4-reassembly');
    for (let i = 0; i < frame.length; i++) {
      const packet = frame.packets[i]!;
      const ip = pool.l3[packet]!;
      key.setIp4(i32, ip, bytes[ip + IP4_PROTOCOL]!, pool.vrf[packet]!, tunnelScope(context, packet));
      const elsewhere = handOver(context, contexts, packet, self, COUNT_WORKER_BUSY);
      const drop = elsewhere === MINE ? take(context, counters, packet, ip) : elsewhere;
      if (drop < 0) {
        if (drop === COMPLETE) join(context, counters, completed.row);
        else if (drop === GONE) counters[COUNT_HANDED_OVER]!++;
        next[i] = NEXT_CONSUMED;
        continue;
      }
      counters[drop]!++;
      pool.reason[packet] = drop;
      next[i] = NEXT_DROP;
    }
  },
});

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
  const whole = pool.l3[packet]!;
  bytes[whole + IP4_TOS] = (bytes[whole + IP4_TOS]! & ~ECN) | ecn;
  writeU16(bytes, whole + IP4_TOTAL_LENGTH, total);
  // RFC 791: neither offset nor flags; DF of a fragment said nothing of the datagram.
  writeU16(bytes, whole + IP4_FRAGMENT, 0);
  setHeaderChecksum(pool.u16, whole, header);
  counters[COUNT_REASSEMBLED]!++;
  counters[COUNT_FRAGMENTS]! += fragments;
  services.emit(packet, NEXT_LOCAL);
}

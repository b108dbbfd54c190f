// Datagrams whose fragments come one behind the other, in order and all in one vector, as senders send them and links
// mostly bring them: they are put together at once, and never wait in the table.
//
// What is looked at is what reassemble() and Reassembly.add would: whatever they would not simply take, or take only by
// giving up something else, is left to them.
import type { NodeContext } from '../graph/context.js';
import { NEXT_CONSUMED, type NodeRun } from '../graph/node.js';
import { PACKET_START } from '../memory/packet-pool.js';
import { type FragmentKey, NONE } from '../tables/fragment-contexts.js';
import { TAIL_ROOM } from '../tables/reassembly.js';
import { COUNT_FRAGMENTS, COUNT_REASSEMBLED, joinedEcn, tunnelScope } from './reassemble.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const START = PACKET_START + 14;
const TAIL = TAIL_ROOM;

const CONSUMED = NEXT_CONSUMED;
const REASSEMBLED = COUNT_REASSEMBLED;
const FRAGMENTS = COUNT_FRAGMENTS;

/** What a family's headers say. Fragments without anything between the headers that all of its fragments have. */
export interface RunFamily {
  /** Octets of a fragment before its part of the payload, and of them those that a whole datagram has not. */
  headers: number;
  cut: number;
  /** Octets of the payload at most. */
  longest: number;
  /** A fragment's first octet, a multiple of 8, and 1 when more are to follow; -1 when it has other headers. */
  part(i32: Int32Array, ip: number): number;
  /** True when two fragments that came in by one interface are of one datagram. */
  same(i32: Int32Array, ip: number, other: number): boolean;
  /** False when its part of the payload, from `start` to `stop`, leaves headers to another fragment. */
  holdsHeaders(bytes: Uint8Array, ip: number, start: number, stop: number): boolean;
  ecn(bytes: Uint8Array, ip: number): number;
  /** The upper layer's. */
  protocol(bytes: Uint8Array, ip: number): number;
  setKey(key: FragmentKey, i32: Int32Array, ip: number, vrf: number, scope: number): void;
  /** Makes the header of the first fragment, which is at `ip` now, that of the whole one of `total` octets of payload. */
  finish(context: NodeContext, ip: number, total: number, protocol: number, ecn: number): void;
  /** The next of a fragment by itself, which joins others or waits for them; `self` is the node's index. */
  one(context: NodeContext, counters: Float64Array, packet: number, self: number): number;
}

/**
 * When the packets from `at` on, of the first `count`, begin with a whole datagram: puts it together, emits it to `next`,
 * and returns of how many fragments; else 0.
 */
type WholeRuns = (packets: Int32Array, at: number, count: number, next: number) => number;

/** Makes it for a worker, once: see NodeDefinition.make. */
function makeWholeRuns(context: NodeContext, family: RunFamily): WholeRuns {
  const { pool, reassembly, services, worker, workers } = context;
  const { bytes, i32, offset, length, l3, rxInterface, vrf } = pool;
  const { contexts, limits } = reassembly;
  const { key } = contexts;
  const { headers, cut, longest, part, same, holdsHeaders, ecn, protocol, setKey, finish } = family;

  /** How many packets from `at` on are all the fragments of one datagram, in order; else 0. */
  function measure(packets: Int32Array, at: number, count: number): number {
    const first = packets[at]!;
    const firstIp = l3[first]!;
    let end = 0;
    let marks = 0;
    for (let i = at; i < count; i++) {
      const packet = packets[i]!;
      const ip = l3[packet]!;
      const word = part(i32, ip);
      const stop = end + length[packet]! - (ip - offset[packet]!) - headers;
      if ((word & -2) !== end || stop <= end || stop > longest) return 0;
      if (i > at) {
        if (!same(i32, firstIp, ip) || rxInterface[packet] !== rxInterface[first]) return 0;
        if (vrf[packet] !== vrf[first]) return 0;
      }
      if (!holdsHeaders(bytes, ip, end, stop)) return 0;
      marks |= 1 << ecn(bytes, ip);
      end = stop;
      if ((word & 1) === 0) {
        total = end;
        seen = marks;
        return i + 1 - at;
      }
      if ((stop & 7) !== 0) return 0;
    }
    return 0;
  }

  /** Of what measure() found: octets of the payload, and a bit for each ECN codepoint. */
  let total = 0;
  let seen = 0;

  return (packets, at, count, next) => {
    const first = packets[at]!;
    const ip = l3[first]!;
    if (part(i32, ip) !== 1) return 0;
    const fragments = measure(packets, at, count);
    if (fragments === 0 || fragments > limits.fragments) return 0;
    const table = vrf[first]!;
    // Mostly nothing waits at all.
    if (workers > 1 || contexts.used > 0) {
      setKey(key, i32, ip, table, tunnelScope(context, first));
      if (key.worker(workers) !== worker || contexts.find() !== NONE) return 0;
    }
    if (!contexts.mayAdd(table) || !reassembly.mayHoldMany(table, fragments)) return 0;
    const congestion = joinedEcn(seen, ecn(bytes, ip));
    if (congestion < 0) return 0;

    const from = offset[first]!;
    const lead = ip - from;
    const payload = ip + headers;
    const octets = length[first]! - lead - headers;
    const inPlace = payload + total + TAIL <= pool.base(first) + pool.room(first);
    const whole = inPlace ? first : pool.allocLarge();
    if (whole < 0) return 0;
    const upper = protocol(bytes, ip);
    const kept = lead + headers - cut;
    const to = inPlace ? from + cut : pool.base(whole) + START - lead;
    if (to !== from) pool.copy(to, from, kept);
    if (!inPlace) {
      pool.copyMetadata(first, whole);
      pool.copy(to + kept, payload, octets);
      pool.free(first);
    }
    offset[whole] = to;
    l3[whole] = to + lead;
    length[whole] = kept + total;
    let end = to + kept + octets;
    for (let i = at + 1; i < at + fragments; i++) {
      const packet = packets[i]!;
      const begins = l3[packet]! + headers;
      const more = length[packet]! - (begins - offset[packet]!);
      pool.copy(end, begins, more);
      pool.free(packet);
      end += more;
    }
    finish(context, to + lead, total, upper, congestion);
    services.emit(whole, next);
    return fragments;
  };
}

/** The `make` of a family's node, whose index is `self`; whole datagrams go to its first next. */
export function makeReassembly(context: NodeContext, family: RunFamily, self: number): NodeRun {
  const wholeRun = makeWholeRuns(context, family);
  const { one } = family;
  return (_context, frame, next, counters) => {
    const { packets, length } = frame;
    let wholes = 0;
    let fragments = 0;
    for (let i = 0; i < length; ) {
      const run = wholeRun(packets, i, length, 0);
      if (run === 0) {
        next[i] = one(context, counters, packets[i]!, self);
        i++;
        continue;
      }
      wholes++;
      fragments += run;
      for (const end = i + run; i < end; i++) next[i] = CONSUMED;
    }
    counters[REASSEMBLED]! += wholes;
    counters[FRAGMENTS]! += fragments;
  };
}

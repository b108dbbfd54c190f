// What ip4-reassembly and ip6-reassembly have in common: their counters, and what becomes of a fragment.
import type { NodeContext } from '../graph/context.js';
import type { CounterSpec } from '../graph/node.js';
import { NONE } from '../tables/fragment-contexts.js';
import { KIND_TUNNEL } from '../tables/interfaces.js';
import { BAD_END, DUPLICATE, OVERLAP, TOO_MANY, WAITS, WHOLE } from '../tables/reassembly.js';
import { COMPLETE, contextOf, KEPT, makeRoom, refuse } from './waiting-fragments.js';

export const COUNT_REASSEMBLED = 0;
export const COUNT_FRAGMENTS = 1;
export const COUNT_HANDED_OVER = 2;
export const COUNT_TIME_EXCEEDED = 3;
export const COUNT_WORKER_BUSY = 4;
const COUNT_DUPLICATE = 5;
export const COUNT_OVERLAP = 6;
export const COUNT_BAD_END = 7;
export const COUNT_BAD_LENGTH = 8;
const COUNT_EMPTY = 9;
export const COUNT_TOO_LONG = 10;
export const COUNT_TINY = 11;
export const COUNT_TOO_MANY_FRAGMENTS = 12;
export const COUNT_TOO_MANY_DATAGRAMS = 13;
export const COUNT_TOO_MANY_FRAMES = 14;
export const COUNT_NO_LARGE_FRAME = 15;
export const COUNT_CONGESTED = 16;
export const COUNT_TIMEOUT = 17;

/** Octets of a datagram at most (RFC 791 section 3.1), and of an IPv6 packet's payload (RFC 8200 section 3). */
export const DATAGRAM_BYTES_MAX = 65_535;

const drop = (name: string, severity: CounterSpec['severity'], help: string): CounterSpec => ({
  name,
  severity,
  drop: true,
  help,
});

/** The counters of either node; with `answersLengths`, wrong lengths are answered with an ICMP error and are no drops. */
export function reassemblyCounters({ answersLengths }: { answersLengths: boolean }): CounterSpec[] {
  if (!answersLengths) return COUNTERS;
  return COUNTERS.map((counter, index) => {
    if (index !== COUNT_BAD_LENGTH && index !== COUNT_TOO_LONG) return counter;
    return { ...counter, drop: false, help: `${counter.help}: answered with parameter problem` };
  });
}

const COUNTERS: CounterSpec[] = [
  { name: 'reassembled', severity: 'info', help: 'datagrams put together' },
  { name: 'fragments', severity: 'info', help: 'fragments that they were put together of' },
  { name: 'handed_over', severity: 'info', help: 'fragments of datagrams that another worker puts together' },
  {
    name: 'time_exceeded',
    severity: 'warning',
    help: 'first fragments whose others did not come in time: answered with ICMP time exceeded',
  },
  drop('worker_busy', 'warning', "the ring of the datagram's worker is full"),
  drop('duplicate', 'info', 'the same fragment again'),
  drop(
    'overlap',
    'error',
    'of a datagram whose fragments overlap (RFC 5722): an attack, or two with one identification',
  ),
  drop('bad_end', 'error', 'of a datagram whose fragments disagree about where it ends'),
  drop('bad_length', 'error', 'not a multiple of 8 octets, though more are to follow'),
  drop('empty', 'error', 'a fragment without an octet'),
  drop('too_long', 'error', 'of a datagram that would be longer than 65,535 octets (ping of death)'),
  drop(
    'tiny_fragment',
    'error',
    'cut so that its first fragment lacks headers (RFC 1858, RFC 3128, RFC 7112)',
  ),
  drop(
    'too_many_fragments',
    'warning',
    'of a datagram in more pieces than dataplane.reassembly.max_fragments',
  ),
  drop(
    'too_many_datagrams',
    'warning',
    "given up for a newer one: dataplane.reassembly.max_datagrams, or the VRF's share of it",
  ),
  drop(
    'too_many_frames',
    'warning',
    "given up for newer ones: dataplane.reassembly.max_frames, or the VRF's share of it",
  ),
  drop('no_large_frame', 'error', 'whole, but the packet pool has no large frame for it'),
  drop(
    'congested',
    'warning',
    'the path marked congestion on a fragment, which its sender would not understand (RFC 3168 section 5.3)',
  ),
  drop('timeout', 'warning', 'others of the same datagram did not come in time'),
];

/** Which counter a refusal of the table is. */
const COUNT_OF_REFUSAL = new Uint8Array(TOO_MANY + 1);
COUNT_OF_REFUSAL[DUPLICATE] = COUNT_DUPLICATE;
COUNT_OF_REFUSAL[OVERLAP] = COUNT_OVERLAP;
COUNT_OF_REFUSAL[BAD_END] = COUNT_BAD_END;
COUNT_OF_REFUSAL[TOO_MANY] = COUNT_TOO_MANY_FRAGMENTS;

const ECN_NOT_ECT = 0;
const ECN_CE = 3;

/** The tunnel that a packet came in by, else 0: for the key of its datagram. */
export function tunnelScope({ pool, interfaces }: NodeContext, packet: number): number {
  const row = pool.rxInterface[packet]!;
  return interfaces.kind[row] === KIND_TUNNEL ? row : 0;
}

/** What is wrong with a fragment by itself: a counter, or KEPT. `most` is what the payload's end may be. */
export function fragmentFault(start: number, stop: number, more: boolean, most: number): number {
  if (stop === start) return COUNT_EMPTY;
  if (more && (stop & 7) !== 0) return COUNT_BAD_LENGTH;
  if (stop > most) return COUNT_TOO_LONG;
  return KEPT;
}

/**
 * Adds a fragment whose key is set to its datagram: octets `start` to `stop` of its payload, at `at`. KEPT; COMPLETE,
 * and the datagram's context is in `completed`; or the counter under which the packet is to be dropped, all that came
 * of its datagram before being dropped already.
 */
export function reassemble(
  context: NodeContext,
  counters: Float64Array,
  packet: number,
  start: number,
  stop: number,
  more: boolean,
  at: number,
  ecn: number,
): number {
  const { pool, reassembly } = context;
  const vrf = pool.vrf[packet]!;
  const row = contextOf(context, reassembly, counters, vrf, COUNT_TOO_MANY_DATAGRAMS);
  if (row < 0) return ~row;
  if (!reassembly.mayHold(vrf) && !makeRoom(context, reassembly, counters, vrf, row, COUNT_TOO_MANY_FRAMES))
    return refuse(context, reassembly, counters, row, COUNT_TOO_MANY_FRAMES);
  const verdict = reassembly.add(pool.bytes, row, packet, start, stop, more, at);
  if (verdict === WAITS || verdict === WHOLE) {
    reassembly.ecn[row]! |= 1 << ecn;
    completed.row = row;
    return verdict === WAITS ? KEPT : COMPLETE;
  }
  if (verdict === DUPLICATE) return COUNT_DUPLICATE;
  return refuse(context, reassembly, counters, row, COUNT_OF_REFUSAL[verdict]!);
}

/** The context of the datagram for which reassemble() said COMPLETE last. */
export const completed = { row: NONE };

/** What congestion the fragments of a whole datagram have met: its ECN codepoint, `first` unless one is marked; -1 to drop it. */
export function joinedEcn(seen: number, first: number): number {
  if ((seen & (1 << ECN_CE)) === 0) return first;
  return seen & (1 << ECN_NOT_ECT) ? -1 : ECN_CE;
}

// Counters of one worker, in shared memory of its own: it alone writes, the control side reads and adds.
//
// They are Float64 so that they count to 2^53 without a BigInt; an aligned 8-byte store is never torn on
// the processors that this runs on.
import { INTERFACES_MAX } from '../tables/interfaces.js';
import type { NodeDefinition } from './node.js';

export const INTERFACE_COUNTERS_SHIFT = 3;
export const INTERFACE_RX_PACKETS = 0;
export const INTERFACE_RX_BYTES = 1;
export const INTERFACE_TX_PACKETS = 2;
export const INTERFACE_TX_BYTES = 3;
export const INTERFACE_DROPS = 4;
export const INTERFACE_PUNTED = 5;
export const INTERFACE_INJECTED = 6;

export const WORKER_LOOPS = 0;
export const WORKER_SLEEPS = 1;
export const WORKER_PACKETS = 2;
export const WORKER_VECTORS = 3;
export const WORKER_TIMED_PACKETS = 4;
export const WORKER_TIMED_NS = 5;
const WORKER_WORDS = 16;

/** Room for nodes that users load while the graph runs, behind the graph's own. */
export const USER_SLOTS = 16;
export const USER_SLOT_COUNTERS = 24;

/** Doubles to a cache line: workers' regions never share one. */
const LINE = 8;

export class GraphCounters {
  readonly buffer: SharedArrayBuffer;
  readonly interfaces: Float64Array;
  /** Four per node, those of users behind the graph's: calls, packets, timed packets, timed nanoseconds. */
  readonly runtime: Float64Array;
  readonly worker: Float64Array;
  /** Packets that found the vector of their next node full. */
  readonly overflow: Float64Array;
  private readonly nodeCounters: Float64Array[];

  constructor(nodes: readonly NodeDefinition[], buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    const all = new Float64Array(buffer);
    let at = 0;
    const take = (count: number): Float64Array => {
      const view = all.subarray(at, at + count);
      at += Math.ceil(count / LINE) * LINE;
      return view;
    };
    this.interfaces = take(INTERFACES_MAX << INTERFACE_COUNTERS_SHIFT);
    this.runtime = take((nodes.length + USER_SLOTS) * 4);
    this.worker = take(WORKER_WORDS);
    this.overflow = take(1);
    this.nodeCounters = nodes.map((node) => take(Math.max(1, node.counters.length)));
    for (let slot = 0; slot < USER_SLOTS; slot++) this.nodeCounters.push(take(USER_SLOT_COUNTERS));
  }

  static allocate(nodes: readonly NodeDefinition[]): SharedArrayBuffer {
    const round = (count: number): number => Math.ceil(count / LINE) * LINE;
    const words =
      round(INTERFACES_MAX << INTERFACE_COUNTERS_SHIFT) +
      round((nodes.length + USER_SLOTS) * 4) +
      round(WORKER_WORDS) +
      round(1) +
      USER_SLOTS * round(USER_SLOT_COUNTERS) +
      nodes.reduce((sum, node) => sum + round(Math.max(1, node.counters.length)), 0);
    return new SharedArrayBuffer(words * 8);
  }

  ofNode(index: number): Float64Array {
    const counters = this.nodeCounters[index];
    if (counters === undefined) throw new Error(`there is no node ${index}`);
    return counters;
  }
}

// Ends the wait of datagrams whose fragments do not come: what no packet brings about.
import type { NodeContext } from '../graph/context.js';
import type { Dispatcher } from '../graph/dispatcher.js';
import { icmpErrorAuxOfOwn } from '../nodes/icmp-error.js';
import { COUNT_TIME_EXCEEDED, COUNT_TIMEOUT } from '../nodes/reassemble.js';
import { COUNT_TIMEOUT as COUNT_NEVER_FIRST } from '../nodes/virtual-reassembly.js';
import { NONE } from '../tables/fragment-contexts.js';
import { CODE_REASSEMBLY_TIME, ICMP_TIME_EXCEEDED } from '../wire/icmp4.js';
import { CODE6_REASSEMBLY_TIME, ICMP6_TIME_EXCEEDED } from '../wire/icmp6.js';

/** How often it looks. Datagrams wait for seconds. */
export const REASSEMBLY_TICK_MS = 100;

interface Family {
  /** The nodes that have kept the packets. */
  node: number;
  virtualNode: number;
  counters: Float64Array;
  virtualCounters: Float64Array;
  /** The node that tells the sender, and what it is given in aux. */
  error: number;
  aux: number;
}

export class ReassemblyTimer {
  private readonly four: Family;
  private readonly six: Family;

  constructor(
    private readonly context: NodeContext,
    private readonly dispatcher: Dispatcher,
    countersOf: (node: number) => Float64Array,
  ) {
    const family = (name: string, aux: number): Family => ({
      node: dispatcher.indexOf(`${name}-reassembly`),
      virtualNode: dispatcher.indexOf(`${name}-virtual-reassembly`),
      counters: countersOf(dispatcher.indexOf(`${name}-reassembly`)),
      virtualCounters: countersOf(dispatcher.indexOf(`${name}-virtual-reassembly`)),
      error: dispatcher.indexOf(`${name}-icmp-error`),
      aux,
    });
    this.four = family('ip4', icmpErrorAuxOfOwn(ICMP_TIME_EXCEEDED, CODE_REASSEMBLY_TIME, 0));
    this.six = family('ip6', icmpErrorAuxOfOwn(ICMP6_TIME_EXCEEDED, CODE6_REASSEMBLY_TIME, 0));
  }

  /** True when the graph has something to do now. */
  tick(now: number): boolean {
    const { contexts, limits } = this.context.reassembly;
    let answered = false;
    for (let row = contexts.oldest(); row !== NONE; row = contexts.oldest()) {
      if (now - contexts.since[row]! < limits.timeoutMs) break;
      if (this.expire(row)) answered = true;
    }
    this.forget(now);
    return answered;
  }

  /** Virtual reassembly: what waits for a first fragment is dropped; routers answer nothing for what they do not put together. */
  private forget(now: number): void {
    const { virtual, pool } = this.context;
    const { contexts, limits } = virtual;
    for (let row = contexts.oldest(); row !== NONE; row = contexts.oldest()) {
      if (now - contexts.since[row]! < limits.timeoutMs) return;
      const { virtualCounters, virtualNode } = contexts.isIp6(row) ? this.six : this.four;
      const count = virtual.release(row);
      virtualCounters[COUNT_NEVER_FIRST]! += count;
      for (let i = 0; i < count; i++) {
        pool.reason[virtual.released[i]!] = COUNT_NEVER_FIRST;
        this.dispatcher.discard(virtual.released[i]!, virtualNode);
      }
      virtual.close(row);
    }
  }

  /** Gives up one datagram; true when its sender is told (RFC 792: only of one whose first fragment came). */
  private expire(row: number): boolean {
    const { pool, reassembly } = this.context;
    const { counters, error, aux, node } = reassembly.contexts.isIp6(row) ? this.six : this.four;
    const first = reassembly.first(row);
    const count = reassembly.release(row);
    for (let i = 0; i < count; i++) {
      const packet = reassembly.released[i]!;
      if (packet === first) {
        counters[COUNT_TIME_EXCEEDED]!++;
        pool.aux[packet] = aux;
        this.dispatcher.push(packet, error);
      } else {
        counters[COUNT_TIMEOUT]!++;
        pool.reason[packet] = COUNT_TIMEOUT;
        this.dispatcher.discard(packet, node);
      }
    }
    reassembly.close(row);
    return first !== NONE;
  }
}

// Ends the wait of datagrams whose fragments do not come: what no packet brings about.
import type { NodeContext } from '../graph/context.js';
import type { Dispatcher } from '../graph/dispatcher.js';
import { icmpErrorAux } from '../nodes/ip4-icmp-error.js';
import { COUNT_TIME_EXCEEDED, COUNT_TIMEOUT } from '../nodes/reassemble.js';
import { NONE } from '../tables/fragment-contexts.js';
import { CODE_REASSEMBLY_TIME, ICMP_TIME_EXCEEDED } from '../wire/icmp4.js';

/** How often it looks. Datagrams wait for seconds. */
export const REASSEMBLY_TICK_MS = 100;

export class ReassemblyTimer {
  private readonly node4: number;
  private readonly error4: number;

  constructor(
    private readonly context: NodeContext,
    private readonly dispatcher: Dispatcher,
    private readonly countersOf: (node: number) => Float64Array,
  ) {
    this.node4 = dispatcher.indexOf('ip4-reassembly');
    this.error4 = dispatcher.indexOf('ip4-icmp-error');
  }

  /** True when the graph has something to do now. */
  tick(now: number): boolean {
    const { contexts, limits } = this.context.reassembly;
    let answered = false;
    for (let row = contexts.oldest(); row !== NONE; row = contexts.oldest()) {
      if (now - contexts.since[row]! < limits.timeoutMs) break;
      if (this.expire(row)) answered = true;
    }
    return answered;
  }

  /** Gives up one datagram; true when its sender is told (RFC 792: only of one whose first fragment came). */
  private expire(row: number): boolean {
    const { pool, reassembly } = this.context;
    const counters = this.countersOf(this.node4);
    const first = reassembly.first(row);
    const count = reassembly.release(row);
    for (let i = 0; i < count; i++) {
      const packet = reassembly.released[i]!;
      if (packet === first) {
        counters[COUNT_TIME_EXCEEDED]!++;
        pool.aux[packet] = icmpErrorAux(ICMP_TIME_EXCEEDED, CODE_REASSEMBLY_TIME, 0);
        this.dispatcher.push(packet, this.error4);
      } else {
        counters[COUNT_TIMEOUT]!++;
        this.dispatcher.drop(packet);
      }
    }
    reassembly.close(row);
    return first !== NONE;
  }
}

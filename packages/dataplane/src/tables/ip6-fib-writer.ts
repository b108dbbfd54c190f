// The control side of the IPv6 FIB. Addresses are four 32-bit words, the most significant first.
import type { Ip6Words } from '@sluice/shared/net';
import type { EpochControl } from '../memory/epoch.js';
import type { FibMemory } from './fib-layout.js';
import { FibWriter } from './fib-writer.js';
import { IP6_FIB } from './ip6-fib-layout.js';

export class Ip6FibWriter extends FibWriter<Ip6Words> {
  /** Takes fresh memory into use. `epoch` is what the FIB's readers report to. */
  constructor(memory: FibMemory, epoch: EpochControl) {
    super(IP6_FIB, memory, epoch);
  }
}

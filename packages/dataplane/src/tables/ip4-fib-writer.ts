// The control side of the IPv4 FIB. Addresses are 32-bit numbers, signed or unsigned.
import type { EpochControl } from '../memory/epoch.js';
import type { FibMemory } from './fib-layout.js';
import { FibWriter } from './fib-writer.js';
import { IP4_FIB } from './ip4-fib-layout.js';

export class Ip4FibWriter extends FibWriter<number> {
  /** Takes fresh memory into use. `epoch` is what the FIB's readers report to. */
  constructor(memory: FibMemory, epoch: EpochControl) {
    super(IP4_FIB, memory, epoch);
  }
}

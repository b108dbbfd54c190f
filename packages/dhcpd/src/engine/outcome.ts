// What is to be done about a message.
import type { Answer } from './answer.js';
import type { CounterName } from './counters.js';
import type { Lease } from './lease.js';
import type { Network } from './network.js';

/** An address is asked about before it is offered; `resume` says what follows. */
export interface Probe {
  network: Network;
  address: number;
  /** Of a client behind a relay: it is asked by ICMP echo, through routing. */
  routed: boolean;
  resume(inUse: boolean, nowMs: number): Outcome;
}

export type Outcome =
  | { kind: 'drop'; reason: CounterName }
  /** Leases to write before the answer goes out; an answer waits for the disk only when it has some. */
  | { kind: 'answer'; answer: Answer; writes: Lease[] }
  /** Leases to write, and no answer, for a reason. */
  | { kind: 'settled'; writes: Lease[]; reason: CounterName }
  | { kind: 'probe'; probe: Probe };

export function drop(reason: CounterName): Outcome {
  return { kind: 'drop', reason };
}

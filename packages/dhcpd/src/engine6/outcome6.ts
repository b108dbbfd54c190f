// What is to be done about a message of DHCPv6.
import type { CounterName6 } from './counters6.js';
import type { Lease6 } from './lease6.js';

export interface Answer6 {
  counter: CounterName6;
  payload: Buffer;
}

export type Outcome6 =
  | { kind: 'drop'; reason: CounterName6 }
  /** Leases to write before the answer goes out; it waits for the disk only when it has some. */
  | { kind: 'answer'; answer: Answer6; writes: Lease6[] };

export function drop6(reason: CounterName6): Outcome6 {
  return { kind: 'drop', reason };
}

// A worker that looks up while the control side changes: every answer must be one of those allowed.
import { parentPort, workerData } from 'node:worker_threads';
import type { Ip6Words } from '@sluice/shared/net';
import { EpochReader } from '../../src/memory/epoch.js';
import type { FibMemory } from '../../src/tables/fib-layout.js';
import { HashU32 } from '../../src/tables/hash-u32.js';
import { Ip4Fib } from '../../src/tables/ip4-fib.js';
import { Ip6Fib } from '../../src/tables/ip6-fib.js';

export interface Check {
  /** VRF, or scope of the hash table. */
  table: number;
  /** Address, or key; an IPv6 address as its words. */
  key: number | Ip6Words;
  /** Values that are right at one moment or another. */
  allowed: number[];
}

export interface ReaderData {
  epoch: SharedArrayBuffer;
  /** Int32: stop flag, turns of the loop, how many of the allowed values of all checks were seen. */
  control: SharedArrayBuffer;
  fib: Pick<FibMemory, 'entries' | 'roots' | 'defaults'> | null;
  fib6: Pick<FibMemory, 'entries' | 'roots' | 'defaults'> | null;
  hash: SharedArrayBuffer | null;
  checks: Check[];
}

export interface ReaderReport {
  lookups: number;
  violations: number;
  /** The first of them, in words. */
  example: string;
}

export const STOP = 0;
export const TURNS = 1;
export const SEEN = 2;

if (parentPort !== null) {
  const data = workerData as ReaderData;
  const control = new Int32Array(data.control);
  const reader = new EpochReader(data.epoch, 0);
  const fib = data.fib === null ? null : new Ip4Fib(data.fib);
  const hash = data.hash === null ? null : new HashU32(data.hash);
  const report: ReaderReport = { lookups: 0, violations: 0, example: '' };
  const seen = data.checks.map((check) => check.allowed.map(() => false));
  const fib6 = data.fib6 === null ? null : new Ip6Fib(data.fib6);
  const lookup = (table: number, key: number | Ip6Words): number =>
    typeof key === 'number'
      ? (fib?.lookup(table, key) ?? hash!.lookup(key, table))
      : fib6!.lookup(table, key[0], key[1], key[2], key[3]);

  parentPort.postMessage('ready');
  reader.online();
  while (Atomics.load(control, STOP) === 0) {
    for (let round = 0; round < 64; round++) {
      for (let i = 0; i < data.checks.length; i++) {
        const { table, key, allowed } = data.checks[i]!;
        const answer = lookup(table, key);
        const which = allowed.indexOf(answer);
        report.lookups++;
        if (which >= 0) {
          if (!seen[i]![which]) Atomics.add(control, SEEN, 1);
          seen[i]![which] = true;
        } else if (report.violations++ === 0) {
          report.example = `table ${table}, key ${key}: ${answer} is none of ${allowed.join(', ')}`;
        }
      }
    }
    Atomics.add(control, TURNS, 1);
    Atomics.notify(control, TURNS);
    reader.quiescent();
  }
  reader.offline();
  parentPort.postMessage(report);
}

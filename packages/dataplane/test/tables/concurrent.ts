// Runs a writer in this thread against a reader in another.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { allocateEpoch, EpochControl } from '../../src/memory/epoch.js';
import { startThread } from '../memory/threads.js';
import { type Check, type ReaderData, type ReaderReport, SEEN, STOP, TURNS } from './reader-thread.js';

const READER_TURNS = 2000;
const DEADLINE_MS = 40_000;
/** Blocks that may wait for the reader: some 10 MB. More, and a reader without a core would exhaust the memory. */
const PENDING_MAX = 10_000;

export interface Contest {
  epoch: EpochControl;
  /**
   * Calls `change` with 0, 1, 2… at least `changes` times, until the reader has had its turns too and has
   * seen each allowed answer; then asserts that none was wrong.
   */
  run(
    tables: Partial<Pick<ReaderData, 'fib' | 'fib6' | 'hash'>>,
    checks: Check[],
    changes: number,
    change: (i: number) => void | Promise<void>,
  ): Promise<void>;
}

export function makeContest(): Contest {
  const buffer = allocateEpoch(1);
  const epoch = new EpochControl(buffer);
  return {
    epoch,
    async run(tables, checks, changes, change) {
      const shared = new SharedArrayBuffer(12);
      const control = new Int32Array(shared);
      const thread = startThread<ReaderReport | 'ready'>(new URL('./reader-thread.js', import.meta.url), {
        epoch: buffer,
        control: shared,
        checks,
        fib: null,
        fib6: null,
        hash: null,
        ...tables,
      } satisfies ReaderData);
      try {
        assert.equal(await thread.message(), 'ready');
        const deadline = Date.now() + DEADLINE_MS;
        let made = 0;
        const answers = checks.reduce((sum, { allowed }) => sum + allowed.length, 0);
        const turns = (): number => Atomics.load(control, TURNS);
        const seen = (): number => Atomics.load(control, SEEN);
        while (made < changes || turns() < READER_TURNS || seen() < answers) {
          if (Date.now() > deadline) {
            assert.fail(`after ${made} changes, ${turns()} turns, ${seen()} of ${answers} answers were seen`);
          }
          await change(made++);
          while (epoch.pending > PENDING_MAX && epoch.reclaim() === 0 && Date.now() < deadline)
            await setImmediate();
        }
        Atomics.store(control, STOP, 1);
        const report = await thread.message();
        assert.ok(report !== 'ready');
        assert.equal(report.violations, 0, `of ${report.lookups} lookups; ${report.example}`);
      } finally {
        await thread.stop();
      }
    },
  };
}

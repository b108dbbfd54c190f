import assert from 'node:assert/strict';
import { allocateEpoch, EpochControl, EpochReader } from '../../src/memory/epoch.js';
import {
  DEAD,
  type EpochThreadData,
  type EpochThreadReport,
  POINTER,
  STOP,
  TURNS,
} from './epoch-reader-thread.js';
import { startThread } from './threads.js';

describe('epoch', () => {
  const setUp = (workers: number) => {
    const buffer = allocateEpoch(workers);
    const freed: string[] = [];
    const control = new EpochControl(buffer);
    const readers = Array.from({ length: workers }, (_, worker) => new EpochReader(buffer, worker));
    const retire = (name: string): void => control.retire(() => freed.push(name));
    return { buffer, control, readers, freed, retire };
  };

  it('frees at once when every worker is offline', () => {
    const { control, freed, retire } = setUp(2);
    assert.equal(control.idle(), true);
    retire('a');
    assert.equal(control.idle(), false);
    assert.equal(control.reclaim(), 1);
    assert.deepEqual(freed, ['a']);
    assert.equal(control.idle(), true);
  });

  it('waits for a quiescent point of each online worker, made after the reclaim that opened the epoch', () => {
    const { control, readers, freed, retire } = setUp(3);
    readers[0]!.online();
    readers[1]!.online();
    retire('a');
    readers[0]!.quiescent(); // before the epoch opens: says nothing about 'a'
    assert.equal(control.reclaim(), 0);
    readers[0]!.quiescent();
    assert.equal(control.reclaim(), 0);
    assert.deepEqual(freed, []);
    readers[1]!.quiescent();
    assert.equal(control.reclaim(), 1);
    assert.deepEqual(freed, ['a']);
  });

  it('does not wait for a worker that sleeps, nor for one that came online after', () => {
    const { control, readers, freed, retire } = setUp(2);
    readers[0]!.online();
    retire('a');
    assert.equal(control.reclaim(), 0);
    readers[1]!.online();
    readers[0]!.offline();
    assert.equal(control.reclaim(), 1);
    assert.deepEqual(freed, ['a']);
    readers[0]!.online();
    retire('b');
    control.reclaim();
    assert.deepEqual(freed, ['a'], 'online again, so waited for again');
  });

  it('forgets a worker whose thread has died', () => {
    const { control, readers, freed, retire } = setUp(1);
    readers[0]!.online();
    retire('a');
    assert.equal(control.reclaim(), 0);
    control.forget(0);
    assert.equal(control.reclaim(), 1);
    assert.deepEqual(freed, ['a']);
  });

  it('frees in the order of retirement, only what is old enough', () => {
    const { control, readers, freed, retire } = setUp(1);
    readers[0]!.online();
    retire('a');
    retire('b');
    control.reclaim();
    readers[0]!.quiescent();
    retire('c');
    assert.equal(control.reclaim(), 2);
    assert.deepEqual(freed, ['a', 'b']);
    assert.equal(control.pending, 1);
    readers[0]!.quiescent();
    control.reclaim();
    assert.deepEqual(freed, ['a', 'b', 'c']);
  });

  it('goes on across the wrap of its counter, and past the number that means offline', () => {
    const { buffer, readers, freed } = setUp(1);
    for (const start of [0x7fffffff, -2, -1]) {
      new Int32Array(buffer)[0] = start;
      const control = new EpochControl(buffer);
      readers[0]!.online();
      for (let i = 0; i < 4; i++) {
        freed.length = 0;
        control.retire(() => freed.push('x'));
        assert.equal(control.reclaim(), 0, `freed too early at ${start} + ${i}`);
        readers[0]!.quiescent();
        assert.equal(control.reclaim(), 1, `not freed at ${start} + ${i}`);
      }
    }
  });

  it('keeps the rest when a free throws, and allows a free to retire more', () => {
    const { control, freed, retire } = setUp(1);
    retire('a');
    control.retire(() => {
      retire('later');
      throw new Error('a free that fails');
    });
    retire('b');
    assert.throws(() => control.reclaim(), /a free that fails/);
    assert.deepEqual(freed, ['a']);
    assert.equal(control.reclaim(), 2);
    assert.deepEqual(freed, ['a', 'b', 'later']);
  });

  it('refuses a worker without a slot', () => {
    const buffer = allocateEpoch(2);
    assert.throws(() => new EpochReader(buffer, 2), /no epoch slot for worker 2/);
    assert.throws(() => new EpochReader(buffer, -1), /no epoch slot/);
  });

  it('never reuses a cell that a thread can still see', async function () {
    this.timeout(120_000);
    const workers = 2;
    const cellCount = 16;
    const shared = {
      epoch: allocateEpoch(workers),
      control: new SharedArrayBuffer(64),
      cells: new SharedArrayBuffer(cellCount * 4),
    };
    const words = new Int32Array(shared.control);
    const cells = new Int32Array(shared.cells).fill(DEAD);
    const control = new EpochControl(shared.epoch);
    const free = Array.from({ length: cellCount - 1 }, (_, i) => i + 1);
    cells[0] = 1;
    const threads = Array.from({ length: workers }, (_, worker) =>
      startThread<EpochThreadReport | 'ready'>(new URL('./epoch-reader-thread.js', import.meta.url), {
        ...shared,
        worker,
      } satisfies EpochThreadData),
    );
    try {
      for (const thread of threads) assert.equal(await thread.message(), 'ready');
      const deadline = Date.now() + 40_000;
      let swaps = 0;
      const turns = (): number => Math.min(...Array.from(words.subarray(TURNS, TURNS + workers)));
      while (swaps < 20_000 || turns() < 5000) {
        assert.ok(Date.now() < deadline, `no progress after ${swaps} swaps and ${turns()} turns`);
        control.reclaim();
        const cell = free.pop();
        if (cell === undefined) {
          // All are retired: lets the workers have the core for a moment.
          Atomics.wait(words, STOP, 0, 1);
          continue;
        }
        Atomics.store(cells, cell, 1 + swaps);
        const before = Atomics.exchange(words, POINTER, cell);
        control.retire(() => {
          Atomics.store(cells, before, DEAD);
          free.push(before);
        });
        swaps++;
      }
      Atomics.store(words, STOP, 1);
      for (const thread of threads) {
        const report = await thread.message();
        assert.ok(report !== 'ready');
        assert.equal(report.violations, 0, `of ${report.turns} turns`);
      }
      control.reclaim();
      assert.equal(control.idle(), true);
      assert.equal(free.length, cellCount - 1);
    } finally {
      await Promise.all(threads.map((thread) => thread.stop()));
    }
  });
});

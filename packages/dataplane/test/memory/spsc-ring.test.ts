import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { SpscRing } from '../../src/memory/spsc-ring.js';
import type { RingThreadData, RingThreadReport } from './spsc-ring-thread.js';
import { startThread } from './threads.js';

const CAPACITY = 8;

interface Model {
  queue: number[];
}
interface Ring {
  producer: SpscRing;
  consumer: SpscRing;
}
type Command = fc.Command<Model, Ring>;

class Push implements Command {
  constructor(readonly word: number) {}
  check(): boolean {
    return true;
  }
  run(model: Model, real: Ring): void {
    const fits = model.queue.length < CAPACITY;
    assert.equal(real.producer.hasRoom(0), fits);
    assert.equal(real.producer.hasRoom(3), model.queue.length + 3 < CAPACITY);
    if (fits) model.queue.push(this.word);
    assert.equal(real.producer.push(this.word), fits);
  }
  toString(): string {
    return `push(${this.word})`;
  }
}

class PushMany implements Command {
  constructor(
    readonly words: readonly number[],
    readonly from: number,
  ) {}
  check(): boolean {
    return true;
  }
  run(model: Model, real: Ring): void {
    const offered = this.words.slice(this.from);
    const fitting = offered.slice(0, CAPACITY - model.queue.length);
    model.queue.push(...fitting);
    const added = real.producer.pushMany(Int32Array.from(this.words), this.from, offered.length);
    assert.equal(added, fitting.length);
  }
  toString(): string {
    return `pushMany([${this.words.join()}], ${this.from})`;
  }
}

class PopMany implements Command {
  constructor(
    readonly at: number,
    readonly max: number,
  ) {}
  check(): boolean {
    return true;
  }
  run(model: Model, real: Ring): void {
    const expected = model.queue.splice(0, this.max);
    const out = new Int32Array(32).fill(0x5a5a5a5a);
    assert.equal(real.consumer.popMany(out, this.at, this.max), expected.length);
    assert.deepEqual([...out.subarray(this.at, this.at + expected.length)], expected);
    assert.ok(out.subarray(this.at + expected.length).every((word) => word === 0x5a5a5a5a));
  }
  toString(): string {
    return `popMany(${this.at}, ${this.max})`;
  }
}

class Sleep implements Command {
  check(): boolean {
    return true;
  }
  run(model: Model, real: Ring): void {
    const empty = model.queue.length === 0;
    assert.equal(real.consumer.prepareSleep(), empty);
    assert.equal(real.producer.needsWake(), empty);
    assert.equal(real.producer.needsWake(), false, 'one wake-up for one sleep');
    real.consumer.awake();
  }
  toString(): string {
    return 'sleep';
  }
}

describe('spsc ring', () => {
  it(`behaves as a bounded queue, in one thread (seed ${seed})`, () => {
    const word = fc.integer();
    const commands = fc.commands(
      [
        word.map((value) => new Push(value)),
        fc
          .tuple(fc.array(word, { maxLength: 12 }), fc.nat(3))
          .map(([words, from]) => new PushMany(words, Math.min(from, words.length))),
        fc.tuple(fc.nat(5), fc.nat(12)).map(([at, max]) => new PopMany(at, max)),
        fc.constant(new Sleep()),
      ],
      { size: 'large' },
    );
    fc.assert(
      fc.property(commands, (list) => {
        const buffer = SpscRing.allocate(CAPACITY);
        const producer = new SpscRing(buffer);
        const model: Model = { queue: [] };
        fc.modelRun(() => ({ model, real: { producer, consumer: new SpscRing(buffer) } }), list);
        assert.equal(producer.size, model.queue.length);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('goes on across the wrap of its 32-bit counters', () => {
    const buffer = SpscRing.allocate(CAPACITY);
    const counters = new Int32Array(buffer);
    const ring = new SpscRing(buffer);
    ring.push(1);
    const tailAt = counters.indexOf(1);
    counters[0] = counters[tailAt] = 0x7ffffffd;
    const late = new SpscRing(buffer);
    const out = new Int32Array(CAPACITY);
    for (let i = 0; i < 20; i++) {
      assert.equal(late.pushMany(Int32Array.of(i, i + 1, i + 2), 0, 3), 3);
      assert.equal(late.size, 3);
      assert.equal(late.popMany(out, 0, CAPACITY), 3);
      assert.deepEqual([...out.subarray(0, 3)], [i, i + 1, i + 2]);
    }
  });

  it('refuses capacities that are no power of two, and buffers that are no ring', () => {
    for (const capacity of [0, 1, 3, 100, 2 ** 25, 1.5]) {
      assert.throws(() => SpscRing.allocate(capacity), /power of two/);
    }
    assert.throws(() => new SpscRing(new SharedArrayBuffer(64)), /is no ring/);
  });

  it('passes 5 million words in order between threads, and loses no wake-up', async function () {
    this.timeout(120_000);
    const words = 5_000_000;
    const naps = 200;
    const shared = { ring: SpscRing.allocate(1024), signals: new SharedArrayBuffer(64), words, naps };
    const thread = new URL('./spsc-ring-thread.js', import.meta.url);
    const ends = (['consumer', 'producer'] as const).map((role) =>
      startThread<RingThreadReport>(thread, { role, ...shared } satisfies RingThreadData),
    );
    try {
      const [consumer, producer] = await Promise.all(ends.map((end) => end.message()));
      assert.equal(consumer!.lostWakeUp, false, `slept for ever after ${consumer!.sleeps} sleeps`);
      assert.equal(consumer!.wrongAt, -1, 'words out of order');
      assert.equal(consumer!.sum, producer!.sum);
      assert.equal(consumer!.sum, (words * (words - 1)) / 2);
      assert.ok(consumer!.sleeps >= naps - 1, `slept ${consumer!.sleeps} times only`);
      assert.ok(producer!.wakes >= naps - 1, `woke ${producer!.wakes} times only`);
    } finally {
      await Promise.all(ends.map((end) => end.stop()));
    }
  });
});

// Rounds that count are those in which the core was at its full speed.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Round, Side } from '../src/benchmark.js';
import { undisturbed } from '../src/run/undisturbed.js';

/** A side that answers with these values, one after the other and from the beginning again. */
class Answers implements Side {
  rounds = 0;
  closed = 0;

  constructor(
    readonly name: string,
    private readonly values: readonly number[],
  ) {}

  async round(): Promise<Round> {
    return { value: this.values[this.rounds++ % this.values.length]! };
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

const valuesOf = (rounds: readonly Round[] | undefined) => rounds?.map(({ value }) => value);

describe('undisturbed rounds', () => {
  it('are those with a gauge near the best before and after', async () => {
    // Of each turn: before, between the two sides, after. The second turn is slow from its middle on, the third whole.
    const gauge = new Answers('gauge', [100, 101, 102, 100, 100, 150, 150, 150, 150, 103, 102, 100]);
    const a = new Answers('a', [1, 2, 3, 4]);
    const b = new Answers('b', [10, 20, 30, 40]);
    const [ofA, ofB] = await undisturbed([a, b], gauge, 0, 2);
    assert.deepEqual(valuesOf(ofA)?.sort(), [1, 2, 4]);
    assert.deepEqual(valuesOf(ofB)?.sort(), [10, 40]);
    assert.equal(a.rounds, 4, 'as many turns as it took');
    assert.deepEqual([a.closed, b.closed, gauge.closed], [1, 1, 1]);
  });

  it('are not waited for without end: the least disturbed half of what was wanted then', async () => {
    const gauge = new Answers(
      'gauge',
      Array.from({ length: 100 }, (_, i) => 100 + 20 * i),
    );
    const side = new Answers('side', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    const [rounds] = await undisturbed([side], gauge, 0, 4);
    assert.deepEqual(valuesOf(rounds), [1, 2]);
    assert.equal(side.rounds, 16);
  });

  it('that warm up do not count', async () => {
    const side = new Answers('side', [1, 2, 3, 4, 5]);
    const [rounds] = await undisturbed([side], new Answers('gauge', [100]), 3, 2);
    assert.deepEqual(valuesOf(rounds), [4, 5]);
  });
});

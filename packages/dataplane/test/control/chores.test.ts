import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { Chores } from '../../src/control/chores.js';

describe('what the control side does by itself', () => {
  let now: number;
  let notes: string[];
  let chores: Chores;

  beforeEach(() => {
    now = 0;
    notes = [];
    chores = new Chores(
      (text) => notes.push(text),
      () => now,
    );
  });
  afterEach(() => chores.stop());

  const fail = (text: string) => (): never => {
    throw new Error(text);
  };

  it('goes on when a step throws or rejects, which is a problem until it works again', async () => {
    assert.equal(chores.run('ageing', fail('no room')), null);
    await chores.run('files', async () => fail('disk full')());
    assert.deepEqual(chores.problems(), ['ageing: no room', 'files: disk full']);
    chores.run('ageing', () => undefined);
    await chores.run('files', async () => undefined);
    assert.deepEqual(chores.problems(), []);
    assert.deepEqual(notes, ['ageing: no room', 'files: disk full']);
  });

  it('logs the same failure once a minute, another at once', () => {
    for (const [at, text] of [
      [0, 'a'],
      [1, 'a'],
      [2, 'b'],
      [59_999, 'a'],
      [60_000, 'a'],
    ] as const) {
      now = at;
      chores.run('it', fail(text));
      chores.run('it', () => undefined);
    }
    assert.deepEqual(notes, ['it: a', 'it: b', 'it: a']);
  });

  it('runs on its timer, not before the last time has ended', async () => {
    let running = 0;
    let most = 0;
    let times = 0;
    let quick = 0;
    chores.every(1, 'slow', async () => {
      running++;
      times++;
      most = Math.max(most, running);
      const before = quick;
      await until('the quick one has been run meanwhile', () => quick > before + 1, { intervalMs: 1 });
      running--;
      if (times === 2) fail('second')();
    });
    chores.every(1, 'quick', () => {
      quick++;
      if (quick === 1) fail('first')();
    });
    await until('both ran several times', () => times >= 4 && quick >= 4);
    assert.equal(most, 1);
    assert.deepEqual(notes.sort(), ['quick: first', 'slow: second']);
  });

  it('wakes once for all that is due, and for each as often as it asked for', async () => {
    const done: string[] = [];
    chores.every(4, 'seldom', () => done.push('seldom'));
    chores.every(2, 'often', () => done.push('often'));
    await until('several of each', () => done.length >= 9);
    const expected = ['seldom', 'often', 'often', 'seldom', 'often', 'often', 'seldom', 'often', 'often'];
    assert.deepEqual(done.slice(0, 9), expected);
  });

  it('does what is switched only while it is on', async () => {
    let times = 0;
    let beats = 0;
    const switchTo = chores.whileOn(1, 'switched', () => times++);
    chores.every(1, 'beat', () => beats++);
    await until('time passes', () => beats >= 5);
    assert.equal(times, 0);
    switchTo(true);
    switchTo(true);
    await until('it is done', () => times >= 3);
    switchTo(false);
    const [before, from] = [times, beats];
    await until('time passes again', () => beats >= from + 5);
    assert.equal(times, before);
  });
});

import assert from 'node:assert/strict';
import { until } from '../src/index.js';

describe('until', () => {
  it('returns the first truthy value of the condition', async () => {
    let looks = 0;
    assert.equal(
      await until('three looks', () => (++looks === 3 ? 'three' : null), { intervalMs: 1 }),
      'three',
    );
    assert.equal(looks, 3);
  });

  it('counts a condition that throws as not yet true', async () => {
    let looks = 0;
    const condition = async (): Promise<boolean> => {
      if (++looks < 3) throw new Error('too early');
      return true;
    };
    assert.equal(await until('it to be late enough', condition, { intervalMs: 1 }), true);
  });

  it('says what it waited for and what it last saw', async () => {
    const wait = until('packets to come', () => 0, { deadlineMs: 20, intervalMs: 5 });
    await assert.rejects(wait, { code: 'deadline', message: /for this: packets to come; last state: 0$/ });
  });

  it('asks for what it waited for at the deadline', async () => {
    let looks = 0;
    const wait = until(
      () => `look ${looks + 1}`,
      () => ++looks < 0,
      { deadlineMs: 20, intervalMs: 5 },
    );
    await assert.rejects(wait, () => true);
    const seen = looks;
    await assert.rejects(wait, { message: new RegExp(`for this: look ${seen + 1}; last state: false$`) });
  });

  it('keeps the last error as the cause', async () => {
    const cause = new Error('connection refused');
    const wait = until('a connection', () => Promise.reject(cause), { deadlineMs: 20, intervalMs: 5 });
    await assert.rejects(wait, { cause, message: /last error: connection refused$/ });
  });

  it('ends when its signal is aborted', async () => {
    const abort = new AbortController();
    const wait = until('nothing', () => false, {
      deadlineMs: 60_000,
      intervalMs: 60_000,
      signal: abort.signal,
    });
    abort.abort(new Error('enough'));
    await assert.rejects(wait, { message: 'enough' });
  });
});

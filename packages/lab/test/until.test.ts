import assert from 'node:assert/strict';
import { until } from '../src/index.js';

describe('until', () => {
  it('returns the first truthy value of the condition', async () => {
    let looks = 0;
    assert.equal(await until(() => (++looks === 3 ? 'three' : null), { intervalMs: 1 }), 'three');
    assert.equal(looks, 3);
  });

  it('counts a condition that throws as not yet true', async () => {
    let looks = 0;
    const condition = async (): Promise<boolean> => {
      if (++looks < 3) throw new Error('too early');
      return true;
    };
    assert.equal(await until(condition, { intervalMs: 1 }), true);
  });

  it('says what it waited for and what it last saw', async () => {
    const wait = until(() => 0, { deadlineMs: 20, intervalMs: 5, describe: 'packets to come' });
    await assert.rejects(wait, { code: 'deadline', message: /for packets to come; last state: 0$/ });
  });

  it('keeps the last error as the cause', async () => {
    const cause = new Error('connection refused');
    const wait = until(() => Promise.reject(cause), { deadlineMs: 20, intervalMs: 5 });
    await assert.rejects(wait, { cause, message: /last error: connection refused$/ });
  });

  it('ends when its signal is aborted', async () => {
    const abort = new AbortController();
    const wait = until(() => false, { deadlineMs: 60_000, intervalMs: 60_000, signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(wait, { message: 'enough' });
  });
});

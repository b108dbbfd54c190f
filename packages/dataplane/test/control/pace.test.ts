import assert from 'node:assert/strict';
import { Pace } from '../../src/control/pace.js';

describe('the pace of attempts to converge', () => {
  let pace: Pace;
  beforeEach(() => {
    pace = new Pace();
  });
  /** Returns whether one was asked for meanwhile. */
  const attempt = (fromMs: number, toMs: number): boolean => {
    pace.begin(fromMs);
    return pace.end(toMs);
  };

  it('lets the first one begin at once, and others after short ones', () => {
    assert.equal(pace.ask(1000), 0);
    assert.equal(attempt(1000, 1499), false);
    assert.equal(pace.ask(1499), 0);
  });

  it('rests after a long one, for three times its time', () => {
    attempt(1000, 1500);
    assert.equal(pace.ask(1500), 1500);
    assert.equal(pace.ask(2999), 1);
    assert.equal(pace.ask(3000), 0);
  });

  it('rests for five seconds at most', () => {
    attempt(0, 60_000);
    assert.equal(pace.ask(60_000), 5000);
  });

  it('begins none while one runs, and rests before the one that was asked for meanwhile', () => {
    pace.begin(0);
    for (const now of [100, 200, 900]) assert.equal(pace.ask(now), null);
    assert.equal(pace.end(1000), true);
    assert.equal(pace.ask(1000), 3000);
    pace.begin(4000);
    assert.equal(pace.end(4100), false, 'it was asked for once');
  });

  it('forgets the rest after a long one when a short one follows, which somebody waited for', () => {
    attempt(0, 2000);
    attempt(2000, 2100);
    assert.equal(pace.ask(2100), 0);
  });
});

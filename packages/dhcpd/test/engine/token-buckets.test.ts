import assert from 'node:assert/strict';
import { TokenBuckets } from '../../src/engine/token-buckets.js';

describe('buckets of many', () => {
  it('remember who was heard lately among names that are made up', () => {
    const buckets = new TokenBuckets(1, 2, 8);
    const taken = [buckets.take('one', 0), buckets.take('one', 0), buckets.take('one', 0)];
    assert.deepEqual(taken, [true, true, false]);
    for (let i = 0; i < 100; i++) {
      assert.equal(buckets.take(`made up ${i}`, 0), true);
      if (i % 3 === 0) assert.equal(buckets.take('one', 0), false, `after ${i} others`);
    }
    assert.equal(buckets.take('one', 1000), true, 'it has another one after a second');
  });

  it('forget whoever was silent while as many as they remember were heard', () => {
    const buckets = new TokenBuckets(1, 1, 8);
    assert.deepEqual([buckets.take('one', 0), buckets.take('one', 0)], [true, false]);
    for (let i = 0; i < 8; i++) buckets.take(`made up ${i}`, 0);
    assert.equal(buckets.take('one', 0), true);
  });
});

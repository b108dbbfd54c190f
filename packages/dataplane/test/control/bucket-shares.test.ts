import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { bucketShift, shareBuckets } from '../../src/control/bucket-shares.js';

const counts = (buckets: Int32Array, paths: number): number[] =>
  Array.from({ length: paths }, (_, path) => buckets.filter((each) => each === path).length);
const none = (buckets: number): Int32Array => new Int32Array(buckets).fill(-1);

describe('shares of buckets', () => {
  it('are as the weights say', () => {
    assert.deepEqual(counts(shareBuckets(none(64), [1, 1]), 2), [32, 32]);
    assert.deepEqual(counts(shareBuckets(none(64), [3, 1]), 2), [48, 16]);
    assert.deepEqual(counts(shareBuckets(none(64), [1, 1, 1]), 3), [22, 21, 21]);
    assert.deepEqual(counts(shareBuckets(none(64), [1, 0, 1]), 3), [32, 0, 32]);
    assert.deepEqual(counts(shareBuckets(none(64), [255, 1]), 2), [63, 1], 'each has one at least');
  });

  it('move as few flows as can be when a path goes, and when it comes back', () => {
    const all = shareBuckets(none(64), [1, 1, 1, 1]);
    const without = shareBuckets(all, [1, 1, 0, 1]);
    all.forEach((path, bucket) => {
      if (path !== 2) assert.equal(without[bucket], path, 'flows of other paths stay');
    });
    const back = shareBuckets(without, [1, 1, 1, 1]);
    assert.equal(back.filter((path, bucket) => path !== without[bucket]).length, 16, 'it takes its share');
    assert.deepEqual(shareBuckets(back, [1, 1, 1, 1]), back);
  });

  it(`fit any weights, and a path moves only what is beyond its share (seed ${seed})`, () => {
    const weights = fc.array(fc.nat(255), { minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(weights, weights, (first, second) => {
        const paths = Math.max(first.length, second.length);
        const padded = [first, second].map((list) => [
          ...list,
          ...new Array<number>(paths - list.length).fill(0),
        ]);
        for (const list of padded) if (!list.some((weight) => weight > 0)) list[0] = 1;
        const buckets = 1 << bucketShift(paths);
        let before = none(buckets);
        for (const list of padded) {
          const after = shareBuckets(before, list);
          const had = counts(before, paths);
          const has = counts(after, paths);
          const total = list.reduce((sum, weight) => sum + weight, 0);
          list.forEach((weight, path) => {
            if (weight === 0) assert.equal(has[path], 0);
            else assert.ok(has[path]! >= 1);
            const exact = (weight * buckets) / total;
            assert.ok(has[path]! <= Math.max(1, Math.ceil(exact)), `${has[path]} of ${exact}`);
            const kept = after.filter((each, bucket) => each === path && before[bucket] === path).length;
            assert.equal(kept, Math.min(had[path]!, has[path]!), 'what it keeps is as much as it may');
          });
          assert.equal(
            has.reduce((sum, count) => sum + count, 0),
            buckets,
          );
          before = after;
        }
      }),
      { seed },
    );
  });
});

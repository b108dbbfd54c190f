import assert from 'node:assert/strict';
import { FreeRows } from '../../src/control/free-rows.js';

describe('free rows', () => {
  it('are taken from 1 on, and not row 0', () => {
    const rows = new FreeRows(4);
    assert.equal(rows.peek(), 1);
    assert.deepEqual([rows.take(), rows.take(), rows.take(), rows.take()], [1, 2, 3, undefined]);
    assert.equal(rows.peek(), undefined);
  });

  it('come again in the order in which they were given back, as late as possible', () => {
    const rows = new FreeRows(5);
    for (const row of [1, 2, 3]) assert.equal(rows.take(), row);
    rows.giveBack(2);
    rows.giveBack(1);
    assert.deepEqual([rows.take(), rows.take(), rows.take(), rows.take()], [4, 2, 1, undefined]);
    for (let turn = 0; turn < 100; turn++) {
      rows.giveBack(3);
      assert.equal(rows.take(), 3);
    }
  });

  it('are not taken for more than there are', () => {
    const rows = new FreeRows(3);
    assert.throws(() => rows.giveBack(1), /given back twice/);
  });
});

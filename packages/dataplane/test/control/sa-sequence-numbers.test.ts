import assert from 'node:assert/strict';
import { SA_SEQ_HIGH, SA_SEQ_LOW, WINDOW_SHIFT } from '../../src/tables/security-associations.js';
import { IN, LOCAL, OUT, PEER, SaBench } from './support/sa-bench.js';

const KEY_OUT = `out/${PEER}/2001`;
const KEY_IN = `in/${LOCAL}/1001`;
const BLOCK = 2 ** 23;
const LAST_32 = 2 ** 32 - 1;

describe('sequence numbers of security associations', () => {
  let bench: SaBench;
  beforeEach(() => {
    bench = new SaBench();
  });
  afterEach(() => bench.close());

  it('are in the journal before a worker may use them, however fast it is', () => {
    let checked = 0;
    bench.journal.watch = (key, sequence) => {
      // At its first reservation the SA is nobody's yet.
      if (bench.active === 0) return;
      assert.ok(bench.limit(OUT) <= bench.journalled(key), 'the limit was raised first');
      assert.ok(sequence > bench.limit(OUT));
      checked++;
    };
    bench.install(OUT, 'out');
    assert.equal(bench.limit(OUT), BLOCK);
    for (let now = 50, used = 0; now < 5000; now += 50) {
      // Faster than the reservation: then the worker stands at its limit.
      used = Math.min(used + 3 * (now % 7) * 1_000_000, bench.limit(OUT));
      bench.use(OUT, used);
      bench.sas.tick(now);
      assert.ok(bench.limit(OUT) <= bench.journalled(KEY_OUT));
      assert.ok(bench.limit(OUT) - used >= BLOCK / 2, 'a tick leaves half a block at least');
    }
    assert.ok(checked > 10);
  });

  it('run out one SA at a time while the journal cannot be written, which is told, and keeps nothing else from going on', () => {
    bench.install(OUT, 'out');
    bench.install(IN, 'in');
    bench.use(OUT, BLOCK - 1);
    bench.use(IN, 99);
    bench.install(OUT + 1, 'out', 10);
    bench.journal.watch = () => {
      throw new Error('ENOSPC: no space left on device');
    };
    const told = /sequence numbers cannot be kept, make room in the run directory: ENOSPC/;
    assert.throws(() => bench.sas.tick(2_000), told);
    assert.equal(bench.limit(OUT), BLOCK, 'nothing is used that is not in the journal');
    assert.equal(bench.limit(OUT + 1), BLOCK);
    assert.equal(bench.active, bench.row(OUT + 1), 'the new SA has taken over all the same');
    assert.throws(() => bench.sas.tick(4_000), told);
    bench.journal.watch = () => undefined;
    bench.sas.tick(6_000);
    assert.deepEqual([bench.limit(OUT), bench.journalled(KEY_IN)], [2 * BLOCK, 99]);
  });

  it('go on behind the block after a restart', () => {
    bench.install(OUT, 'out');
    bench.use(OUT, 1000);
    bench.sas.tick(50);
    bench = bench.restarted();
    bench.install(OUT, 'out');
    const row = bench.active;
    assert.equal(bench.word(row, SA_SEQ_LOW), BLOCK);
    assert.equal(bench.limit(OUT), 2 * BLOCK);
    assert.equal(bench.journalled(KEY_OUT), 2 * BLOCK);
  });

  it('go on behind what the SA brings from an address that it had before', () => {
    bench.install(OUT, 'out', 0, { start_sequence: 3 * BLOCK });
    assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, 3 * BLOCK);
    assert.equal(bench.limit(OUT), 4 * BLOCK);
  });

  it('begin anew for an SA that was removed: its key is gone with it', () => {
    bench.install(OUT, 'out');
    bench.sas.remove({ dst: PEER, spi: OUT }, 0);
    bench.reclaim();
    bench = bench.restarted();
    bench.install(OUT, 'out');
    assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, 0);
  });

  it('of 32 bits end at 2^32 - 1, with one call for a rekey before', () => {
    bench.install(OUT, 'out', 0, { start_sequence: LAST_32 - 2 ** 28 });
    bench.sas.tick(50);
    assert.deepEqual(bench.events, []);
    bench.use(OUT, LAST_32 - 2 ** 28 + 1);
    bench.sas.tick(100);
    bench.sas.tick(150);
    assert.deepEqual(bench.events, [{ kind: 'sequence-low', spi: OUT, dst: PEER }]);
    for (let now = 200; bench.limit(OUT) < LAST_32; now += 50) {
      bench.use(OUT, bench.limit(OUT));
      bench.sas.tick(now);
      assert.ok(bench.limit(OUT) <= bench.journalled(KEY_OUT));
    }
    bench.use(OUT, LAST_32);
    bench.sas.tick(60_000);
    assert.equal(bench.limit(OUT), LAST_32);
    assert.equal(bench.events.length, 1);
    bench = bench.restarted();
    bench.install(OUT, 'out');
    bench.sas.tick(50);
    assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, LAST_32);
    assert.equal(bench.limit(OUT), LAST_32, 'nothing is left to send after a restart either');
  });

  it('of 64 bits pass 2^32', () => {
    bench.install(OUT, 'out', 0, { esn: true, start_sequence: LAST_32 - BLOCK });
    assert.equal(bench.limit(OUT), LAST_32);
    bench.use(OUT, LAST_32 - 10);
    bench.sas.tick(50);
    assert.equal(bench.limit(OUT), LAST_32 + BLOCK);
    bench.use(OUT, LAST_32 + 5);
    bench.sas.tick(100);
    assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, LAST_32 + 5);
    assert.deepEqual(bench.events, []);
    bench = bench.restarted();
    bench.install(OUT, 'out', 0, { esn: true });
    const row = bench.active;
    assert.deepEqual([bench.word(row, SA_SEQ_HIGH), bench.word(row, SA_SEQ_LOW)], [1, BLOCK - 1]);
  });

  it('that were received are journalled each second, and count as seen after a restart', () => {
    bench.install(IN, 'in');
    bench.sas.tick(1000);
    bench.use(IN, 77);
    bench.sas.tick(1500);
    assert.equal(bench.journalled(KEY_IN), 0);
    bench.sas.tick(2000);
    assert.equal(bench.journalled(KEY_IN), 77);
    bench = bench.restarted();
    bench.install(IN, 'in');
    const row = bench.lookup(IN);
    assert.equal(bench.word(row, SA_SEQ_LOW), 77);
    const window = bench.table.windows.subarray(row << WINDOW_SHIFT, (row << WINDOW_SHIFT) + 2);
    assert.deepEqual([...window], [-1, -1], 'all 64 numbers of the window have been seen');
  });
});

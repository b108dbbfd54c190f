import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { allocateEpoch, EpochControl, EpochReader } from '../../src/memory/epoch.js';
import { HashU32, HashU32Writer } from '../../src/tables/hash-u32.js';

function setUp(entries: number) {
  const buffer = HashU32.allocate(entries);
  const epochs = allocateEpoch(1);
  const epoch = new EpochControl(epochs);
  const worker = new EpochReader(epochs, 0);
  return { reader: new HashU32(buffer), writer: new HashU32Writer(buffer, epoch), epoch, worker };
}

describe('hash u32', () => {
  it(`is a map of (scope, key) (seed ${seed})`, () => {
    const key = fc.oneof(fc.nat(12), fc.constantFrom(0xffffffff, 0x80000000, 0x7fffffff));
    const scope = fc.constantFrom(0, 1, 2, 0xfffffffe, 0x80000000);
    const operation = fc.record({ key, scope, value: fc.integer({ min: -1, max: 0x7ffffffe }) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400, size: 'max' }), (operations) => {
        const { reader, writer } = setUp(100);
        const model = new Map<string, number>();
        for (const { key, scope, value } of operations) {
          const name = `${scope}/${key}`;
          if (value < 0 || value % 3 === 0) {
            assert.equal(writer.delete(key, scope), model.delete(name));
          } else {
            writer.set(key, value, scope);
            model.set(name, value);
          }
          assert.equal(reader.lookup(key, scope), model.get(name) ?? -1);
          assert.equal(writer.size, model.size);
        }
        for (const { key, scope } of operations) {
          const expected = model.get(`${scope}/${key}`) ?? -1;
          assert.equal(reader.lookup(key, scope), expected);
          assert.equal(reader.lookup(key | 0, scope | 0), expected, 'signed alike');
        }
      }),
      { seed, numRuns: 100 },
    );
  });

  it('outlives its tombstones, however many different keys come and go', () => {
    const { reader, writer } = setUp(64);
    for (let key = 1; key < 50_000; key++) {
      writer.set(key, key);
      if (key > 50) assert.equal(writer.delete(key - 50), true);
      assert.equal(reader.lookup(key), key);
      assert.equal(reader.lookup(key - 50), -1);
    }
    for (let key = 49_950; key < 50_000; key++) assert.equal(reader.lookup(key), key);
  });

  it('does not clear a region that a worker may be reading, and says so when it can wait no longer', () => {
    const { reader, writer, worker } = setUp(8);
    worker.online();
    let key = 0;
    const churn = (): void => {
      for (; key < 10_000; key++) {
        writer.set(key, key);
        assert.equal(reader.lookup(key), key);
        writer.delete(key);
      }
    };
    assert.throws(churn, /changes faster than its workers pass quiescent points/);
    assert.equal(writer.size, 0);
    assert.equal(reader.lookup(key), -1);
    worker.quiescent();
    writer.set(key, 5);
    assert.equal(reader.lookup(key), 5);
  });

  it('holds as many entries as it was made for, then refuses by a sentence', () => {
    const { reader, writer } = setUp(64);
    for (let key = 0; key < 64; key++) writer.set(key, key);
    assert.throws(() => writer.set(64, 64), /all 64 entries of a hash table are in use/);
    writer.set(63, 1000);
    assert.equal(reader.lookup(63), 1000);
    assert.equal(reader.lookup(64), -1);
    assert.throws(() => writer.set(1, -1), RangeError);
    assert.throws(() => writer.set(1, 2 ** 31 - 1), RangeError);
    assert.throws(() => writer.set(1, 1, 0xffffffff), /reserved/);
    assert.throws(() => HashU32.allocate(0), RangeError);
  });
});

import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { makeFib } from './fib-model.js';
import { xorshift } from './random.js';

describe('ip4 fib memory', () => {
  it(`carries 1000 VRFs of 100 scattered routes in 64 MiB (seed ${seed})`, () => {
    const random = xorshift(seed);
    const { fib, writer } = makeFib({ bytes: 64 << 20 });
    const last = new Map<number, number>();
    for (let vrf = 0; vrf < 1000; vrf++) {
      writer.createVrf(vrf);
      for (let i = 0; i < 100; i++) {
        const address = random();
        writer.add(vrf, address, 16 + (random() % 9), 1 + i);
        last.set(vrf, address);
      }
    }
    for (const [vrf, address] of last) {
      // Rarely another of its routes is longer than the last one.
      let expected = 0;
      for (let length = 32; expected === 0; length--) expected = writer.get(vrf, address, length);
      assert.equal(fib.lookup(vrf, address), expected);
    }
    assert.ok(writer.statistics().bytesUsed < 64 << 20);
  });

  it('says when it is exhausted, loses nothing, and goes on when there is room again', () => {
    const { fib, writer, epoch, reader } = makeFib({ bytes: 1 << 20 });
    reader.online();
    writer.createVrf(0);
    writer.add(0, 0, 0, 5);
    let count = 0;
    const host = (i: number): number => (i << 16) | 0x0101;
    const fill = (): void => {
      for (;;) {
        assert.ok(count < 2000, 'is never exhausted');
        writer.add(0, host(count), 32, 10 + count);
        count++;
      }
    };
    const exhausted = { code: 'exhausted', message: /all 1 MiB of IPv4 FIB memory are in use: give/ };
    assert.throws(fill, exhausted);
    assert.ok(count > 100);
    const check = (): void => {
      for (let i = 0; i < count; i++) assert.equal(fib.lookup(0, host(i)), 10 + i);
      assert.equal(fib.lookup(0, host(count)), 5);
      assert.equal(writer.get(0, host(count), 32), 0);
      assert.equal(writer.routeCount(0), count + 1);
    };
    check();
    const full = writer.statistics();
    assert.throws(() => writer.add(0, host(count), 32, 1), exhausted);
    assert.deepEqual(writer.statistics(), full, 'a failed change keeps no block');

    // What needs no block still works.
    writer.add(0, host(0), 32, 10);
    writer.add(0, 0, 1, 5);
    assert.equal(writer.remove(0, 0, 1), true);

    // Freed blocks are of use only when the reader has let go of them.
    assert.equal(writer.remove(0, host(--count), 32), true);
    assert.throws(() => writer.add(0, host(count), 32, 10 + count), exhausted);
    check();
    reader.quiescent();
    writer.add(0, host(count), 32, 10 + count);
    count++;
    check();
    assert.equal(epoch.pending, 0);
  });

  it('gives a removed VRF back whole', () => {
    const { writer, epoch } = makeFib();
    const empty = writer.statistics();
    for (let vrf = 0; vrf < 100; vrf++) {
      writer.createVrf(vrf);
      for (let i = 0; i < 50; i++) writer.add(vrf, Math.imul(i + vrf, 0x9e3779b1), 8 + (i % 25), 1 + i);
    }
    for (let vrf = 0; vrf < 100; vrf++) writer.removeVrf(vrf);
    epoch.reclaim();
    assert.deepEqual(writer.statistics(), empty);
  });

  it('reports blocks that a worker may still read, and frees them when it cannot any more', () => {
    const { writer, epoch, reader } = makeFib();
    writer.createVrf(0);
    const before = writer.statistics();
    reader.online();
    writer.add(0, 0x0a010203, 32, 1);
    writer.remove(0, 0x0a010203, 32);
    epoch.reclaim();
    assert.equal(writer.statistics().blocksRetired, 2);
    reader.quiescent();
    epoch.reclaim();
    assert.deepEqual(writer.statistics(), before);
  });
});

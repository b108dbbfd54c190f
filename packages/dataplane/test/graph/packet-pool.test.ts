import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import {
  allocatePool,
  FRAME_BYTES,
  LARGE_FRAME_BYTES,
  LARGE_FRAMES,
  PacketPool,
} from '../../src/memory/packet-pool.js';
import { xorshift } from '../tables/random.js';

const FRAMES = 1000;

describe('packet pool', () => {
  const views = (count: number): PacketPool[] => {
    const memory = allocatePool(FRAMES);
    return Array.from({ length: count }, () => new PacketPool(memory, FRAMES));
  };

  it('has its metadata behind the frames, a column after the other, none upon another', () => {
    const [pool] = views(1);
    const columns = [
      pool!.offset,
      pool!.length,
      pool!.l3,
      pool!.rxInterface,
      pool!.txInterface,
      pool!.vrf,
      pool!.adjacency,
      pool!.flags,
      pool!.aux,
      pool!.reason,
      pool!.trace,
      pool!.aux2,
      pool!.ports,
    ];
    const stack = pool!.shared;
    columns.forEach((column, i) => {
      assert.equal(column.length, FRAMES + LARGE_FRAMES);
      assert.ok(column.byteOffset >= FRAMES * FRAME_BYTES + LARGE_FRAMES * LARGE_FRAME_BYTES);
      column.fill(i + 1);
    });
    columns.forEach((column, i) => {
      assert.ok(column.every((word) => word === i + 1));
    });
    assert.ok(pool!.bytes.subarray(0, pool!.base(FRAMES + LARGE_FRAMES)).every((octet) => octet === 0));
    assert.equal(pool!.shared, stack);
    assert.equal(PacketPool.columnAt(FRAMES, 'length'), pool!.length.byteOffset);
  });

  it('gives each frame once, then none, then takes all back', () => {
    const [pool] = views(1);
    const taken = Array.from({ length: FRAMES }, () => pool!.alloc());
    assert.equal(new Set(taken).size, FRAMES);
    assert.ok(taken.every((frame) => frame >= 0 && frame < FRAMES));
    assert.equal(pool!.alloc(), -1);
    assert.equal(pool!.allocMany(new Int32Array(8), 0, 8), 0);
    pool!.freeMany(Int32Array.from(taken), 0, FRAMES);
    assert.equal(pool!.shared + pool!.local, FRAMES);
    pool!.drain();
    assert.deepEqual([pool!.shared, pool!.local], [FRAMES, 0]);
  });

  it('has large frames of their own, behind the others, and takes them back by the same call', () => {
    const [pool, other] = views(2);
    const taken = Array.from({ length: LARGE_FRAMES }, () => pool!.allocLarge());
    assert.deepEqual(
      [...taken].sort((a, b) => a - b),
      taken.map((_, i) => FRAMES + i),
    );
    assert.equal(other!.allocLarge(), -1);
    assert.equal(pool!.shared, FRAMES, 'the others are untouched');
    for (const frame of taken) {
      assert.equal(pool!.room(frame), LARGE_FRAME_BYTES);
      assert.equal(pool!.base(frame), FRAMES * FRAME_BYTES + (frame - FRAMES) * LARGE_FRAME_BYTES);
      other!.free(frame);
    }
    assert.equal(pool!.large, LARGE_FRAMES);
    assert.deepEqual(
      [pool!.base(FRAMES - 1), pool!.room(FRAMES - 1)],
      [(FRAMES - 1) * FRAME_BYTES, FRAME_BYTES],
    );
  });

  it('counts every frame that carries no packet, once the threads that keep some have said so', () => {
    const [worker, other] = views(2);
    assert.equal(other!.available, FRAMES);
    const taken = [worker!.alloc(), worker!.alloc(), worker!.alloc()];
    worker!.publish(0);
    assert.equal(other!.available, FRAMES - 3);
    worker!.publish(2);
    assert.equal(other!.available, FRAMES - 1, 'two of them wait in a device for what it receives');
    for (const frame of taken) worker!.free(frame);
    worker!.drain();
    assert.equal(other!.available, FRAMES);
  });

  it('says how many frames there were when there are too few', () => {
    const [pool] = views(1);
    const out = new Int32Array(FRAMES + 10).fill(-7);
    assert.equal(pool!.allocMany(out, 5, FRAMES - 3), FRAMES - 3);
    assert.equal(pool!.allocMany(out, 2, 5), 3);
    assert.deepEqual([...out.subarray(0, 2)], [-7, -7]);
    assert.deepEqual([...out.subarray(5 + FRAMES - 3)], new Array(8).fill(-7));
  });

  it(`loses and doubles no frame among threads' views that take and give at random (seed ${seed})`, () => {
    const pools = views(4);
    const random = xorshift(seed);
    const held: number[] = [];
    const owned = new Set<number>();
    const batch = new Int32Array(300);
    for (let i = 0; i < 20_000; i++) {
      const pool = pools[random() % 4]!;
      const want = random() % 300;
      if (random() % 2 === 0) {
        const got = pool.allocMany(batch, 0, want);
        for (const frame of batch.subarray(0, got)) {
          assert.ok(!owned.has(frame), `frame ${frame} was given twice`);
          owned.add(frame);
          held.push(frame);
        }
      } else {
        for (const frame of held.splice(0, want)) {
          owned.delete(frame);
          pool.free(frame);
        }
      }
      const cached = pools.reduce((sum, { local }) => sum + local, 0);
      assert.equal(cached + pool.shared + held.length, FRAMES);
    }
  });
});

import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { memoryCopy } from '../../src/memory/memory-copy.js';
import { allocateWasmMemory } from '../../src/memory/wasm-memory.js';
import { xorshift } from '../tables/random.js';

describe('copying within the packet memory', () => {
  const SIZE = 4096;

  it(`does as copyWithin, whatever the lengths, alignments and overlaps (seed ${seed})`, () => {
    const memory = allocateWasmMemory(SIZE);
    const copy = memoryCopy(memory);
    const bytes = new Uint8Array(memory.buffer, 0, SIZE);
    const random = xorshift(seed);
    for (let i = 0; i < SIZE; i++) bytes[i] = random();
    for (let i = 0; i < 2000; i++) {
      const length = random() % (i % 2 === 0 ? 40 : 2000);
      const [to, from] = [random() % (SIZE - length), random() % (SIZE - length)];
      const expected = bytes.slice().copyWithin(to, from, from + length);
      copy(to, from, length);
      assert.deepEqual(bytes, expected, `${length} octets from ${from} to ${to}`);
    }
  });

  it('refuses what lies outside', () => {
    const memory = allocateWasmMemory(1);
    const copy = memoryCopy(memory);
    const end = memory.buffer.byteLength;
    copy(end - 1, 0, 1);
    assert.throws(() => copy(end, 0, 1), /out of bounds/);
    assert.throws(() => copy(0, end - 1, 2), /out of bounds/);
  });
});

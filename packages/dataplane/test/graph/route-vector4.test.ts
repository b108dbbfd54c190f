import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { FRAME_MAX } from '../../src/graph/frame.js';
import { makeRouteVector4 } from '../../src/graph/route-vector4.js';
import { allocatePool, PacketPool } from '../../src/memory/packet-pool.js';
import { IP4_DST, writeI32 } from '../../src/wire/ip4.js';
import { firstNarrowVrf, makeFib } from '../tables/fib-model.js';
import { xorshift } from '../tables/random.js';

const VECTOR = 256;

describe('routes of a vector', () => {
  const random = xorshift(seed);
  const fib = makeFib();
  const narrow = firstNarrowVrf(fib);
  const pool = new PacketPool(allocatePool(VECTOR), VECTOR);
  const packets = Int32Array.from({ length: VECTOR }, (_, index) => index);
  const rows = new Int32Array(FRAME_MAX);
  const { route } = makeRouteVector4(pool, fib.fib);

  /** Near 10.0.0.0/8, where the routes are, mostly. */
  const address = (): number => (random() % 8 === 0 ? random() : 0x0a000000 | (random() & 0x0003ffff)) >>> 0;

  for (let i = 0; i < 2000; i++) {
    const length = 9 + (random() % 24);
    for (const vrf of [0, 1, narrow])
      fib.writer.add(vrf, (address() & (-1 << (32 - length))) >>> 0, length, 1 + i);
  }

  function check(vrfOf: (index: number) => number): void {
    const wanted: number[] = [];
    for (const packet of packets) {
      const to = address();
      pool.l3[packet] = pool.base(packet) + 272;
      pool.vrf[packet] = vrfOf(packet);
      writeI32(pool.bytes, pool.l3[packet]! + IP4_DST, to);
      wanted.push(fib.fib.lookup(vrfOf(packet), to));
    }
    route(packets, VECTOR, rows);
    assert.deepEqual([...rows.subarray(0, VECTOR)], wanted);
    assert.ok(new Set(wanted).size > 10, 'various routes were met');
  }

  for (const [title, vrfOf] of [
    ['of one VRF', () => 0],
    ['of a VRF with a narrow table', () => narrow],
    ['of several VRFs', (index: number) => [0, 1, narrow][index % 3]!],
  ] as const) {
    it(`are those that one lookup after the other finds: packets ${title} (seed ${seed})`, () => {
      for (let i = 0; i < 50; i++) check(vrfOf);
    });
  }

  it(`are those with a default route, too (seed ${seed})`, () => {
    fib.writer.add(0, 0, 0, 4000);
    for (let i = 0; i < 50; i++) check(() => 0);
    assert.ok([...rows.subarray(0, VECTOR)].includes(4000));
  });
});

import { parseIp4 } from '@sluice/shared';
import { HashU32, HashU32Writer } from '../../src/tables/hash-u32.js';
import { Ip4Fib } from '../../src/tables/ip4-fib.js';
import { allocateIp4FibMemory } from '../../src/tables/ip4-fib-layout.js';
import { Ip4FibWriter } from '../../src/tables/ip4-fib-writer.js';
import { seed } from '../memory/seed.js';
import { makeContest } from './concurrent.js';
import { firstNarrowVrf } from './fib-model.js';
import { xorshift } from './random.js';
import type { Check } from './reader-thread.js';

const ip = (text: string): number => parseIp4(text)!;

/** Adjacency of routes that answer for no address that is looked up: seen if a block is reused too early. */
const FOREIGN = 999;

/** What is toggled in a VRF by toggle(): only answers that are right at some moment are allowed. */
function checksOf(vrf: number): Check[] {
  return [
    { table: vrf, key: ip('10.9.9.9'), allowed: [1] },
    { table: vrf, key: ip('10.1.3.1'), allowed: [1] },
    { table: vrf, key: ip('10.1.2.3'), allowed: [1, 2] },
    { table: vrf, key: ip('10.1.2.7'), allowed: [1, 2, 3] },
    { table: vrf, key: ip('172.16.0.1'), allowed: [4, 5] },
  ];
}

function setUpRoutes(writer: Ip4FibWriter, vrf: number): void {
  writer.add(vrf, ip('10.0.0.0'), 8, 1);
  writer.add(vrf, 0, 0, 4);
}

function toggle(writer: Ip4FibWriter, vrf: number, i: number, random: () => number): void {
  const foreign = (ip('20.0.0.0') | (random() & 0xffffff)) >>> 0;
  writer.add(vrf, foreign, 32, FOREIGN);
  writer.add(vrf, ip('10.1.2.0'), 24, 2);
  writer.add(vrf, ip('10.1.2.7'), 32, 3);
  if (i % 2 === 0) writer.remove(vrf, ip('10.1.2.7'), 32);
  writer.remove(vrf, ip('10.1.2.0'), 24);
  if (i % 2 === 1) writer.remove(vrf, ip('10.1.2.7'), 32);
  if (i % 16 === 0) writer.add(vrf, 0, 0, i % 32 === 0 ? 5 : 4);
  writer.remove(vrf, foreign, 32);
}

describe('tables under a concurrent reader', function () {
  this.timeout(60_000);

  for (const shape of ['wide', 'narrow'] as const) {
    it(`a ${shape} VRF never gives a wrong next hop while routes change (seed ${seed})`, async () => {
      const { epoch, run } = makeContest();
      const memory = allocateIp4FibMemory({ bytes: 64 << 20 });
      const writer = new Ip4FibWriter(memory, epoch);
      const narrow = firstNarrowVrf({ writer, fib: new Ip4Fib(memory) });
      const vrf = shape === 'wide' ? 0 : narrow;
      setUpRoutes(writer, vrf);
      const random = xorshift(seed);
      await run({ fib: memory, hash: null }, checksOf(vrf), 20_000, (i) => toggle(writer, vrf, i, random));
    });
  }

  it('a VRF that grows wide, goes and comes back never gives another VRF its answers', async () => {
    const { epoch, run } = makeContest();
    const memory = allocateIp4FibMemory({ bytes: 64 << 20 });
    const writer = new Ip4FibWriter(memory, epoch);
    const vrf = firstNarrowVrf({ writer, fib: new Ip4Fib(memory) });
    const grow = (adjacency: number): void => {
      writer.add(vrf, ip('10.0.0.0'), 8, adjacency);
      for (let i = 0; i < 1100; i++) writer.add(vrf, (ip('20.0.0.0') + i * 0x1001) >>> 0, 28, FOREIGN);
    };
    const checks = [{ table: vrf, key: ip('10.1.2.3'), allowed: [0, 1, 2] }];
    await run({ fib: memory, hash: null }, checks, 100, (i) => {
      grow(1 + (i % 2));
      writer.removeVrf(vrf);
      epoch.reclaim();
      writer.createVrf(vrf);
    });
  });

  it('a VRF that goes and comes back never gives what its blocks held in between', async () => {
    const { epoch, run } = makeContest();
    const memory = allocateIp4FibMemory({ bytes: 64 << 20 });
    const writer = new Ip4FibWriter(memory, epoch);
    const vrf = firstNarrowVrf({ writer, fib: new Ip4Fib(memory) });
    const other = vrf + 1;
    const checks = [{ table: vrf, key: ip('10.1.2.3'), allowed: [0, 1] }];
    await run({ fib: memory, hash: null }, checks, 20_000, () => {
      writer.add(vrf, ip('10.1.2.3'), 32, 1);
      writer.removeVrf(vrf);
      writer.createVrf(other);
      for (const host of ['10.1.2.3', '10.1.2.4']) writer.add(other, ip(host), 32, FOREIGN);
      writer.removeVrf(other);
      writer.createVrf(vrf);
    });
  });

  it('a hash table never gives a key the value of another while keys come and go', async () => {
    const { epoch, run } = makeContest();
    const buffer = HashU32.allocate(32);
    const writer = new HashU32Writer(buffer, epoch);
    writer.set(1, 100, 7);
    const checks = [
      { table: 7, key: 1, allowed: [100] },
      { table: 7, key: 2, allowed: [-1, 200, 201] },
      { table: 8, key: 2, allowed: [-1] },
    ];
    let key = 1000;
    await run({ fib: null, hash: buffer }, checks, 20_000, (i) => {
      writer.set(2, 200 + (i % 2), 7);
      // Few enough that the reader has time for a quiescent point before both regions are full.
      if (epoch.idle() || epoch.reclaim() > 0) {
        writer.set(++key, FOREIGN, 7);
        writer.delete(key, 7);
      }
      if (i % 3 === 0) writer.delete(2, 7);
    });
  });
});

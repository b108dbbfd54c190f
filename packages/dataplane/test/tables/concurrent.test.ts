import assert from 'node:assert/strict';
import { type Ip6Words, parseIp4, parseIp6 } from '@sluice/shared/net';
import { seed } from '@sluice/shared/test-support';
import { HashU32, HashU32Writer } from '../../src/tables/hash-u32.js';
import { allocateIp4FibMemory } from '../../src/tables/ip4-fib-layout.js';
import { Ip4FibWriter } from '../../src/tables/ip4-fib-writer.js';
import { allocateIp6FibMemory } from '../../src/tables/ip6-fib-layout.js';
import { Ip6FibWriter } from '../../src/tables/ip6-fib-writer.js';
import { makeContest } from './concurrent.js';
import { firstNarrowVrf } from './fib-model.js';
import { xorshift } from './random.js';
import type { Check } from './reader-thread.js';

const ip = (text: string): number => parseIp4(text)!;
const ip6 = (text: string): Ip6Words => parseIp6(text)!;

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
  this.timeout(120_000);

  for (const shape of ['wide', 'narrow'] as const) {
    it(`a ${shape} VRF never gives a wrong next hop while routes change (seed ${seed})`, async () => {
      const { epoch, run } = makeContest();
      const memory = allocateIp4FibMemory({ bytes: 64 << 20 });
      const writer = new Ip4FibWriter(memory, epoch);
      const narrow = firstNarrowVrf({ writer, roots: new Int32Array(memory.roots) });
      const vrf = shape === 'wide' ? 0 : narrow;
      setUpRoutes(writer, vrf);
      const random = xorshift(seed);
      await run({ fib: memory }, checksOf(vrf), 20_000, (i) => toggle(writer, vrf, i, random));
    });
  }

  for (const shape of ['wide', 'narrow'] as const) {
    it(`a ${shape} IPv6 VRF never gives a wrong next hop while routes change (seed ${seed})`, async () => {
      const { epoch, run } = makeContest();
      const memory = allocateIp6FibMemory({ bytes: 64 << 20 });
      const writer = new Ip6FibWriter(memory, epoch);
      writer.createVrf(0);
      const filler = (i: number): Ip6Words => [0xfd000000 + i, 0, 0, 0];
      for (let i = 0; shape === 'wide' && i < 1100; i++) writer.add(0, filler(i), 64, FOREIGN);
      assert.equal(new Int32Array(memory.roots)[0]! >= 0, shape === 'wide');
      writer.add(0, ip6('2001:db8::'), 32, 1);
      writer.add(0, ip6('::'), 0, 4);
      const checks: Check[] = [
        { table: 0, key: ip6('2001:db8:9::9'), allowed: [1] },
        { table: 0, key: ip6('2001:db8:1:2::3'), allowed: [1, 2] },
        { table: 0, key: ip6('2001:db8:1:2:aaaa:bbbb:cccc:7'), allowed: [1, 2, 3] },
        { table: 0, key: ip6('2001:db8:1:2:aaaa:bbbb:cccc:8'), allowed: [1, 2] },
        { table: 0, key: ip6('3000::1'), allowed: [4, 5] },
      ];
      const random = xorshift(seed);
      await run({ fib6: memory }, checks, 20_000, (i) => {
        // Another way through the same blocks and leaps, each time.
        const foreign: Ip6Words = [0x20010db8, 0x00010002, 0xaaaabbbb ^ (1 << (random() & 31)), random()];
        const changes = [
          () => writer.add(0, foreign, 128, FOREIGN),
          () => writer.add(0, ip6('2001:db8:1:2::'), 64, 2),
          () => writer.add(0, ip6('2001:db8:1:2:aaaa:bbbb:cccc:7'), 128, 3),
          () => writer.remove(0, ip6('2001:db8:1:2:aaaa:bbbb:cccc:7'), 128),
          () => writer.remove(0, ip6('2001:db8:1:2::'), 64),
          () => writer.remove(0, foreign, 128),
        ];
        for (let at = 0; at < changes.length; at++) changes[(at + (i % 5 === 0 ? i : 0)) % changes.length]!();
        if (i % 16 === 0) writer.add(0, ip6('::'), 0, i % 32 === 0 ? 5 : 4);
        writer.remove(0, foreign, 128);
      });
    });
  }

  it('a default route never answers for what a route held at every moment', async () => {
    const { epoch, run } = makeContest();
    const memory = allocateIp4FibMemory({ bytes: 64 << 20 });
    const writer = new Ip4FibWriter(memory, epoch);
    writer.createVrf(0);
    writer.add(0, 0, 0, 4);
    const held = ip('10.1.2.3');
    writer.add(0, held, 32, 1);
    const checks = [
      { table: 0, key: held, allowed: [1, 4] },
      { table: 0, key: ip('11.0.0.1'), allowed: [4, FOREIGN] },
    ];
    await run({ fib: memory }, checks, 50_000, () => {
      // While the default route is another, the address has a route of its own.
      writer.add(0, held, 32, 1);
      writer.add(0, 0, 0, FOREIGN);
      writer.add(0, 0, 0, 4);
      writer.remove(0, held, 32);
    });
  });

  it('a VRF that grows wide, goes and comes back never gives another VRF its answers', async () => {
    const { epoch, run } = makeContest();
    const memory = allocateIp4FibMemory({ bytes: 64 << 20 });
    const writer = new Ip4FibWriter(memory, epoch);
    const vrf = firstNarrowVrf({ writer, roots: new Int32Array(memory.roots) });
    const grow = (adjacency: number): void => {
      writer.add(vrf, ip('10.0.0.0'), 8, adjacency);
      for (let i = 0; i < 1100; i++) writer.add(vrf, (ip('20.0.0.0') + i * 0x1001) >>> 0, 28, FOREIGN);
    };
    const checks = [{ table: vrf, key: ip('10.1.2.3'), allowed: [0, 1, 2] }];
    await run({ fib: memory }, checks, 100, (i) => {
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
    const vrf = firstNarrowVrf({ writer, roots: new Int32Array(memory.roots) });
    const other = vrf + 1;
    const checks = [{ table: vrf, key: ip('10.1.2.3'), allowed: [0, 1] }];
    await run({ fib: memory }, checks, 20_000, () => {
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
    await run({ hash: buffer }, checks, 20_000, (i) => {
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

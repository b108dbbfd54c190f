import assert from 'node:assert/strict';
import { type Ip6Words, parseIp6 } from '@sluice/shared/net';
import { seed } from '@sluice/shared/test-support';
import { againstOracle } from './fib-model.js';
import { ip6Model, makeFib6, realisticRoutes, type Test6Fib } from './ip6-fib-model.js';
import { xorshift } from './random.js';

const ip = (text: string): Ip6Words => parseIp6(text)!;

/** Gives a VRF so many routes that it becomes wide, and takes them out again. */
function makeWide({ writer, roots, epoch }: Test6Fib, vrf: number): void {
  const host = (i: number): Ip6Words => [0xfd000000 + i, 0, 0, 0];
  let count = 0;
  for (; roots[vrf]! < 0; count++) writer.add(vrf, host(count), 64, 1);
  for (let i = 0; i < count; i++) writer.remove(vrf, host(i), 64);
  epoch.reclaim();
}

describe('ip6 fib', () => {
  it(`answers as a list of routes would, in a narrow VRF (seed ${seed})`, () => {
    const test = makeFib6();
    test.writer.createVrf(3);
    assert.ok(test.roots[3]! < 0);
    againstOracle(ip6Model, test, 3);
  });

  it(`answers as a list of routes would, in a wide VRF (seed ${seed})`, () => {
    const test = makeFib6();
    test.writer.createVrf(3);
    makeWide(test, 3);
    againstOracle(ip6Model, test, 3);
  });

  it('finds each prefix of one address, added and removed from either end', () => {
    const { writer, epoch, lookup } = makeFib6();
    writer.createVrf(0);
    const empty = writer.statistics();
    const address = ip('2001:db8:ffff:8001:8000:1:7fff:ffff');
    /** An address whose first bit that differs is the one behind `length`. */
    const leaving = (length: number): Ip6Words => {
      const words = [...address] as [number, number, number, number];
      words[length >>> 5] = (words[length >>> 5]! ^ (1 << (31 - (length & 31)))) >>> 0;
      return words;
    };
    const lengths = Array.from({ length: 129 }, (_, length) => length);
    const check = (present: Set<number>): void => {
      let longest = 0;
      for (const length of lengths) {
        if (present.has(length)) longest = length + 1;
        if (length < 128) assert.equal(lookup(0, leaving(length)), longest, `leaving behind ${length}`);
      }
      assert.equal(lookup(0, address), longest);
    };
    for (const order of [lengths, [...lengths].reverse(), lengths.map((length) => (length * 50) % 129)]) {
      const present = new Set<number>();
      for (const length of order) {
        writer.add(0, address, length, length + 1);
        check(present.add(length));
      }
      for (const length of order) {
        assert.equal(writer.remove(0, address, length), true);
        present.delete(length);
        check(present);
      }
      epoch.reclaim();
      assert.deepEqual(writer.statistics(), empty);
    }
  });

  it(`carries 200,000 routes like the internet's in less than 100 MB, and gives them back (seed ${seed})`, function () {
    this.timeout(120_000);
    const random = xorshift(seed);
    const { writer, epoch, lookup } = makeFib6({ bytes: 100 << 20 });
    writer.createVrf(0);
    const { addresses, lengths } = realisticRoutes(200_000, random);
    const at = (i: number): Ip6Words => [...addresses.subarray(4 * i, 4 * i + 4)] as unknown as Ip6Words;
    for (let i = 0; i < lengths.length; i++) writer.add(0, at(i), lengths[i]!, 1 + (i % 60_000));
    const { bytesUsed, routes } = writer.statistics();
    assert.ok(routes > 150_000, `${routes} different prefixes`);
    assert.ok(bytesUsed < 100e6, `${bytesUsed} bytes`);
    // The slow way: the routes of each length, from the longest.
    for (let i = 0; i < 20_000; i++) {
      const host = at(random() % lengths.length);
      const probe: Ip6Words = [host[0], host[1], random(), random()];
      let expected = 0;
      for (let length = 128; length >= 0 && expected === 0; length--) expected = writer.get(0, probe, length);
      assert.equal(lookup(0, probe), expected);
    }
    for (let i = 0; i < lengths.length; i++) writer.remove(0, at(i), lengths[i]!);
    epoch.reclaim();
    const { wideRoots, wideBlocks, narrowBlocks } = writer.statistics();
    assert.deepEqual([wideRoots, wideBlocks, narrowBlocks], [1, 0, 1]);
  });

  it(`carries 1000 VRFs of 100 routes in 64 MiB (seed ${seed})`, () => {
    const random = xorshift(seed);
    const { writer, lookup } = makeFib6({ bytes: 64 << 20 });
    for (let vrf = 0; vrf < 1000; vrf++) {
      writer.createVrf(vrf);
      for (let i = 0; i < 100; i++) {
        const length = [32, 48, 56, 64, 64, 127, 128, 128][i % 8]!;
        writer.add(vrf, [0x20010000 | (random() & 0xffff), random(), random(), random()], length, 1 + i);
      }
      assert.equal(lookup(vrf, ip('::1')), 0);
    }
    assert.ok(writer.statistics().bytesUsed < 64 << 20);
  });

  it('says when it is exhausted, loses nothing, and goes on when there is room again', () => {
    const { writer, epoch, lookup } = makeFib6({ bytes: 1 << 20 });
    writer.createVrf(0);
    writer.add(0, ip('::'), 0, 5);
    const empty = writer.statistics();
    const random = xorshift(1);
    const hosts: Ip6Words[] = [];
    const host = (): Ip6Words => [0x20010000 | (random() & 0xff), random(), random(), random()];
    let next = host();
    const fill = (): void => {
      for (; ; next = host()) {
        writer.add(0, next, 128, 10 + hosts.length);
        hosts.push(next);
      }
    };
    const exhausted = { code: 'exhausted', message: /all 1 MiB of IPv6 FIB memory are in use: give/ };
    const check = (): void => {
      for (const [i, address] of hosts.entries()) assert.equal(lookup(0, address), 10 + i);
      assert.equal(writer.routeCount(0), hosts.length + 1);
      assert.equal(lookup(0, ip('3000::')), 5);
    };
    assert.throws(fill, exhausted);
    epoch.reclaim();
    const full = writer.statistics();
    assert.throws(() => writer.add(0, next, 128, 1), exhausted);
    assert.deepEqual(writer.statistics(), full, 'a failed change keeps no block');
    check();
    writer.remove(0, hosts.pop()!, 128);
    assert.throws(fill, exhausted);
    check();
    for (const address of hosts) writer.remove(0, address, 128);
    // It may have become wide.
    writer.removeVrf(0);
    writer.createVrf(0);
    epoch.reclaim();
    assert.equal(writer.statistics().bytesUsed, empty.bytesUsed);
  });

  it('keeps VRFs apart, becomes wide with the same answers, and gives a removed VRF back whole', () => {
    const { writer, roots, epoch, lookup } = makeFib6();
    writer.createVrf(1);
    writer.createVrf(2);
    const empty = writer.statistics();
    writer.add(1, ip('::'), 0, 7);
    writer.add(2, ip('2001:db8::'), 32, 22);
    const network = (i: number): Ip6Words => [0x20010db8, i << 16, 0, 0];
    const answers = (): number[] =>
      Array.from({ length: 2000 }, (_, i) => lookup(1, [0x20010db8, (i << 16) | 5, 1, 1]));
    let routes = 0;
    let before: number[] = [];
    for (; roots[1]! < 0; routes++) {
      assert.ok(routes < 2000, 'stays narrow');
      before = answers();
      writer.add(1, network(routes), 48, 100 + routes);
    }
    const expected = (count: number): number[] =>
      Array.from({ length: 2000 }, (_, i) => (i < count ? 100 + i : 7));
    assert.deepEqual(before, expected(routes - 1));
    assert.deepEqual(answers(), expected(routes));
    assert.equal(lookup(2, ip('2001:db8::1')), 22);
    for (const vrf of [1, 2]) {
      writer.removeVrf(vrf);
      assert.equal(lookup(vrf, ip('2001:db8::1')), 0);
      writer.createVrf(vrf);
    }
    epoch.reclaim();
    assert.deepEqual(writer.statistics(), empty);
  });

  it('refuses prefix lengths beyond 128 by a sentence', () => {
    const { writer } = makeFib6();
    writer.createVrf(0);
    assert.throws(() => writer.add(0, ip('::'), 129, 1), /prefix length 129: it must be from 0 to 128/);
  });
});

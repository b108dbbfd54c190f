import assert from 'node:assert/strict';
import type { Ip6Words } from '@sluice/shared/net';
import { seed } from '@sluice/shared/test-support';
import { FibBuilder, type RouteArrays } from '../../src/tables/fib-builder.js';
import { Ip4Fib } from '../../src/tables/ip4-fib.js';
import { allocateIp4FibMemory } from '../../src/tables/ip4-fib-layout.js';
import { Ip4FibWriter } from '../../src/tables/ip4-fib-writer.js';
import { allocateIp6FibMemory } from '../../src/tables/ip6-fib-layout.js';
import { Ip6FibWriter } from '../../src/tables/ip6-fib-writer.js';
import { makeContest } from './concurrent.js';
import { firstNarrowVrf, makeFib } from './fib-model.js';
import { makeFib6, realisticRoutes } from './ip6-fib-model.js';
import { xorshift } from './random.js';

/** Routes like an internet table's: mostly /24, some up to /16, some hosts. */
function randomRoutes(count: number, random: () => number): RouteArrays {
  const routes = {
    addresses: new Uint32Array(count),
    lengths: new Uint8Array(count),
    adjacencies: new Uint32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const dice = random() % 100;
    routes.addresses[i] = random();
    routes.lengths[i] = dice < 60 ? 24 : dice < 95 ? 16 + (dice % 9) : dice < 99 ? 32 : dice % 16;
    routes.adjacencies[i] = 1 + (random() % 1000);
  }
  return routes;
}

function listOf(...routes: [address: number, length: number, adjacency: number][]): RouteArrays {
  return {
    addresses: Uint32Array.from(routes, (route) => route[0]),
    lengths: Uint8Array.from(routes, (route) => route[1]),
    adjacencies: Uint32Array.from(routes, (route) => route[2]),
  };
}

describe('fib builder', function () {
  this.timeout(120_000);
  let builder: FibBuilder;
  before(() => {
    builder = new FibBuilder();
  });
  after(() => builder.close());

  for (const [shape, count] of [
    ['wide', 50_000],
    ['narrow', 500],
  ] as const) {
    it(`builds a ${shape} table that answers as one made route by route (seed ${seed})`, async () => {
      const random = xorshift(seed);
      const routes = randomRoutes(count, random);
      const [built, made] = [makeFib(), makeFib()];
      const vrf = firstNarrowVrf(built);
      firstNarrowVrf(made);
      const statistics = await builder.load(built.writer, vrf, routes);
      for (let i = 0; i < count; i++) {
        made.writer.add(vrf, routes.addresses[i]!, routes.lengths[i]!, routes.adjacencies[i]!);
      }
      assert.equal(built.fib.roots[vrf]! < 0, shape === 'narrow');
      assert.deepEqual([...built.writer.routes(vrf)], [...made.writer.routes(vrf)]);
      assert.equal(statistics.routes, made.writer.routeCount(vrf));
      assert.equal(statistics.given, count);
      for (let i = 0; i < 100_000; i++) {
        const address = i % 2 === 0 ? random() : routes.addresses[random() % count]! ^ (random() & 0x1ff);
        assert.equal(built.fib.lookup(vrf, address), made.fib.lookup(vrf, address), `address ${address}`);
      }
      built.epoch.reclaim();
      made.epoch.reclaim();
      const { bytesFree: _, ...used } = built.writer.statistics();
      const { bytesFree: __, ...expected } = made.writer.statistics();
      assert.deepEqual(used, expected, 'the same blocks are in use');
      for (const { address, length } of [...built.writer.routes(vrf)])
        built.writer.remove(vrf, address, length);
      built.writer.removeVrf(vrf);
      built.epoch.reclaim();
      assert.equal(built.writer.statistics().narrowBlocks, 1);
    });
  }

  it(`builds an IPv6 table that answers as one made route by route (seed ${seed})`, async () => {
    const random = xorshift(seed);
    const count = 20_000;
    const routes = { ...realisticRoutes(count, random), adjacencies: new Uint32Array(count) };
    routes.lengths[0] = 0;
    const addressOf = (i: number): Ip6Words =>
      [...routes.addresses.subarray(4 * i, 4 * i + 4)] as unknown as Ip6Words;
    const [built, made] = [makeFib6(), makeFib6()];
    for (const { writer } of [built, made]) writer.createVrf(0);
    for (let i = 0; i < count; i++) {
      routes.adjacencies[i] = 1 + (random() % 1000);
      made.writer.add(0, addressOf(i), routes.lengths[i]!, routes.adjacencies[i]!);
    }
    const { routes: loaded } = await builder.load(built.writer, 0, routes);
    assert.equal(loaded, made.writer.routeCount(0));
    assert.ok(built.roots[0]! >= 0);
    assert.deepEqual([...built.writer.routes(0)], [...made.writer.routes(0)]);
    for (let i = 0; i < 100_000; i++) {
      const [w0, w1, w2, w3] = addressOf(random() % count);
      const probe: Ip6Words =
        i % 2 === 0 ? [w0, w1, w2, w3] : [w0, (w1 ^ (random() & 0x1fffff)) >>> 0, w2, random()];
      assert.equal(built.lookup(0, probe), made.lookup(0, probe), probe.join());
    }
    const blocks = ({ writer, epoch }: typeof built): number[] => {
      epoch.reclaim();
      const { wideRoots, wideBlocks, narrowBlocks } = writer.statistics();
      return [wideRoots, wideBlocks, narrowBlocks];
    };
    assert.deepEqual(blocks(built), blocks(made), 'the same blocks are in use');
  });

  it('replaces the routes that were there, and keeps what changed while it built', async () => {
    const { fib, writer, epoch } = makeFib();
    writer.createVrf(0);
    writer.createVrf(1);
    writer.add(0, 0x0a000000, 8, 1);
    writer.add(0, 0x14000000, 8, 2);
    const load = builder.load(
      writer,
      0,
      listOf([0x0a000000, 8, 10], [0x1e000000, 8, 30], [0x28000000, 8, 40], [0, 0, 99]),
    );
    await assert.rejects(builder.load(writer, 0, listOf([0, 0, 1])), { code: 'busy' });
    writer.add(0, 0x0a010000, 16, 11);
    writer.add(1, 0x0a010000, 16, 21);
    writer.remove(0, 0x1e000000, 8); // not there yet: no change
    writer.add(0, 0x28000000, 8, 41);
    writer.remove(0, 0x28000000, 8);
    assert.equal(fib.lookup(0, 0x0a010203), 11, 'takes effect at once');
    await load;
    const answers = [0x0a010203, 0x0a020304, 0x14010203, 0x1e010203, 0x28010203];
    assert.deepEqual(
      answers.map((address) => fib.lookup(0, address)),
      [11, 10, 99, 30, 99],
    );
    assert.equal(fib.lookup(1, 0x0a010203), 21);
    writer.removeVrf(0);
    writer.removeVrf(1);
    epoch.reclaim();
    assert.equal(writer.statistics().bytesUsed, 64);
  });

  it('gives a prefix that comes twice its last adjacency', async () => {
    const { fib, writer } = makeFib();
    writer.createVrf(0);
    const { routes } = await builder.load(writer, 0, listOf([0x0a000000, 8, 1], [0x0affffff, 8, 2]));
    assert.equal(routes, 1);
    assert.equal(fib.lookup(0, 0x0a000001), 2);
  });

  it('fails by a sentence, and leaves routes and memory as they were', async () => {
    const { fib, writer, epoch } = makeFib({ bytes: 2 << 20 });
    writer.createVrf(0);
    writer.add(0, 0x0a000000, 8, 1);
    epoch.reclaim();
    const before = writer.statistics();
    const check = (): void => {
      epoch.reclaim();
      assert.deepEqual(writer.statistics(), before);
      assert.equal(fib.lookup(0, 0x0a000001), 1);
    };
    const bad = builder.load(writer, 0, listOf([0, 8, 1], [0, 40, 1]));
    await assert.rejects(bad, { code: 'bad-route', message: /route 1 has prefix length 40/ });
    check();
    await assert.rejects(builder.load(writer, 0, listOf([0, 8, 0])), /route 0 has adjacency 0/);
    check();
    const unequal = { ...listOf([0, 8, 1]), lengths: new Uint8Array(2) };
    await assert.rejects(builder.load(writer, 0, unequal), { code: 'bad-route' });
    check();
    const many = randomRoutes(10_000, xorshift(1));
    await assert.rejects(builder.load(writer, 0, many), {
      code: 'exhausted',
      message: /ran out at route \d+/,
    });
    check();
    await assert.rejects(builder.load(writer, 5, many), { code: 'no-vrf' });
    check();
    await builder.load(writer, 0, listOf([0x0a000000, 8, 2]));
    assert.equal(fib.lookup(0, 0x0a000001), 2);
  });

  it('drops what it built for a VRF that was removed meanwhile', async () => {
    const { writer, epoch } = makeFib();
    const before = writer.statistics();
    writer.createVrf(0);
    const load = builder.load(writer, 0, listOf([0x0a000000, 8, 1], [0x0a010203, 32, 1]));
    writer.removeVrf(0);
    await assert.rejects(load, { code: 'no-vrf', message: /was removed while/ });
    epoch.reclaim();
    assert.deepEqual(writer.statistics(), before);
  });

  it(`loads a million IPv4 and 200,000 IPv6 routes under a reader, in bounded memory (seed ${seed})`, async () => {
    const { epoch, run } = makeContest();
    const random = xorshift(seed);
    const memory = allocateIp4FibMemory({ bytes: 512 << 20 });
    const memory6 = allocateIp6FibMemory({ bytes: 256 << 20 });
    const writer = new Ip4FibWriter(memory, epoch);
    const writer6 = new Ip6FibWriter(memory6, epoch);
    const four = randomRoutes(1_000_000, random);
    const six = { ...realisticRoutes(200_000, random), adjacencies: new Uint32Array(200_000).fill(9) };
    // Where the checks look, routes of the load would be right as well: these are none of theirs.
    for (let i = 0; i < four.lengths.length; i++) {
      if (four.addresses[i]! >>> 25 === 5) four.addresses[i]! ^= 0x40000000;
      four.lengths[i] = Math.max(four.lengths[i]!, 8);
    }
    const HOST6: Ip6Words = [0xfd000000, 0, 0, 1];
    for (const each of [writer, writer6]) each.createVrf(0);
    const keep = (i: number): void => {
      writer.add(0, 0x0a000000, 8, 1 + (i % 2));
      writer6.add(0, HOST6, 128, 3 + (i % 2));
      writer.add(0, 0, 0, 5);
      writer6.add(0, [0, 0, 0, 0], 0, 6);
    };
    keep(0);
    // What the VRF has and is to keep is part of the load.
    const last = four.lengths.length - 1;
    four.addresses.set([0x0a000000, 0], last - 1);
    four.lengths.set([8, 0], last - 1);
    four.adjacencies.set([1, 5], last - 1);
    six.addresses.set([...HOST6, 0, 0, 0, 0], 4 * 199_998);
    six.lengths.set([128, 0], 199_998);
    six.adjacencies.set([3, 6], 199_998);
    const checks = [
      { table: 0, key: 0x0a010203, allowed: [1, 2] },
      { table: 0, key: 0x0b010203, allowed: [5] },
      { table: 0, key: HOST6, allowed: [3, 4] },
      { table: 0, key: [0xfd000000, 0, 0, 2] as const, allowed: [6] },
    ];
    await run({ fib: memory, fib6: memory6 }, checks, 1, async () => {
      const loads = Promise.all([builder.load(writer, 0, four), builder.load(writer6, 0, six)]);
      let changes = 0;
      const timer = setInterval(() => keep(++changes), 1);
      try {
        const [loaded, loaded6] = await loads;
        assert.ok(loaded.routes > 900_000 && loaded6.routes > 150_000);
      } finally {
        clearInterval(timer);
      }
      assert.ok(changes > 0);
      epoch.reclaim();
    });
    epoch.reclaim();
    assert.ok(writer.statistics().bytesUsed < 160e6, `${writer.statistics().bytesUsed} bytes`);
    assert.ok(writer6.statistics().bytesUsed < 100e6, `${writer6.statistics().bytesUsed} bytes`);
  });

  it('publishes under a concurrent reader without a wrong next hop', async () => {
    const { epoch, run } = makeContest();
    const memory = allocateIp4FibMemory({ bytes: 64 << 20 });
    const writer = new Ip4FibWriter(memory, epoch);
    writer.createVrf(0);
    const tables = [1, 2].map((adjacency) =>
      listOf([0x0a000000, 8, adjacency], [0x0a010200, 24, adjacency + 2], [0x0a010203, 32, adjacency + 4]),
    );
    await builder.load(writer, 0, tables[0]!);
    assert.equal(new Ip4Fib(memory).lookup(0, 0x0a010203), 5);
    const checks = [
      { table: 0, key: 0x0a050505, allowed: [1, 2] },
      { table: 0, key: 0x0a010204, allowed: [3, 4] },
      { table: 0, key: 0x0a010203, allowed: [5, 6] },
    ];
    await run({ fib: memory }, checks, 100, async (i) => {
      await builder.load(writer, 0, tables[(i + 1) % 2]!);
      epoch.reclaim();
    });
  });
});

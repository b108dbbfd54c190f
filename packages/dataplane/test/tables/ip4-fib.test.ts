import assert from 'node:assert/strict';
import { parseIp4 } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { againstOracle, firstNarrowVrf, ip4Model, makeFib } from './fib-model.js';

const ip = (text: string): number => parseIp4(text)!;

describe('ip4 fib', () => {
  it(`answers as a list of routes would, in a wide VRF (seed ${seed})`, () => {
    const test = makeFib();
    test.writer.createVrf(3);
    assert.ok(test.fib.roots[3]! >= 0);
    againstOracle(ip4Model, test, 3);
  });

  it(`answers as a list of routes would, in a narrow VRF (seed ${seed})`, () => {
    const test = makeFib();
    againstOracle(ip4Model, test, firstNarrowVrf(test));
  });

  it('keeps VRFs apart, and has no route in one that does not exist', () => {
    const { fib, writer } = makeFib({ vrfs: 8 });
    writer.createVrf(1);
    writer.createVrf(2);
    writer.add(1, ip('10.0.0.0'), 8, 11);
    writer.add(2, ip('10.0.0.0'), 8, 22);
    assert.deepEqual(
      [0, 1, 2, 7].map((vrf) => fib.lookup(vrf, ip('10.1.1.1'))),
      [0, 11, 22, 0],
    );
    assert.equal(writer.removeVrf(1), true);
    assert.equal(writer.removeVrf(1), false);
    assert.equal(fib.lookup(1, ip('10.1.1.1')), 0);
    assert.equal(fib.lookup(2, ip('10.1.1.1')), 22);
  });

  it('gives the routes in prefix order, and ignores host bits', () => {
    const { fib, writer } = makeFib();
    writer.createVrf(0);
    writer.add(0, ip('192.0.2.77'), 24, 3);
    writer.add(0, ip('10.0.0.0'), 16, 2);
    writer.add(0, ip('10.0.0.0'), 8, 1);
    writer.add(0, 0, 0, 9);
    assert.deepEqual(
      [...writer.routes(0)],
      [
        { address: 0, length: 0, adjacency: 9 },
        { address: ip('10.0.0.0'), length: 8, adjacency: 1 },
        { address: ip('10.0.0.0'), length: 16, adjacency: 2 },
        { address: ip('192.0.2.0'), length: 24, adjacency: 3 },
      ],
    );
    assert.equal(writer.get(0, ip('192.0.2.1'), 24), 3);
    assert.equal(fib.lookup(0, ip('192.0.2.200')), 3);
    assert.equal(writer.remove(0, ip('192.0.2.200'), 24), true);
    assert.equal(fib.lookup(0, ip('192.0.2.200')), 9);
  });

  it('changes the default route of a large table by one store', () => {
    const { fib, writer } = makeFib();
    writer.createVrf(0);
    writer.add(0, ip('10.0.0.0'), 8, 1);
    const before = writer.statistics();
    for (const adjacency of [2, 3, 0xffffff]) {
      writer.add(0, 0, 0, adjacency);
      assert.deepEqual([fib.lookup(0, ip('9.9.9.9')), fib.lookup(0, ip('10.9.9.9'))], [adjacency, 1]);
    }
    // More often than its counter of changes has numbers.
    for (let i = 1; i <= 1000; i++) {
      writer.add(0, 0, 0, i);
      assert.equal(fib.lookup(0, ip('9.9.9.9')), i);
    }
    assert.equal(writer.remove(0, 0, 0), true);
    assert.equal(fib.lookup(0, ip('9.9.9.9')), 0);
    assert.deepEqual(writer.statistics(), before);
  });

  it('becomes wide when it has grown, with the same answers, and gives its narrow blocks back', () => {
    const test = makeFib();
    const { fib, writer, epoch } = test;
    const vrf = firstNarrowVrf(test);
    const answers = (): number[] => Array.from({ length: 3000 }, (_, i) => fib.lookup(vrf, i * 256 + 5));
    writer.add(vrf, 0, 0, 77);
    let routes = 0;
    let before: number[] = [];
    while (fib.roots[vrf]! < 0) {
      assert.ok(routes < 3000, 'stays narrow');
      before = answers();
      writer.add(vrf, routes * 256, 24, ++routes);
    }
    const after = answers();
    assert.ok(before.every((adjacency, i) => adjacency === (i < routes - 1 ? i + 1 : 77)));
    assert.ok(after.every((adjacency, i) => adjacency === (i < routes ? i + 1 : 77)));
    epoch.reclaim();
    assert.equal(writer.statistics().narrowBlocks, 1, 'all but the one that stands for no route');
  });

  it('refuses bad routes and VRFs by a sentence, and changes nothing', () => {
    const { writer } = makeFib({ vrfs: 4 });
    writer.createVrf(0);
    const before = writer.statistics();
    const code = (expected: string) => ({ name: 'FibError', code: expected });
    assert.throws(() => writer.add(0, 0, 33, 1), code('bad-route'));
    assert.throws(() => writer.add(0, 0, -1, 1), code('bad-route'));
    assert.throws(() => writer.add(0, 0, 8, 0), code('bad-route'));
    assert.throws(() => writer.add(0, 0, 8, 2 ** 24), code('bad-route'));
    assert.throws(() => writer.add(1, 0, 8, 1), /VRF 1 does not exist in the FIB: create it first/);
    assert.throws(() => writer.remove(1, 0, 8), code('no-vrf'));
    assert.throws(() => writer.createVrf(0), code('vrf-exists'));
    assert.throws(() => writer.createVrf(4), /room for 0 to 3/);
    assert.deepEqual(writer.statistics(), before);
  });
});

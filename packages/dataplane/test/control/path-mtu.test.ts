import assert from 'node:assert/strict';
import { PathMtus } from '../../src/control/path-mtu.js';

const TEN_MINUTES = 600_000;

describe('path MTUs of tunnels', () => {
  it('go down with what is told, and stay there when less narrow is told', () => {
    const paths = new PathMtus();
    assert.equal(paths.of(3), null);
    assert.equal(paths.learn(3, 4, 1400, 1500, 0), true);
    assert.equal(paths.of(3), 1400);
    assert.equal(paths.of(4), null);
    assert.equal(paths.learn(3, 4, 1300, 1400, 1), true);
    assert.equal(paths.learn(3, 4, 1350, 1400, 2), false);
    assert.equal(paths.learn(3, 4, 1300, 1400, 3), false);
    assert.equal(paths.of(3), 1300);
  });

  it('never go under what every host takes', () => {
    const paths = new PathMtus();
    paths.learn(1, 4, 68, 1500, 0);
    paths.learn(2, 6, 68, 1500, 0);
    assert.deepEqual([paths.of(1), paths.of(2)], [576, 1280]);
  });

  const plateaus: [number, number][] = [
    [9000, 8166],
    [1500, 1492],
    [1492, 1006],
    [1006, 576],
    [576, 576],
    [65_535, 32_000],
  ];
  for (const [length, expected] of plateaus) {
    it(`of a router that tells none are the next plateau: ${length} to ${expected}`, () => {
      const paths = new PathMtus();
      paths.learn(1, 4, 0, length, 0);
      assert.equal(paths.of(1), expected);
    });
  }

  it('are forgotten after ten minutes without being told again', () => {
    const paths = new PathMtus();
    paths.learn(1, 4, 1400, 1500, 0);
    paths.learn(2, 4, 1300, 1500, 1000);
    assert.equal(paths.tick(TEN_MINUTES - 1), false);
    paths.learn(1, 4, 1400, 1500, 5000);
    assert.equal(paths.tick(TEN_MINUTES + 4999), true);
    assert.deepEqual([paths.of(1), paths.of(2)], [1400, null]);
    assert.equal(paths.tick(TEN_MINUTES + 5000), true);
    assert.equal(paths.of(1), null);
    assert.equal(paths.tick(TEN_MINUTES * 9), false);
  });

  it('go with their tunnel', () => {
    const paths = new PathMtus();
    paths.learn(1, 4, 1400, 1500, 0);
    paths.forget(1);
    assert.equal(paths.of(1), null);
  });
});

import assert from 'node:assert/strict';
import { SA_SELECTORS } from '../../src/tables/security-associations.js';
import { runCount, runFirst, SELECTOR_WORDS } from '../../src/tables/selectors.js';
import { IN, SaBench } from './support/sa-bench.js';

describe('traffic selectors of security associations', () => {
  let bench: SaBench;
  beforeEach(() => {
    bench = new SaBench();
  });
  afterEach(() => bench.close());

  const anyPort: [number, number] = [0, 65_535];
  const net = {
    src: '10.2.0.0/16',
    dst: '10.1.3.7/32',
    protocol: 6,
    src_ports: anyPort,
    dst_ports: anyPort,
  };
  const six = { src: '2001:db8:2::/48', dst: '::/0', protocol: 0, src_ports: anyPort, dst_ports: anyPort };
  const run = (): number => bench.word(bench.lookup(IN), SA_SELECTORS);
  const row = (index: number): number[] => {
    const at = (runFirst(run()) + index) * SELECTOR_WORDS;
    return [...bench.table.selectors.subarray(at, at + SELECTOR_WORDS)].map((word) => word >>> 0);
  };

  it('are a run of rows, and change as a whole', () => {
    bench.install(IN, 'in');
    assert.equal(run(), 0);
    bench.install(IN, 'in', 10, { selectors: [net, six] });
    assert.equal(runCount(run()), 2);
    assert.deepEqual(row(0).slice(0, 8), [4, 0, 6, 0, 65_535, 0, 65_535, 0]);
    assert.deepEqual(
      [8, 12, 16, 20].map((word) => row(0)[word]),
      [0x0a020000, 0xffff0000, 0x0a010307, 0xffffffff],
    );
    assert.deepEqual(row(1).slice(0, 3), [6, 1, 0]);
    assert.deepEqual(row(1).slice(8, 16), [0x20010db8, 0x00020000, 0, 0, 0xffffffff, 0xffff0000, 0, 0]);
    assert.deepEqual(row(1).slice(16, 24), [0, 0, 0, 0, 0, 0, 0, 0]);
    bench.install(IN, 'in', 20, { selectors: null });
    assert.equal(run(), 0);
  });

  it('are used again for another SA only when no worker reads them any more', () => {
    bench.install(IN, 'in', 0, { selectors: [net] });
    const first = run();
    bench.install(IN, 'in', 10, { selectors: [six] });
    assert.notEqual(run(), first);
    bench.reclaim();
    bench.install(IN, 'in', 20, { selectors: [net] });
    assert.equal(run(), first);
  });

  it('leave the SA as it was when they cannot be', () => {
    bench.install(IN, 'in', 0, { selectors: [net] });
    const before = run();
    const wrong = [[{ ...net, src: '::/0' }], [{ ...net, src: 'nonsense' }], []];
    for (const selectors of wrong) {
      assert.throws(
        () => bench.install(IN, 'in', 30, { selectors }),
        /of two prefixes of one family|from 1 to 255/,
      );
      assert.throws(() => bench.install(IN + 1, 'in', 30, { selectors }));
    }
    assert.deepEqual([run(), bench.lookup(IN + 1), bench.sas.size], [before, -1, 1]);
  });
});

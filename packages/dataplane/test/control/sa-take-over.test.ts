import assert from 'node:assert/strict';
import { IN, OUT, PEER, SaBench } from './support/sa-bench.js';

describe('take-over after a rekey', () => {
  let bench: SaBench;
  beforeEach(() => {
    bench = new SaBench();
    bench.install(IN, 'in', 0);
    bench.install(OUT, 'out', 0);
    bench.install(IN + 1, 'in', 5000);
    bench.install(OUT + 1, 'out', 5000);
  });
  afterEach(() => bench.close());

  it('waits while nothing shows that the peer has the new SA, for a second at most', () => {
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(5999);
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(6000);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('happens when the inbound twin has proved that the peer has it', () => {
    bench.prove(IN);
    bench.sas.tick(5050);
    assert.equal(bench.activeSpi, OUT, 'the old inbound SA proves nothing');
    bench.prove(IN + 1);
    bench.sas.tick(5100);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  for (const end of ['src', 'dst'] as const) {
    it(`happens at once when its ${end} is another address`, () => {
      bench.install(OUT + 2, 'out', 5001, { [end]: '198.51.100.200' });
      assert.equal(bench.activeSpi, OUT + 2);
    });
  }

  it('happens at once when the old SA is removed', () => {
    bench.sas.remove({ dst: PEER, spi: OUT }, 5001);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('goes back to the old SA when the new one is removed first', () => {
    bench.sas.tick(6000);
    bench.sas.remove({ dst: PEER, spi: OUT + 1 }, 6001);
    assert.equal(bench.activeSpi, OUT);
    bench.sas.remove({ dst: PEER, spi: OUT }, 6002);
    assert.equal(bench.active, 0);
  });

  it('is of the newest, when a third came before the second took over', () => {
    bench.install(OUT + 2, 'out', 5500);
    bench.sas.tick(6000);
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(6500);
    assert.equal(bench.activeSpi, OUT + 2);
  });

  it('says which is active', () => {
    const active = bench.sas.reports().filter((sa) => sa.direction === 'out' && sa.active);
    assert.deepEqual(
      active.map((sa) => sa.spi),
      [OUT],
    );
  });
});

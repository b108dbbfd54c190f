import assert from 'node:assert/strict';
import { IN, LOCAL, OUT, PEER, SaBench } from './support/sa-bench.js';

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

  it('waits while nothing shows that the peer has the new SA, for a second while the peer is silent', () => {
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(5999);
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(6000);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('happens when the inbound twin has proved that the peer has it', () => {
    bench.hear(IN);
    bench.sas.tick(5050);
    assert.equal(bench.activeSpi, OUT, 'the old inbound SA proves nothing');
    bench.hear(IN + 1);
    bench.sas.tick(5100);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('waits for as long as the peer sends by the old SA, and for ten seconds of silence after that', () => {
    for (let now = 5500; now <= 60_000; now += 500) {
      bench.hear(IN);
      bench.sas.tick(now);
      assert.equal(bench.activeSpi, OUT, `${now}`);
    }
    bench.sas.tick(69_999);
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(70_000);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('follows a peer that has sent by the old SA for long when it goes over', () => {
    bench.hear(IN);
    bench.sas.tick(30_000);
    bench.hear(IN + 1);
    bench.sas.tick(30_050);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('does not take what came before the new SA for a sign of the peer', () => {
    bench.hear(IN);
    bench.sas.tick(5050);
    bench.install(OUT + 2, 'out', 5500);
    bench.sas.tick(6499);
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(6500);
    assert.equal(bench.activeSpi, OUT + 2);
  });

  it('takes packets of another address for no sign of the peer', () => {
    bench.install(IN + 2, 'in', 5001, { src: '198.51.100.200' });
    bench.hear(IN + 2);
    bench.sas.tick(5100);
    assert.equal(bench.activeSpi, OUT);
    bench.sas.tick(6000);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('knows the new pair by its order when all came in one millisecond, as after a restart', () => {
    for (const spi of [OUT, OUT + 1]) bench.sas.remove({ dst: PEER, spi }, 7000);
    for (const spi of [IN, IN + 1]) bench.sas.remove({ dst: LOCAL, spi }, 7000);
    for (const spi of [IN, OUT, IN + 1, OUT + 1]) bench.install(spi, spi < OUT ? 'in' : 'out', 7000);
    bench.hear(IN);
    bench.sas.tick(7050);
    assert.equal(bench.activeSpi, OUT);
    bench.hear(IN + 1);
    bench.sas.tick(7100);
    assert.equal(bench.activeSpi, OUT + 1);
  });

  it('happens at once when the old SA has no sequence number left', () => {
    bench.hear(IN);
    bench.use(OUT, 2 ** 32 - 1);
    bench.sas.tick(5050);
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

import assert from 'node:assert/strict';
import {
  SA_COUNTERS_SHIFT,
  SA_DST,
  SA_FREE,
  SA_INBOUND,
  SA_INTERFACE,
  SA_OUTBOUND,
  SA_OUTER_VRF,
  SA_PACKETS,
  SA_SRC,
  SA_STATE,
  SA_UDP_DST,
  SA_UDP_SRC,
  SA_WINDOW,
  SA_WORKER,
} from '../../src/tables/security-associations.js';
import { IF_ID, IN, LOCAL, OUT, PEER, SaBench, spec, TUNNEL } from './support/sa-bench.js';

const LAST_32 = 2 ** 32 - 1;

describe('security associations', () => {
  let bench: SaBench;
  beforeEach(() => {
    bench = new SaBench();
  });
  afterEach(() => bench.close());

  it('installs a pair: received packets find it by SPI, the tunnel sends by it', () => {
    bench.install(IN, 'in');
    bench.install(OUT, 'out', 0, { encap: { src_port: 4500, dst_port: 61000 } });
    const [inbound, outbound] = [bench.lookup(IN), bench.active];
    assert.equal(bench.word(inbound, SA_STATE), SA_INBOUND);
    assert.equal(bench.word(inbound, SA_INTERFACE), TUNNEL.row);
    assert.equal(bench.word(inbound, SA_WINDOW), 64);
    assert.equal(bench.word(outbound, SA_STATE), SA_OUTBOUND);
    assert.equal(bench.word(outbound, SA_OUTER_VRF), TUNNEL.outerVrf);
    assert.equal(bench.word(outbound, SA_SRC) >>> 0, 0xc0000201);
    assert.equal(bench.word(outbound, SA_DST) >>> 0, 0xc6336401);
    assert.deepEqual([bench.word(outbound, SA_UDP_SRC), bench.word(outbound, SA_UDP_DST)], [4500, 61000]);
    assert.equal(bench.lookup(OUT), -1);
    assert.ok(bench.hasKey(inbound) && bench.hasKey(outbound));
    assert.notEqual(bench.word(inbound, SA_WORKER), bench.word(outbound, SA_WORKER), 'workers share the SAs');
    const shown = JSON.stringify(bench.sas.reports());
    assert.ok(!shown.includes('key_hex') && !shown.includes(spec(IN, 'in').crypto.key_hex));
  });

  it('changes addresses and ports in place, and counts on', () => {
    bench.install(OUT, 'out');
    const row = bench.active;
    bench.use(OUT, 500);
    bench.install(OUT, 'out', 10, { src: '192.0.2.77', encap: { src_port: 4500, dst_port: 4500 } });
    assert.equal(bench.active, row);
    assert.equal(bench.sas.size, 1);
    assert.equal(bench.word(row, SA_SRC) >>> 0, 0xc000024d);
    assert.equal(bench.word(row, SA_UDP_DST), 4500);
    assert.equal(bench.sas.counters({ dst: PEER, spi: OUT })?.sequence, 500);
  });

  it('refuses to make another SA of one that is there', () => {
    bench.install(OUT, 'out');
    const other = { ...spec(OUT, 'out').crypto, key_hex: 'ff'.repeat(20) };
    for (const change of [{ crypto: other }, { if_id: IF_ID + 1 }, { esn: true }]) {
      assert.throws(() => bench.install(OUT, 'out', 0, change), /remove it first/);
    }
    bench.sas.remove({ dst: PEER, spi: OUT }, 0);
    assert.equal(bench.active, 0);
  });

  it('keeps two SAs of one SPI at two of its addresses apart', () => {
    const other = '192.0.2.9';
    bench.install(IN, 'in');
    bench.install(IN, 'in', 0, { dst: other });
    const rows = [bench.lookup(IN), bench.lookup(IN, other)];
    assert.notEqual(rows[0], rows[1]);
    bench.sas.remove({ dst: other, spi: IN }, 0);
    assert.deepEqual([bench.lookup(IN), bench.lookup(IN, other)], [rows[0], -1]);
  });

  it('installs nothing when the journal cannot be written, and all of it at the next attempt', () => {
    bench.journal.watch = () => {
      throw new Error('ENOSPC');
    };
    assert.throws(() => bench.install(OUT, 'out'), /ENOSPC/);
    assert.deepEqual([bench.sas.size, bench.active], [0, 0]);
    bench.journal.watch = () => undefined;
    bench.install(OUT, 'out', 10);
    assert.equal(bench.activeSpi, OUT);
    assert.equal(bench.word(bench.active, SA_STATE), SA_OUTBOUND);
    assert.ok(bench.hasKey(bench.active));
  });

  it('removes an SA: counters come back, and its key goes when no worker can use it', () => {
    bench.install(IN, 'in');
    const row = bench.lookup(IN);
    bench.table.counters[(row << SA_COUNTERS_SHIFT) + SA_PACKETS] = 9;
    assert.equal(bench.sas.remove({ dst: LOCAL, spi: IN }, 0)?.packets, 9);
    assert.equal(bench.lookup(IN), -1);
    assert.equal(bench.word(row, SA_STATE), SA_FREE);
    assert.ok(bench.hasKey(row), 'a worker may be opening a packet with it');
    bench.reclaim();
    assert.ok(!bench.hasKey(row));
    assert.equal(bench.sas.remove({ dst: LOCAL, spi: IN }, 0), null);
    assert.equal(bench.sas.counters({ dst: LOCAL, spi: IN }), null);
    bench.install(IN + 1, 'in');
    assert.notEqual(bench.lookup(IN + 1), row, 'a row is used again as late as possible');
  });

  it('finds SAs of IPv6 by their whole destination, and shows their algorithms and that numbers ran out', () => {
    const [local, peer] = ['2001:db8::1', '2001:db8::2'];
    bench.install(IN, 'in', 0, { src: peer, dst: local });
    bench.install(OUT, 'out', 0, { src: local, dst: '2001:DB8:0:0::2', start_sequence: LAST_32 });
    assert.equal(bench.word(bench.lookup(IN, local), SA_STATE), SA_INBOUND);
    assert.deepEqual(
      bench.sas.reports().map(({ direction, algorithm, exhausted }) => [direction, algorithm, exhausted]),
      [
        ['in', 'aes-gcm-128/16', false],
        ['out', 'aes-gcm-128/16', true],
      ],
    );
    assert.equal(
      bench.sas.counters({ dst: peer, spi: OUT })?.sequence,
      LAST_32,
      'in any spelling of the address',
    );
    assert.equal(bench.sas.remove({ dst: local, spi: IN }, 0)?.packets, 0);
    assert.equal(bench.lookup(IN, local), -1);
  });
});

// Numbers follow the packets, and none is used twice.
import assert from 'node:assert/strict';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { espOpen } from '../../support/esp.js';
import { espSequences, toRemote } from '../../support/esp-site.js';
import { viewOf } from '../../support/packets.js';
import { HOST, REMOTE_HOST, SPI_OUT, saOf, siteWithTunnel } from '../../support/site.js';

export function sequenceNumbers(): void {
  describe('sequence numbers', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    it('numbers the packets of a vector in their order', () => {
      bench.pushIp('lan', ...Array.from({ length: 300 }, (_, id) => toRemote({ id })));
      bench.run();
      const outer = bench.sentIp('wan');
      const opened = outer.map((packet) => espOpen(saOf(SPI_OUT), packet.subarray(20)));
      assert.deepEqual(
        opened.map(({ sequence, inner }) => [Number(sequence), viewOf(inner).getUint16(4)]),
        Array.from({ length: 300 }, (_, i) => [i + 1, i]),
      );
      bench.expect({});
    });

    const limits: [string, boolean, [number, number], [number, number], number][] = [
      ['the last number of 32 bits', false, [0, 0xfffffffe], [0, 0xffffffff], 1],
      ['a reservation in the middle', false, [0, 997], [0, 1000], 3],
      ['nothing reserved', false, [0, 0], [0, 0], 0],
      ['a reservation that is behind', false, [0, 1000], [0, 10], 0],
      ['extended numbers across 2^32', true, [0, 0xfffffffe], [1, 2], 4],
      ['the last number of 64 bits', true, [0xffffffff, 0xfffffffd], [0xffffffff, 0xffffffff], 2],
    ];
    for (const [what, esn, last, limit, sent] of limits) {
      it(`stops at the limit and reuses no number: ${what}`, () => {
        bench.close();
        bench = siteWithTunnel({ esn });
        const { words, counters } = bench.control.sa('tun out');
        [words[SA.SA_SEQ_HIGH], words[SA.SA_SEQ_LOW]] = last;
        [words[SA.SA_LIMIT_HIGH], words[SA.SA_LIMIT_LOW]] = limit;
        const first = (BigInt(last[0]) << 32n) + BigInt(last[1]) + 1n;
        for (const count of [sent + 2, 5]) {
          bench.pushIp('lan', ...Array.from({ length: count }, () => toRemote()));
          bench.run();
        }
        const sa = saOf(SPI_OUT, { esn });
        const numbers = bench.sentIp('wan').map((outer) => {
          const esp = outer.subarray(20);
          const iv = viewOf(esp).getBigUint64(8);
          return espOpen(sa, esp, Number(iv >> 32n)).sequence;
        });
        assert.deepEqual(
          numbers,
          Array.from({ length: sent }, (_, i) => first + BigInt(i)),
        );
        assert.equal(counters[SA.SA_EXHAUSTED], 7);
        bench.expect({ 'esp-encrypt/sequence_exhausted': 7 });
      });
    }

    it('goes on where it stopped when more numbers are reserved', () => {
      const { words } = bench.control.sa('tun out');
      words[SA.SA_LIMIT_LOW] = 2;
      bench.pushIp('lan', toRemote(), toRemote(), toRemote());
      bench.run();
      assert.deepEqual(espSequences(bench.sentIp('wan')), [1, 2]);
      words[SA.SA_LIMIT_LOW] = 4;
      bench.pushIp('lan', toRemote(), toRemote(), toRemote());
      bench.run();
      assert.deepEqual(espSequences(bench.sentIp('wan')), [3, 4]);
      bench.expect({ 'esp-encrypt/sequence_exhausted': 2 });
    });

    it('tells of numbers that ran out, at a bounded rate, and counts the rest', () => {
      bench.control.sa('tun out').words[SA.SA_LIMIT_LOW] = 0;
      bench.pushIp('lan', ...Array.from({ length: 100 }, () => toRemote()));
      bench.run();
      const audits = bench.audits();
      assert.deepEqual(audits[0], {
        kind: 'refused',
        at_ms: bench.now,
        reason: 'sequence_exhausted',
        spi: SPI_OUT,
        sequence: 0,
        interface: 'tun',
        outer: null,
        flow_label: null,
        inner: { src: HOST, dst: REMOTE_HOST, protocol: 253, src_port: null, dst_port: null },
      });
      assert.deepEqual(audits[20], { kind: 'suppressed', at_ms: bench.now, count: 80 });
      assert.equal(audits.length, 21);
      bench.expect({ 'esp-encrypt/sequence_exhausted': 100 });
    });
  });
}

// SAs that another worker seals by.
import assert from 'node:assert/strict';
import type { Bench } from '../../support/bench.js';
import { espOpen } from '../../support/esp.js';
import { toRemote } from '../../support/esp-site.js';
import { viewOf } from '../../support/packets.js';
import { SPI_OUT, saOf, siteWithTunnel, tunnelTo } from '../../support/site.js';

export function otherWorker(): void {
  describe('with SAs of another worker', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    const twoWorkers = (frames = 4096): Bench =>
      siteWithTunnel({}, { workers: 2, frames, tunnels: [tunnelTo({}, { workerOut: 1 })] });

    it('hands over, and the numbers follow the order of the packets', () => {
      bench.close();
      bench = twoWorkers();
      bench.pushIp('lan', ...Array.from({ length: 600 }, (_, id) => toRemote({ id })));
      bench.run();
      const opened = bench.sentIp('wan').map((outer) => espOpen(saOf(SPI_OUT), outer.subarray(20)));
      assert.deepEqual(
        opened.map(({ sequence, inner }) => [Number(sequence), viewOf(inner).getUint16(4)]),
        Array.from({ length: 600 }, (_, i) => [i + 1, i]),
      );
      assert.equal(bench.forwarders[1]!.counters.interfaces[(bench.row('tun') << 3) + 2], 600);
      bench.expect({ 'esp-encrypt/handed_over': 600 });
    });

    it("drops when the other's ring is full", () => {
      bench.close();
      bench = twoWorkers(8192);
      for (let i = 0; i < 9; i++) {
        bench.pushIp('lan', ...new Array<Uint8Array>(500).fill(toRemote()));
        while (bench.forwarders[0]!.round() > 0);
      }
      let sent = 0;
      for (let i = 0; i < 6; i++) {
        bench.run();
        sent += bench.sent('wan').length;
      }
      assert.equal(sent, 4096);
      bench.expect({ 'esp-encrypt/handed_over': 4096, 'esp-encrypt/worker_busy': 404 });
    });
  });
}

// The replay window, and extended sequence numbers.
import assert from 'node:assert/strict';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { espSeal } from '../../support/esp.js';
import { fromPeer, fromRemote } from '../../support/esp-site.js';
import { SPI_IN, saOf, siteWithTunnel } from '../../support/site.js';

export function antiReplay(): void {
  describe('anti-replay', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    const send = (...numbers: number[]): number[] => {
      bench.pushIp(
        'wan',
        ...numbers.map((number) =>
          fromPeer(espSeal(saOf(SPI_IN), { sequence: BigInt(number), inner: fromRemote(20, number) })),
        ),
      );
      bench.run();
      return bench.sentIp('lan').map((packet) => (packet[4]! << 8) | packet[5]!);
    };
    const cases: [string, number[][], number[], number][] = [
      ['in order', [[1, 2, 3]], [1, 2, 3], 0],
      ['0 is never sent', [[0]], [], 1],
      ['twice, one after the other', [[1], [1]], [1], 1],
      ['twice in one vector', [[7, 7, 7]], [7], 2],
      ['out of order within the window', [[64], [1, 63, 2]], [64, 1, 63, 2], 0],
      ['the bottom edge of the window', [[65], [2, 1]], [65, 2], 1],
      ['a jump by the window less one keeps the oldest', [[1], [64], [1]], [1, 64], 1],
      ['a jump by the window', [[1], [65], [1, 2]], [1, 65, 2], 1],
      ['a far jump', [[1], [1000], [936, 937, 1000, 999]], [1, 1000, 937, 999], 2],
      ['a far jump forgets what stood in its place', [[40], [168], [104, 105]], [40, 168, 105], 1],
      ['a jump within one vector ages what follows it', [[1, 500, 2, 437, 436]], [1, 500, 437], 2],
    ];
    for (const [what, vectors, passed, replayed] of cases) {
      it(what, () => {
        assert.deepEqual(
          vectors.flatMap((numbers) => send(...numbers)),
          passed,
        );
        assert.equal(bench.control.sa('tun in').counters[SA.SA_REPLAYED], replayed);
        bench.expect(replayed === 0 ? {} : { 'esp-decrypt/replayed': replayed });
      });
    }

    it('takes everything when the SA has no window', () => {
      bench.control.sa('tun in').words[SA.SA_WINDOW] = 0;
      assert.deepEqual(send(5, 5, 1, 0), [5, 5, 1, 0]);
      bench.expect({});
    });

    it('infers the high half of extended numbers across 2^32', () => {
      bench.close();
      bench = siteWithTunnel({ esn: true });
      const { words } = bench.control.sa('tun in');
      words[SA.SA_SEQ_LOW] = 0xfffffff0;
      words[SA.SA_SEQ_HIGH] = 6;
      const base = (6n << 32n) + 0xfffffff0n;
      const pass = (...offsets: number[]): number[] => {
        const sa = saOf(SPI_IN, { esn: true });
        const seal = (offset: number): Uint8Array =>
          fromPeer(espSeal(sa, { sequence: base + BigInt(offset), inner: fromRemote(20, offset & 0xffff) }));
        bench.pushIp('wan', ...offsets.map(seal));
        bench.run();
        return bench.sentIp('lan').map((packet) => ((packet[4]! << 24) >> 16) | packet[5]!);
      };
      assert.deepEqual(pass(1, 14, 20, 15, 16, 3), [1, 14, 20, 15, 16, 3]);
      assert.deepEqual([words[SA.SA_SEQ_HIGH], words[SA.SA_SEQ_LOW]], [7, 4]);
      assert.deepEqual(pass(-43, 15, 14), [-43], 'the window reaches back over 2^32');
      bench.expect({ 'esp-decrypt/replayed': 2 });
    });
  });
}

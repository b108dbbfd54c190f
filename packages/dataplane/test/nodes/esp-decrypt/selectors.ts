// Traffic selectors of an inbound SA.
import assert from 'node:assert/strict';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { fromRemote, sealer } from '../../support/esp-site.js';
import { siteWithTunnel } from '../../support/site.js';

export function selectors(): void {
  describe('with traffic selectors', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());
    const sealed = sealer();

    const anyPort: [number, number] = [0, 65_535];
    const covers = {
      src: '10.2.0.0/24',
      dst: '10.1.0.0/24',
      protocol: 0,
      src_ports: anyPort,
      dst_ports: anyPort,
    };
    const elsewhere = { ...covers, src: '203.0.113.0/24' };
    const restrict = (...selectors: (typeof covers)[]): void => {
      bench.control.sa('tun in').words[SA.SA_SELECTORS] = bench.control.selectors.add(selectors);
    };
    const protocol = fromRemote(60)[9]!;
    const cases: [string, (typeof covers)[], boolean][] = [
      ['that covers it', [covers], true],
      ['of its protocol', [{ ...covers, protocol }], true],
      ['of another protocol', [{ ...covers, protocol: protocol + 1 }], false],
      ['of another source', [elsewhere], false],
      ['of another destination', [{ ...covers, dst: '203.0.113.0/24' }], false],
      ['of IPv6', [{ ...covers, src: '::/0', dst: '::/0' }], false],
      ['the last of which covers it', [elsewhere, { ...covers, protocol: 6 }, covers], true],
    ];
    for (const [what, selectors, passes] of cases) {
      it(`${what}: ${passes ? 'passes' : 'is dropped, counted and told'}`, () => {
        restrict(...selectors);
        bench.pushIp('wan', sealed());
        bench.run();
        assert.equal(bench.sent('lan').length, passes ? 1 : 0);
        assert.equal(bench.control.sa('tun in').counters[SA.SA_REFUSED], passes ? 0 : 1);
        bench.expect(passes ? {} : { 'esp-decrypt/outside_selector': 1 });
      });
    }

    it('still has a packet that is too short for addresses refused by its header', () => {
      restrict(elsewhere);
      bench.pushIp('wan', sealed({ inner: fromRemote(60).subarray(0, 19) }));
      bench.run();
      bench.expect({ 'ip4-input/truncated': 1 });
    });
  });
}

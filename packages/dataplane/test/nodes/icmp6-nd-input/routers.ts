// Router advertisements, router solicitations and redirects.
import assert from 'node:assert/strict';
import { HEARD_HOST, HEARD_ROUTER } from '../../../src/tables/neighbour-records.js';
import { RECORD_HEARD } from '../../../src/workers/shared-memory.js';
import type { Bench } from '../../support/bench.js';
import { linkOption, ndFrame } from '../../support/nd.js';
import { fromRouter, ROUTER_LINK, told } from '../../support/nd-link.js';
import { pattern } from '../../support/packets.js';
import { icmp6 } from '../../support/packets6.js';
import { HOST_MAC, HOST6_LINK, LAN6, site6 } from '../../support/site.js';

const SOLICITATION = icmp6({
  src: HOST6_LINK,
  dst: 'ff02::2',
  hopLimit: 255,
  type: 133,
  body: linkOption(1, HOST_MAC),
});

export function routers(): void {
  describe('routers', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = site6();
    });
    afterEach(() => bench.close());

    it('gives a router advertisement to the control side, where it was asked for', () => {
      bench.push('lan', fromRouter());
      bench.run();
      assert.deepEqual(bench.records(), []);
      bench.expect({ 'icmp6-nd-input/router_not_asked': 1 });

      bench.control.interfaces.acceptRa[bench.row('lan')] = 1;
      bench.push('lan', fromRouter());
      bench.run();
      bench.moved();
      assert.deepEqual(bench.records(), [told(bench, RECORD_HEARD, HEARD_ROUTER, ROUTER_LINK, HOST_MAC)]);
      assert.deepEqual(bench.given, [fromRouter()]);
      assert.equal(bench.interface('lan').drops, 2);
      bench.push('lan', fromRouter());
      bench.run();
      assert.equal(bench.records().length, 1);
      bench.expect({ 'icmp6-nd-input/router_heard': 1 });
    });

    it('looks at so many router advertisements of one link', () => {
      bench.control.interfaces.acceptRa[bench.row('lan')] = 1;
      bench.push('lan', ...new Array<Uint8Array>(25).fill(fromRouter({ options: new Uint8Array() })));
      bench.run();
      bench.records();
      bench.expect({ 'icmp6-nd-input/router_heard': 20, 'icmp6-nd-input/router_limited': 5 });
      bench.now += 200;
      bench.push('lan', fromRouter(), fromRouter(), fromRouter());
      bench.run();
      bench.records();
      bench.expect({ 'icmp6-nd-input/router_heard': 2, 'icmp6-nd-input/router_limited': 1 });
    });

    it('gives Linux a host that looks for routers, for radvd to answer, and follows no redirect', () => {
      const redirect = icmp6({ src: ROUTER_LINK, dst: LAN6, hopLimit: 255, type: 137, body: pattern(32) });
      bench.push('lan', ndFrame(SOLICITATION, HOST_MAC), ndFrame(redirect, HOST_MAC, bench.mac('lan')));
      bench.run();
      assert.deepEqual(bench.records(), [told(bench, RECORD_HEARD, HEARD_HOST, HOST6_LINK, HOST_MAC)]);
      assert.deepEqual(
        bench.punted().map(({ bytes }) => bytes),
        [ndFrame(SOLICITATION, HOST_MAC)],
      );
      bench.expect({ 'icmp6-nd-input/redirect': 1 });
    });

    it('drops the same where the box is a host itself', () => {
      bench.control.interfaces.acceptRa[bench.row('lan')] = 1;
      bench.push('lan', ndFrame(SOLICITATION, HOST_MAC));
      bench.run();
      assert.deepEqual(bench.records(), [told(bench, RECORD_HEARD, HEARD_HOST, HOST6_LINK, HOST_MAC)]);
      bench.expect({ 'icmp6-nd-input/router_solicitation': 1 });
    });
  });
}

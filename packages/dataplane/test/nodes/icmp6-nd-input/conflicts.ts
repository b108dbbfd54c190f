// Addresses of the box that somebody else has or wants (RFC 4862 section 5.4).
import assert from 'node:assert/strict';
import { ADJ_BLACKHOLE } from '../../../src/tables/adjacencies.js';
import { RECORD_CONFLICT } from '../../../src/workers/shared-memory.js';
import type { Bench } from '../../support/bench.js';
import { ALL_NODES, type NdOptions, solicitedNode } from '../../support/nd.js';
import { ASKS, fromBox, fromHost, NA, NS, PROBES, SAYS, told } from '../../support/nd-link.js';
import { icmp6, words6 } from '../../support/packets6.js';
import { HOST_MAC, HOST6, LAN6, LAN6_LINK, site6 } from '../../support/site.js';

export function conflicts(): void {
  describe('conflicts', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = site6();
    });
    afterEach(() => bench.close());

    it('defends its address against one who wants to have it, to all nodes', () => {
      bench.push('lan', fromHost(bench, NS, PROBES));
      bench.run();
      assert.deepEqual(bench.sent('lan'), [fromBox(bench, LAN6, ALL_NODES, 0xa0)]);
      assert.deepEqual(bench.records(), []);
      bench.expect({ 'icmp6-nd-input/answered': 1 });
    });

    const conflicts: [string, number, NdOptions, string][] = [
      ['an advertisement of our address', NA, { ...SAYS, target: LAN6 }, LAN6],
      ['a solicitation from our address', NS, { ...ASKS, src: LAN6_LINK }, LAN6_LINK],
    ];
    for (const [what, type, o, address] of conflicts) {
      it(`tells of a conflict: ${what}`, () => {
        bench.push('lan', fromHost(bench, type, o));
        bench.run();
        assert.deepEqual(bench.records(), [told(bench, RECORD_CONFLICT, 0, address, HOST_MAC)]);
        assert.deepEqual(bench.sent('lan'), []);
        bench.expect({ 'icmp6-nd-input/address_conflict': 1 });
      });
    }

    describe('while an address is being probed', () => {
      const WANTED = '2001:db8:1::dad';
      beforeEach(() => {
        const nextHop6 = words6(WANTED);
        const adjacency = bench.control.adjacencies.add({
          kind: ADJ_BLACKHOLE,
          interface: bench.row('lan'),
          mtu: 0,
          nextHop6,
        });
        bench.control.fib6.add(0, nextHop6, 128, adjacency);
      });
      const group = solicitedNode(WANTED);

      it('tells of another who probes it, and of one who has it', () => {
        bench.push('lan', fromHost(bench, NS, { ...PROBES, dst: group, target: WANTED }));
        bench.push('lan', fromHost(bench, NA, { ...SAYS, dst: ALL_NODES, flags: 0x20, target: WANTED }));
        bench.run();
        assert.deepEqual(bench.records(), [
          told(bench, RECORD_CONFLICT, 0, WANTED, HOST_MAC),
          told(bench, RECORD_CONFLICT, 0, WANTED, HOST_MAC),
        ]);
        bench.expect({ 'icmp6-nd-input/address_conflict': 2 });
      });

      it('answers nobody, and takes no packet', () => {
        bench.push('lan', fromHost(bench, NS, { ...ASKS, dst: group, target: WANTED }));
        bench.pushIp6('lan', icmp6({ src: HOST6, dst: WANTED, type: 128 }));
        bench.run();
        assert.deepEqual(bench.sent('lan'), []);
        assert.deepEqual(bench.records(), []);
        bench.expect({ 'icmp6-nd-input/not_for_us': 1, 'ip6-lookup/blackhole': 1 });
      });
    });
  });
}

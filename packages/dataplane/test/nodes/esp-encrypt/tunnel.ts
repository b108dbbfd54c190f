// A tunnel that cannot seal, that has no room, or whose way is not there.
import assert from 'node:assert/strict';
import { INTERFACE_DOWN } from '../../../src/tables/interfaces.js';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { espKeyOf } from '../../support/esp.js';
import { espSequences, toRemote } from '../../support/esp-site.js';
import { pattern } from '../../support/packets.js';
import { PEER, ROUTER, SPI_OUT, saOf, site, siteWithTunnel, tunnelTo } from '../../support/site.js';

export function tunnel(): void {
  describe('the tunnel', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());

    it('has no SA', () => {
      bench.control.interfaces.tunnelSa[bench.row('tun')] = 0;
      bench.pushIp('lan', toRemote());
      bench.run();
      bench.expect({ 'esp-encrypt/no_sa': 1 });
    });

    for (const state of [SA.SA_FREE, SA.SA_INBOUND]) {
      it(`has an SA in state ${state}`, () => {
        bench.control.sa('tun out').words[SA.SA_STATE] = state;
        bench.pushIp('lan', toRemote());
        bench.run();
        bench.expect({ 'esp-encrypt/no_sa': 1 });
      });
    }

    it('is down', () => {
      bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
      bench.pushIp('lan', toRemote());
      bench.run();
      bench.expect({ 'esp-encrypt/tunnel_down': 1 });
    });

    it('has lost its key: nothing leaves in clear, and the number is not used again', () => {
      const { words } = bench.control.sa('tun out');
      bench.crypto.wipeKey(words[SA.SA_KEY]!);
      bench.pushIp('lan', toRemote());
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect({ 'esp-encrypt/seal_failed': 1 });
      bench.crypto.setKey(words[SA.SA_KEY]!, espKeyOf(saOf(SPI_OUT)));
      bench.pushIp('lan', toRemote());
      bench.run();
      assert.deepEqual(espSequences(bench.sentIp('wan')), [2]);
      bench.expect({});
    });

    it('ends a tunnel whose own packets lead into it', () => {
      bench.control.addRoute({ prefix: `${PEER}/32`, via: 'tun' });
      bench.pushIp('lan', toRemote());
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect({ 'esp-encrypt/tunnel_loop': 1 });
      // With fragments, none of which enters it more often than the packet would have.
      bench.pushIp('lan', toRemote({ payload: pattern(1400) }));
      bench.run();
      const moved = bench.moved();
      assert.deepEqual(bench.sent('wan'), []);
      assert.deepEqual(Object.keys(moved).sort(), [
        'esp-encrypt/tunnel_loop',
        'ip4-frag/fragments',
        'ip4-rewrite/too_big',
      ]);
      assert.ok(
        moved['esp-encrypt/tunnel_loop']! <= 16,
        `${moved['esp-encrypt/tunnel_loop']} packets of one`,
      );
      assert.equal(bench.framesMissing(), 0);
    });

    for (const workers of [1, 2]) {
      it(`is one of three inside each other, and no more, of ${workers} workers`, () => {
        bench.close();
        const peers = ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'];
        const tunnels = peers.map((remote, i) =>
          tunnelTo(
            {},
            {
              name: `tun${i}`,
              remote,
              mtu: 1300,
              inbound: saOf(0x1000 + i),
              outbound: saOf(0x2000 + i),
              workerOut: i % workers,
            },
          ),
        );
        bench = site({ tunnels, workers });
        bench.control.addRoute({ prefix: `${peers[1]}/32`, via: 'tun0' });
        bench.control.addRoute({ prefix: `${peers[2]}/32`, via: 'tun1' });
        bench.control.addRoute({ prefix: '10.2.0.0/16', via: 'tun2' });
        bench.pushIp('lan', toRemote());
        bench.run();
        assert.equal(bench.sentIp('wan').length, 1);
        bench.moved();
        bench.control.addRoute({ prefix: `${peers[0]}/32`, via: 'tun3' });
        bench.pushIp('lan', toRemote());
        bench.run();
        assert.deepEqual(bench.sent('wan'), []);
        assert.equal(bench.moved()['esp-encrypt/tunnel_loop'], 1);
        assert.equal(bench.framesMissing(), 0);
      });
    }

    it('has no room behind the packet for padding, trailer and ICV', () => {
      bench.close();
      bench = siteWithTunnel({}, { tunnels: [tunnelTo({}, { mtu: 2000 })] });
      const frameLeft = 2048 - 272;
      bench.pushIp(
        'lan',
        toRemote({ payload: pattern(frameLeft - 21 - 20) }),
        toRemote({ payload: pattern(frameLeft - 20 - 20) }),
      );
      bench.run();
      assert.equal(bench.sentIp('wan').length, 2, 'the first one, in two fragments');
      bench.expect({ 'esp-encrypt/no_room': 1, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 });
    });

    it('waits for the router as other packets do, and leaves in order', () => {
      bench.control.forget('wan', ROUTER);
      bench.pushIp('lan', toRemote(), toRemote());
      bench.run();
      bench.control.resolve({ interface: 'wan', address: ROUTER, mac: '02:00:00:00:bb:fe' });
      bench.run();
      assert.deepEqual(espSequences(bench.sentIp('wan')), [1, 2]);
      bench.expect({ 'ip4-arp/waiting': 2 });
    });
  });
}

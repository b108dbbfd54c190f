// A tunnel that cannot seal, that has no room, or whose way is not there.
import assert from 'node:assert/strict';
import { INTERFACE_DOWN } from '../../../src/tables/interfaces.js';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { espKeyOf } from '../../support/esp.js';
import { espSequences, toRemote } from '../../support/esp-site.js';
import { pattern } from '../../support/packets.js';
import { PEER, ROUTER, SPI_OUT, saOf, siteWithTunnel, tunnelTo } from '../../support/site.js';

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
      bench.expect({ 'esp-encrypt/no_room': 1 });
    });

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

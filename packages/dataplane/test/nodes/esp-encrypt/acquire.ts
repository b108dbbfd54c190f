// A packet that meets a tunnel without an SA: what the control side is told.
import assert from 'node:assert/strict';
import type { Bench } from '../../support/bench.js';
import { toRemote } from '../../support/esp-site.js';
import { ip6 } from '../../support/packets6.js';
import {
  HOST,
  HOST6,
  REMOTE_HOST,
  REMOTE_HOST6,
  site6,
  siteWithTunnel,
  tunnelTo,
} from '../../support/site.js';

export function acquire(): void {
  describe('a packet without an SA', () => {
    let bench: Bench;
    const lose = (): void => {
      bench.control.interfaces.tunnelSa[bench.row('tun')] = 0;
    };
    afterEach(() => bench.close());

    it('asks for one, once a second whatever comes', () => {
      bench = siteWithTunnel();
      lose();
      const asked = {
        kind: 'acquire',
        if_id: bench.row('tun'),
        src: HOST,
        dst: REMOTE_HOST,
        protocol: 253,
      };
      bench.pushIp('lan', ...Array.from({ length: 20 }, () => toRemote()));
      bench.run();
      assert.deepEqual(bench.saEvents(), [asked]);
      bench.now += 999;
      bench.pushIp('lan', toRemote());
      bench.run();
      assert.deepEqual(bench.saEvents(), []);
      bench.now += 1;
      bench.pushIp('lan', toRemote({ protocol: 6 }));
      bench.run();
      assert.deepEqual(bench.saEvents(), [{ ...asked, protocol: 6 }]);
      bench.expect({ 'esp-encrypt/no_sa': 22 });
    });

    it('does not keep another tunnel from asking', () => {
      const second = tunnelTo({}, { name: 'other', remote: '198.51.100.2' });
      bench = siteWithTunnel(
        {},
        { tunnels: [tunnelTo(), second], routes: [{ prefix: '10.3.0.0/16', via: 'other' }] },
      );
      for (const name of ['tun', 'other']) bench.control.interfaces.tunnelSa[bench.row(name)] = 0;
      bench.pushIp('lan', toRemote(), toRemote({ dst: '10.3.0.1' }), toRemote());
      bench.run();
      assert.deepEqual(
        bench.saEvents().map((event) => ('if_id' in event ? event.if_id : null)),
        [bench.row('tun'), bench.row('other')],
      );
      bench.expect({ 'esp-encrypt/no_sa': 3 });
    });

    it('asks for IPv6 too', () => {
      bench = site6();
      lose();
      bench.pushIp6('lan', ip6({ src: HOST6, dst: REMOTE_HOST6, nextHeader: 58 }));
      bench.run();
      const ends = { src: HOST6, dst: REMOTE_HOST6, protocol: 58 };
      assert.deepEqual(bench.saEvents(), [{ kind: 'acquire', if_id: bench.row('tun'), ...ends }]);
      bench.expect({ 'esp-encrypt/no_sa': 1 });
    });
  });
}

// The tunnel, the SA and the VRF that a packet belongs to.
import assert from 'node:assert/strict';
import { INTERFACE_DOWN } from '../../../src/tables/interfaces.js';
import * as SA from '../../../src/tables/security-associations.js';
import type { Bench } from '../../support/bench.js';
import { fromRemote, sealer } from '../../support/esp-site.js';
import { forwarded, icmp, ip4, pattern } from '../../support/packets.js';
import { HOST, REMOTE_HOST, siteWithTunnel, tunnelTo, WAN } from '../../support/site.js';

export function tunnel(): void {
  describe('a packet, by its tunnel', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());
    const sealed = sealer();

    it('belongs to a tunnel that is down', () => {
      bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
      bench.pushIp('wan', sealed());
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'esp-decrypt/no_tunnel': 1 });
    });

    it('has lost its SA on the way to its worker', () => {
      bench.close();
      bench = siteWithTunnel({}, { workers: 2, tunnels: [tunnelTo({}, { workerIn: 1 })] });
      bench.pushIp('wan', sealed());
      while (bench.forwarders[0]!.round() > 0);
      bench.control.sa('tun in').words[SA.SA_STATE] = SA.SA_FREE;
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'esp-input/handed_over': 1, 'esp-decrypt/sa_gone': 1 });
    });

    it('has lost its key', () => {
      bench.crypto.wipeKey(bench.control.sa('tun in').words[SA.SA_KEY]!);
      bench.pushIp('wan', sealed());
      bench.run();
      bench.expect({ 'esp-decrypt/integrity_failed': 1 });
    });

    it('is answered through the tunnel that it came by', () => {
      bench.control.interfaces.address[bench.row('tun')] = 0xa9fe0001;
      const request = ip4({ src: REMOTE_HOST, dst: WAN, protocol: 1, payload: icmp(8, 0, 1, pattern(20)) });
      bench.pushIp('wan', sealed({ inner: request }));
      bench.run();
      const [outer] = bench.sentIp('wan');
      assert.equal(outer![9], 50);
      assert.equal(bench.interface('tun').txPackets, 1);
      bench.expect({ 'ip4-icmp-echo/replies': 1 });
    });

    it('is in the VRF of its tunnel, not in that of what was around it', () => {
      bench.close();
      bench = siteWithTunnel(
        {},
        {
          interfaces: [
            { name: 'lan', address: '10.1.0.1/24', vrf: 3 },
            { name: 'wan', address: `${WAN}/24` },
          ],
          tunnels: [tunnelTo({}, { vrf: 3, outerVrf: 0 })],
          routes: [{ prefix: '10.2.0.0/16', via: 'tun', vrf: 3 }],
        },
      );
      bench.pushIp('wan', sealed(), fromRemote(60));
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(fromRemote(60))], 'not the one that came in clear');
      assert.deepEqual(
        bench.sentIp('wan'),
        [forwarded(fromRemote(60))],
        'which knows no other way than the router',
      );
      bench.pushIp('lan', ip4({ src: HOST, dst: REMOTE_HOST }));
      bench.run();
      assert.equal(bench.sentIp('wan')[0]![9], 50);
      bench.expect({});
    });
  });
}

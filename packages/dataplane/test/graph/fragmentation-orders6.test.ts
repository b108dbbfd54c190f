// Fragmentation after encryption where the outer packets are IPv6: only their sender may cut them (RFC 8200 section 5).
import assert from 'node:assert/strict';
import { type Bench, testBench } from '../support/bench.js';
import { forwarded, ip4, pattern, reassemble } from '../support/packets.js';
import { forwarded6 } from '../support/packets6.js';
import { HOST, HOST_MAC, REMOTE_HOST, ROUTER_MAC, tunnelTo } from '../support/site.js';

const NEAR = '2001:db8:aaaa::1';
const FAR = '2001:db8:bbbb::1';

function gateway(own: string, peer: string, mirrored: boolean, udp: boolean, beside?: Bench): Bench {
  const tunnel = tunnelTo({ udp }, { mtu: 9000 });
  const { inbound, outbound } = tunnel;
  const router = own.replace('::1', '::fe');
  return testBench({
    ...(beside === undefined ? { frames: 8192 } : { beside }),
    interfaces: [
      { name: 'lan', address: mirrored ? '10.2.0.1/24' : '10.1.0.1/24' },
      { name: 'wan', address6: `${own}/64` },
    ],
    tunnels: [
      {
        ...tunnel,
        local: own,
        remote: peer,
        inbound: mirrored ? outbound : inbound,
        outbound: mirrored ? inbound : outbound,
      },
    ],
    neighbours: [
      { interface: 'lan', address: mirrored ? REMOTE_HOST : HOST, mac: HOST_MAC },
      { interface: 'wan', address: router, mac: ROUTER_MAC },
    ],
    routes: [
      { prefix: mirrored ? '10.1.0.0/16' : '10.2.0.0/16', via: 'tun' },
      { prefix: '::/0', via: router },
    ],
  });
}

for (const udp of [false, true]) {
  describe(`fragmentation after encryption over IPv6${udp ? ', in UDP' : ''}`, () => {
    let near: Bench;
    let far: Bench;
    beforeEach(() => {
      near = gateway(NEAR, FAR, false, udp);
      far = gateway(FAR, NEAR, true, udp, near);
    });
    afterEach(() => {
      far.close();
      near.close();
    });

    for (const size of [1400, 1500, 4000, 9000]) {
      it(`carries a packet of ${size} octets, in fragments that come in any order`, () => {
        const packet = ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(size - 20) });
        near.pushIp('lan', packet);
        near.run();
        const outer = near.sentIp6('wan');
        assert.ok(outer.every((part) => part.length <= 1500));
        far.pushIp6('wan', ...outer.map(forwarded6).reverse());
        far.run();
        const arrived = far.sentIp('lan');
        const whole = arrived.length === 1 ? arrived[0]! : reassemble(arrived);
        assert.deepEqual(whole, forwarded(forwarded(packet)));
        const cut = outer.length;
        assert.equal(cut > 1, size > 1400);
        near.expect(cut > 1 ? { 'ip6-rewrite/own_too_big': 1, 'ip6-frag/fragments': cut } : {});
        far.expect({
          ...(cut > 1 ? { 'ip6-reassembly/reassembled': 1, 'ip6-reassembly/fragments': cut } : {}),
          ...(arrived.length > 1 ? { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': arrived.length } : {}),
        });
      });
    }
  });
}

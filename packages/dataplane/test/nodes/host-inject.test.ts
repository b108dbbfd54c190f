import assert from 'node:assert/strict';
import { INTERFACE_DOWN, INTERFACE_UP } from '../../src/tables/interfaces.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espOpen } from '../support/esp.js';
import { BROADCAST, ethernet, icmpError, ip4, pattern, udp } from '../support/packets.js';
import { ip6 } from '../support/packets6.js';
import {
  FAR,
  HOST,
  HOST6,
  REMOTE_HOST,
  REMOTE_HOST6,
  SPI_OUT,
  saOf,
  siteWithTunnel,
} from '../support/site.js';

describeNode('host-inject', () => {
  let bench: Bench;
  before(() => {
    bench = siteWithTunnel(
      {},
      { loopbacks: [{ name: 'loop', address: '10.255.0.1/32', address6: '2001:db8:255::1/128' }] },
    );
  });
  after(() => bench.close());

  const frames: [string, Uint8Array][] = [
    [
      'an IPv4 frame',
      ethernet(BROADCAST, '02:00:00:00:01:01', 0x0800, ip4({ src: '0.0.0.0', dst: '255.255.255.255' })),
    ],
    ['an IPv6 frame', ethernet('33:33:00:00:00:01', '02:00:00:00:01:01', 0x86dd, pattern(70))],
    [
      'a TTL of 1, which is not ours to change',
      ethernet(BROADCAST, BROADCAST, 0x0800, ip4({ src: HOST, dst: HOST, ttl: 1 })),
    ],
    ['14 octets', ethernet(BROADCAST, BROADCAST, 0x88b5, new Uint8Array())],
  ];
  for (const [what, frame] of frames) {
    it(`sends ${what} from a TAP as it is`, () => {
      const before = bench.interface('lan').injected;
      bench.inject('lan', frame);
      bench.run();
      assert.deepEqual(bench.sent('lan'), [frame]);
      assert.equal(bench.interface('lan').injected, before + 1);
      bench.expect({});
    });
  }

  it('seals a packet from a TUN into the tunnel, its TTL as Linux set it', () => {
    const packet = ip4({ src: '169.254.0.1', dst: REMOTE_HOST, ttl: 1, payload: pattern(33) });
    bench.inject('tun', packet);
    bench.run();
    const [outer] = bench.sentIp('wan');
    assert.deepEqual(espOpen(saOf(SPI_OUT), outer!.subarray(20)).inner, packet);
    bench.expect({});
  });

  it("tells Linux the tunnel's MTU by an error to itself", () => {
    const packet = ip4({ src: '169.254.0.1', dst: REMOTE_HOST, df: true, payload: pattern(1400) });
    bench.inject('tun', packet);
    bench.run();
    assert.deepEqual(bench.punted(), [
      { interface: bench.row('tun'), bytes: icmpError('169.254.0.1', packet, 3, 4, 1400) },
    ]);
    bench.expect({ 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1 });
  });

  it('routes a packet from a loopback, its TTL as Linux set it, and gives it back what is its own', () => {
    const packet = ip4({ src: '10.255.0.1', dst: FAR, ttl: 1, payload: pattern(33) });
    const own = ip4({ src: '10.255.0.1', dst: '10.255.0.1', protocol: 17, payload: udp(1, 2, pattern(8)) });
    const own6 = ip6({
      src: '2001:db8:255::1',
      dst: '2001:db8:255::1',
      nextHeader: 17,
      payload: pattern(20),
    });
    const before = bench.interface('loop').injected;
    for (const each of [packet, own, own6]) bench.inject('loop', each);
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [packet]);
    assert.deepEqual(bench.punted(), [
      { interface: bench.row('loop'), bytes: own },
      { interface: bench.row('loop'), bytes: own6 },
    ]);
    assert.equal(bench.interface('loop').injected, before + 3);
    bench.expect({});
  });

  const good = ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(40) });
  const refused: [string, Uint8Array][] = [
    ['19 octets', good.subarray(0, 19)],
    ['nothing', new Uint8Array()],
    ['IPv6 whose length is another', ip4({ src: HOST, dst: REMOTE_HOST, version: 6, payload: pattern(40) })],
    ['39 octets of IPv6', ip6({ src: HOST6, dst: REMOTE_HOST6 }).subarray(0, 39)],
    ['IP of version 5', ip4({ src: HOST, dst: REMOTE_HOST, version: 5, payload: pattern(40) })],
    ['a header of 16 octets', ip4({ src: HOST, dst: REMOTE_HOST, headerWords: 4, payload: pattern(40) })],
    ['a header longer than the packet', ip4({ src: HOST, dst: REMOTE_HOST, headerWords: 15 })],
    ['a total length beyond the packet', good.subarray(0, 59)],
    ['octets behind the packet', ip4({ src: HOST, dst: REMOTE_HOST, totalLength: 40, payload: pattern(40) })],
  ];
  for (const [what, bytes] of refused) {
    it(`refuses ${what} from a TUN`, () => {
      bench.inject('tun', bytes);
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect({ 'host-inject/not_ip': 1 });
    });
  }

  it('drops a packet of a twin whose interface is gone', () => {
    const row = bench.row('lan');
    const { kind } = bench.control.interfaces;
    bench.inject('lan', frames[0]![1]);
    const before = kind[row]!;
    kind[row] = 0;
    bench.run();
    kind[row] = before;
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'host-inject/no_interface': 1 });
  });

  it('drops a packet for an interface that is down', () => {
    bench.control.interfaces.state[bench.row('lan')] = INTERFACE_DOWN;
    bench.inject('lan', frames[0]![1]);
    bench.run();
    bench.control.interfaces.state[bench.row('lan')] = INTERFACE_UP;
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'interface-output/interface_down': 1 });
  });
});

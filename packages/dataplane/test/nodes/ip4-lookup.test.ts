import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import {
  BROADCAST,
  ethernet,
  forwarded,
  icmp,
  icmpError,
  ip,
  ip4,
  pattern,
  udp,
} from '../support/packets.js';
import { FAR, HOST, HOST_MAC, LAN, ROUTER, site, siteWithTunnel } from '../support/site.js';

describeNode('ip4-lookup', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  it('sends by the longest prefix', () => {
    bench = site({
      interfaces: [
        { name: 'lan', address: `${LAN}/24` },
        { name: 'wan', address: '192.0.2.1/24' },
        { name: 'dmz', address: '10.9.0.1/24' },
      ],
      neighbours: [{ interface: 'dmz', address: '10.9.0.9', mac: '02:00:00:00:cc:09' }],
      routes: [
        { prefix: '198.51.0.0/16', via: '10.9.0.9' },
        { prefix: '198.51.100.0/24', via: ROUTER },
        { prefix: '198.51.100.8/32', via: '10.9.0.9' },
      ],
    });
    const ways: [string, 'wan' | 'dmz'][] = [
      ['203.0.113.1', 'wan'],
      ['198.51.99.255', 'dmz'],
      ['198.51.100.7', 'wan'],
      ['198.51.100.8', 'dmz'],
      ['198.51.100.9', 'wan'],
      ['198.51.101.0', 'dmz'],
    ];
    for (const [dst, way] of ways) {
      const packet = ip4({ src: HOST, dst, payload: pattern(20) });
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp(way), [forwarded(packet)], dst);
      bench.expect({});
    }
  });

  it('keeps VRFs apart: the same destination leaves by another port', () => {
    bench = site({
      interfaces: [
        { name: 'lan', address: `${LAN}/24` },
        { name: 'wan', address: '192.0.2.1/24' },
        { name: 'red', address: `${LAN}/24`, vrf: 7 },
        { name: 'redwan', address: '192.0.2.1/24', vrf: 7 },
      ],
      neighbours: [{ interface: 'redwan', address: ROUTER, mac: '02:00:00:00:cc:fe' }],
      routes: [{ prefix: '0.0.0.0/0', via: ROUTER, vrf: 7 }],
    });
    const packet = ip4({ src: HOST, dst: FAR, payload: pattern(20) });
    bench.pushIp('red', packet);
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), []);
    assert.deepEqual(bench.sentIp('redwan'), [forwarded(packet)]);
    bench.expect({});
  });

  it('answers what has no route with net unreachable', () => {
    bench = site();
    bench.control.fib.remove(0, 0, 0);
    const packet = ip4({ src: HOST, dst: FAR, payload: pattern(20) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, packet, 3, 0)]);
    bench.expect({ 'ip4-lookup/no_route': 1, 'ip4-icmp-error/sent': 1 });
  });

  it('drops in silence what matches a blackhole', () => {
    bench = site({ routes: [{ prefix: '198.51.100.0/24', via: 'blackhole' }] });
    bench.pushIp('lan', ip4({ src: HOST, dst: FAR, payload: pattern(20) }));
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'ip4-lookup/blackhole': 1 });
  });

  it("drops the box's own packet without a route, and sends no error about it", () => {
    bench = siteWithTunnel();
    bench.control.fib.remove(0, 0, 0);
    bench.pushIp('lan', ip4({ src: HOST, dst: '10.2.0.1', payload: pattern(20) }));
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'ip4-lookup/no_route_for_own': 1 });
  });

  // RFC 1122 section 3.3.6, RFC 1812 section 5.3.4: what came to a link-layer group is not for one host, and never
  // forwarded, whatever its address looks like.
  const inGroupFrame: [string, string][] = [
    ['a host behind the router', FAR],
    ['a host behind the router whose address ends like a broadcast', '198.51.100.255'],
    ['one host of the LAN', HOST],
    ['the box itself', LAN],
  ];
  for (const [what, dst] of inGroupFrame) {
    it(`refuses a packet for ${what} in a frame to everyone`, () => {
      bench = site();
      const payload = icmp(8, 0, 1, pattern(4));
      bench.push('lan', ethernet(BROADCAST, HOST_MAC, 0x0800, ip4({ src: HOST, dst, protocol: 1, payload })));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.deepEqual(bench.sent('wan'), []);
      assert.deepEqual(bench.punted(), []);
      bench.expect({ 'ip4-lookup/link_group': 1 });
    });
  }

  it('does not forward a broadcast directed to another network of the box (RFC 2644)', () => {
    bench = site();
    const packet = ip4({ src: HOST, dst: '192.0.2.255', protocol: 17, payload: udp(9, 9, pattern(4)) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    assert.deepEqual(bench.punted().length, 1, 'it is for Linux, as any broadcast is');
    bench.expect({});
  });

  it('has no route for groups and class E, and no error about them', () => {
    bench = site();
    bench.control.fib.remove(0, 0, 0);
    bench.pushIp('lan', ip4({ src: HOST, dst: '239.1.2.3' }), ip4({ src: HOST, dst: '240.0.0.1' }));
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'ip4-lookup/no_route': 2, 'ip4-icmp-error/about_group': 2 });
    assert.equal(bench.control.fib.get(0, ip('255.255.255.255'), 32) > 0, true);
  });
});

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

  for (const [via, code, counter] of [
    ['unreachable', 1, 'unreachable'],
    ['prohibit', 13, 'prohibited'],
  ] as const) {
    it(`answers what matches a route that is ${via} with code ${code}`, () => {
      bench = site({ routes: [{ prefix: '198.51.100.0/24', via }] });
      const packet = ip4({ src: HOST, dst: FAR, payload: pattern(20) });
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, packet, 3, code)]);
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect({ [`ip4-lookup/${counter}`]: 1, 'ip4-icmp-error/sent': 1 });
    });
  }

  describe('a route that looks up in another VRF', () => {
    const blue = {
      interfaces: [
        { name: 'lan', address: `${LAN}/24` },
        { name: 'wan', address: '192.0.2.1/24' },
        { name: 'blue', address: '203.0.113.1/24', vrf: 7 },
      ],
      neighbours: [{ interface: 'blue', address: '203.0.113.2', mac: '02:00:00:00:cc:fd' }],
    };

    it('takes the way that the destination has there', () => {
      bench = site({
        ...blue,
        routes: [
          { prefix: '0.0.0.0/0', via: 'vrf 7' },
          { prefix: '198.51.100.0/24', via: '203.0.113.2', vrf: 7 },
        ],
      });
      const packet = ip4({ src: HOST, dst: FAR, payload: pattern(20) });
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp('blue'), [forwarded(packet)]);
      bench.expect({});
    });

    it('has no route where that VRF has none', () => {
      bench = site({ ...blue, routes: [{ prefix: '0.0.0.0/0', via: 'vrf 7' }] });
      const packet = ip4({ src: HOST, dst: FAR, payload: pattern(20) });
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, packet, 3, 0)]);
      bench.expect({ 'ip4-lookup/no_route': 1, 'ip4-icmp-error/sent': 1 });
    });

    it('drops what goes in a circle', () => {
      bench = site({
        ...blue,
        routes: [
          { prefix: '198.51.100.0/24', via: 'vrf 7' },
          { prefix: '198.51.0.0/16', via: 'vrf 0', vrf: 7 },
        ],
      });
      bench.pushIp('lan', ip4({ src: HOST, dst: FAR, payload: pattern(20) }));
      bench.run();
      for (const name of ['lan', 'wan', 'blue']) assert.deepEqual(bench.sent(name), []);
      bench.expect({ 'ip4-lookup/route_loop': 1 });
    });
  });

  describe('a route with several paths', () => {
    const ROUTERS = ['192.0.2.21', '192.0.2.22', '192.0.2.23', '192.0.2.24'];
    const macOf = (i: number): string => `02:00:00:00:ee:${i}0`;
    const fourPaths = (): Bench =>
      site({
        neighbours: ROUTERS.map((address, i) => ({ interface: 'wan', address, mac: macOf(i) })),
        routes: [{ prefix: '198.51.100.0/24', via: ROUTERS }],
      });
    /** The path that each of these packets takes, by the router's link address. */
    const pathsOf = (...packets: Uint8Array[]): string[] => {
      for (const packet of packets) bench.pushIp('lan', packet);
      bench.run();
      const paths = bench.sent('wan').map((frame) => Buffer.from(frame.subarray(0, 6)).toString('hex'));
      assert.equal(paths.length, packets.length);
      bench.expect({});
      return paths;
    };
    const flow = (src: number, dst = 53, protocol = 17, more = {}): Uint8Array =>
      ip4({ src: HOST, dst: FAR, protocol, payload: udp(src, dst, pattern(24)), ...more });

    it('gives every flow one path, and flows that differ in a port different ones', () => {
      bench = fourPaths();
      const ports = Array.from({ length: 200 }, (_, i) => 1024 + i);
      const first = pathsOf(...ports.map((port) => flow(port)));
      const again = pathsOf(...ports.map((port) => flow(port)).reverse()).reverse();
      assert.deepEqual(again, first);
      const share = (paths: string[]): number[] =>
        [...new Set(paths)].map((path) => paths.filter((other) => other === path).length);
      assert.equal(new Set(first).size, 4);
      assert.ok(
        share(first).every((count) => count > 20),
        `shares are even: ${share(first)}`,
      );
      assert.equal(new Set(pathsOf(...ports.map((port) => flow(4000, port)))).size, 4);
      assert.equal(new Set(pathsOf(...ports.map((port) => flow(port, 53, 6)))).size, 4, 'TCP');
    });

    it('keeps what has no ports on one path for its addresses and protocol', () => {
      bench = fourPaths();
      const packets = Array.from({ length: 50 }, (_, i) => flow(i, i, 47));
      assert.equal(new Set(pathsOf(...packets)).size, 1, 'GRE');
      const hosts = Array.from({ length: 100 }, (_, i) =>
        ip4({ src: HOST, dst: `198.51.100.${i}`, protocol: 47, payload: pattern(24) }),
      );
      assert.equal(new Set(pathsOf(...hosts)).size, 4);
    });

    it('sends all fragments of a datagram by one path, whatever its ports', () => {
      bench = fourPaths();
      for (let port = 0; port < 40; port++) {
        const first = flow(1024 + port, 53, 17, { id: 7, mf: true });
        const second = ip4({
          src: HOST,
          dst: FAR,
          protocol: 17,
          payload: pattern(16),
          id: 7,
          fragmentOffset: 32,
        });
        assert.equal(new Set(pathsOf(first, second, flow(9, 9, 17, { mf: true }))).size, 1);
      }
    });

    it('does not look for ports behind the end of a short packet', () => {
      bench = fourPaths();
      assert.equal(pathsOf(ip4({ src: HOST, dst: FAR, protocol: 17, payload: pattern(2) })).length, 1);
    });
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
    assert.deepEqual(bench.punted().length, 1, 'it is for Linux, as broadcasts are');
    bench.expect({});
  });

  it('forwards nothing to groups and class E, whatever the frame is addressed to, and sends no error about it', () => {
    bench = site();
    bench.pushIp('lan', ip4({ src: HOST, dst: '239.1.2.3' }), ip4({ src: HOST, dst: '240.0.0.1' }));
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'ip4-lookup/link_group': 2 });
    assert.equal(bench.control.fib.get(0, ip('255.255.255.255'), 32) > 0, true);
  });
});

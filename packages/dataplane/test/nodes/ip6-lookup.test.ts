import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { concat, ethernet, hex, pattern, udp } from '../support/packets.js';
import { forwarded6, fragmentHeader, icmp6, icmp6Error, ip6 } from '../support/packets6.js';
import {
  FAR6,
  HOST_MAC,
  HOST6,
  HOST6_LINK,
  LAN6,
  LAN6_LINK,
  ROUTER6,
  site6,
  WAN6,
  WAN6_LINK,
} from '../support/site.js';

const GROUP_MAC = '33:33:00:00:00:01';

describeNode('ip6-lookup', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  const packet = (dst: string, src = HOST6): Uint8Array => ip6({ src, dst, payload: pattern(20) });
  const silent = (): void => {
    for (const name of ['lan', 'wan']) assert.deepEqual(bench.sent(name), [], name);
    assert.deepEqual(bench.punted(), []);
  };

  it('sends by the longest prefix', () => {
    bench = site6({
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24', address6: `${LAN6}/64` },
        { name: 'wan', address: '192.0.2.1/24', address6: `${WAN6}/64` },
        { name: 'dmz', address6: '2001:db8:9::1/64' },
      ],
      neighbours: [{ interface: 'dmz', address: '2001:db8:9::9', mac: '02:00:00:00:cc:09' }],
      routes: [
        { prefix: '2001:db8:5::/48', via: '2001:db8:9::9' },
        { prefix: '2001:db8:5:5::/64', via: ROUTER6 },
        { prefix: '2001:db8:5:5::8/128', via: '2001:db8:9::9' },
      ],
    });
    const ways: [string, 'wan' | 'dmz'][] = [
      ['2a00::1', 'wan'],
      ['2001:db8:5:4:ffff:ffff:ffff:ffff', 'dmz'],
      ['2001:db8:5:5::7', 'wan'],
      ['2001:db8:5:5::8', 'dmz'],
      ['2001:db8:5:5::9', 'wan'],
      ['2001:db8:5:6::', 'dmz'],
    ];
    for (const [dst, way] of ways) {
      bench.pushIp6('lan', packet(dst));
      bench.run();
      assert.deepEqual(bench.sentIp6(way), [forwarded6(packet(dst))], dst);
      bench.expect({});
    }
  });

  it('keeps VRFs apart: the same destination leaves by another port', () => {
    bench = site6({
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24', address6: `${LAN6}/64` },
        { name: 'wan', address: '192.0.2.1/24', address6: `${WAN6}/64` },
        { name: 'red', address6: `${LAN6}/64`, vrf: 7 },
        { name: 'redwan', address6: `${WAN6}/64`, vrf: 7 },
      ],
      neighbours: [{ interface: 'redwan', address: ROUTER6, mac: '02:00:00:00:cc:fe' }],
      routes: [{ prefix: '::/0', via: ROUTER6, vrf: 7 }],
    });
    bench.pushIp6('red', packet(FAR6));
    bench.run();
    assert.deepEqual(bench.sentIp6('wan'), []);
    assert.deepEqual(bench.sentIp6('redwan'), [forwarded6(packet(FAR6))]);
    bench.expect({});
  });

  it('answers what has no route with no route to destination', () => {
    bench = site6();
    bench.control.fib6.remove(0, [0, 0, 0, 0], 0);
    bench.pushIp6('lan', packet(FAR6));
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, packet(FAR6), 1, 0)]);
    bench.expect({ 'ip6-lookup/no_route': 1, 'ip6-icmp-error/sent': 1 });
  });

  it('drops in silence what matches a blackhole', () => {
    bench = site6({ routes: [{ prefix: '2001:db8:7::/48', via: 'blackhole' }] });
    bench.pushIp6('lan', packet(FAR6));
    bench.run();
    silent();
    bench.expect({ 'ip6-lookup/blackhole': 1 });
  });

  for (const [via, code, counter] of [
    ['unreachable', 3, 'unreachable'],
    ['prohibit', 1, 'prohibited'],
  ] as const) {
    it(`answers what matches a route that is ${via} with code ${code}`, () => {
      bench = site6({ routes: [{ prefix: '2001:db8:7::/48', via }] });
      bench.pushIp6('lan', packet(FAR6));
      bench.run();
      assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, packet(FAR6), 1, code)]);
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect({ [`ip6-lookup/${counter}`]: 1, 'ip6-icmp-error/sent': 1 });
    });
  }

  describe('a route that looks up in another VRF', () => {
    const blue = {
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24', address6: `${LAN6}/64` },
        { name: 'wan', address: '192.0.2.1/24', address6: `${WAN6}/64` },
        { name: 'blue', address6: '2001:db8:b::1/64', vrf: 7 },
      ],
      neighbours: [{ interface: 'blue', address: '2001:db8:b::2', mac: '02:00:00:00:cc:fd' }],
    };

    it('takes the way that the destination has there', () => {
      bench = site6({
        ...blue,
        routes: [
          { prefix: '2001:db8:7::/48', via: 'vrf 7' },
          { prefix: '2001:db8:7::/48', via: '2001:db8:b::2', vrf: 7 },
        ],
      });
      bench.pushIp6('lan', packet(FAR6));
      bench.run();
      assert.deepEqual(bench.sentIp6('blue'), [forwarded6(packet(FAR6))]);
      bench.expect({});
    });

    it('has the error about what has none there come from where the packet came in', () => {
      bench = site6({ ...blue, routes: [{ prefix: '2001:db8:7::/48', via: 'vrf 7' }] });
      bench.pushIp6('lan', packet(FAR6));
      bench.run();
      assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, packet(FAR6), 1, 0)]);
      bench.expect({ 'ip6-lookup/no_route': 1, 'ip6-icmp-error/sent': 1 });
    });

    it('drops what goes in a circle', () => {
      bench = site6({
        ...blue,
        routes: [
          { prefix: '2001:db8:7::/48', via: 'vrf 7' },
          { prefix: '2001:db8:7::/48', via: 'vrf 0', vrf: 7 },
        ],
      });
      bench.pushIp6('lan', packet(FAR6));
      bench.run();
      silent();
      bench.expect({ 'ip6-lookup/route_loop': 1 });
    });
  });

  it('has each flow take one of several paths, and all fragments of a packet the same', () => {
    const routers = ['2001:db8:ffff::21', '2001:db8:ffff::22', '2001:db8:ffff::23', '2001:db8:ffff::24'];
    bench = site6({
      neighbours: routers.map((address, i) => ({
        interface: 'wan',
        address,
        mac: `02:00:00:00:ee:${i}0`,
      })),
      routes: [{ prefix: '2001:db8:7::/48', via: routers }],
    });
    const pathsOf = (...packets: Uint8Array[]): string[] => {
      bench.pushIp6('lan', ...packets);
      bench.run();
      const paths = bench.sent('wan').map((frame) => hex(frame.subarray(0, 6)));
      assert.equal(paths.length, packets.length);
      bench.expect({});
      return paths;
    };
    const flow = (port: number, flowLabel = 0): Uint8Array =>
      ip6({ src: HOST6, dst: FAR6, flowLabel, nextHeader: 17, payload: udp(port, 53, pattern(24)) });
    const ports = Array.from({ length: 200 }, (_, i) => 1024 + i);
    const first = ports.map((port) => pathsOf(flow(port))[0]);
    assert.deepEqual(
      ports.map((port) => pathsOf(flow(port))[0]),
      first,
    );
    assert.equal(new Set(first).size, 4);
    const fragment = (offset: number, port: number): Uint8Array =>
      ip6({
        src: HOST6,
        dst: FAR6,
        nextHeader: 44,
        payload: concat(fragmentHeader(17, offset, offset === 0), udp(port, 53, pattern(24))),
      });
    for (const port of ports.slice(0, 40)) {
      assert.equal(new Set(pathsOf(fragment(0, port), fragment(32, 9))).size, 1);
    }
  });

  it("drops the box's own packet without a route: an echo reply whose asker is nowhere", () => {
    bench = site6();
    bench.control.fib6.remove(0, [0, 0, 0, 0], 0);
    bench.pushIp6('lan', icmp6({ src: FAR6, dst: LAN6, type: 128 }));
    bench.run();
    silent();
    bench.expect({ 'ip6-icmp-echo/replies': 1, 'ip6-lookup/no_route_for_own': 1 });
  });

  for (const dst of [FAR6, HOST6, LAN6, LAN6_LINK]) {
    it(`refuses a packet for ${dst} in a frame to a group`, () => {
      bench = site6();
      bench.push('lan', ethernet(GROUP_MAC, HOST_MAC, 0x86dd, packet(dst)));
      bench.run();
      silent();
      bench.expect({ 'ip6-lookup/link_group': 1 });
    });
  }

  for (const dst of ['ff02::1', 'ff02::2', 'ff02::16', 'ff02::5', 'ff02::1:ff00:1', 'ff02::1:2']) {
    it(`has groups of the link for Linux: ${dst}`, () => {
      bench = site6();
      const frame = ethernet(GROUP_MAC, HOST_MAC, 0x86dd, packet(dst, HOST6_LINK));
      bench.push('lan', frame);
      bench.run();
      assert.deepEqual(bench.punted(), [{ interface: bench.row('lan'), bytes: frame }]);
      bench.expect({});
    });
  }

  for (const dst of ['ff05::2', 'ff0e::1', 'ff08::1', 'ff12::1']) {
    it(`forwards no multicast, by the way that ::/0 leads: ${dst}`, () => {
      bench = site6();
      bench.push('lan', ethernet(GROUP_MAC, HOST_MAC, 0x86dd, packet(dst)));
      bench.pushIp6('lan', packet(dst));
      bench.run();
      silent();
      bench.expect({ 'ip6-lookup/group': 2 });
    });
  }

  describe('link-local addresses (RFC 4007)', () => {
    it('are the box on the link that they belong to', () => {
      bench = site6();
      const ask = icmp6({ src: HOST6_LINK, dst: LAN6_LINK, type: 128, word: 0x10002, body: pattern(9) });
      bench.pushIp6('lan', ask);
      bench.run();
      const reply = icmp6({ src: LAN6_LINK, dst: HOST6_LINK, type: 129, word: 0x10002, body: pattern(9) });
      assert.deepEqual(bench.sent('lan'), [ethernet(HOST_MAC, bench.mac('lan'), 0x86dd, reply)]);
      bench.expect({ 'ip6-icmp-echo/replies': 1 });
    });

    it('are another host on every other link, whose packets are nobody else’s', () => {
      bench = site6();
      bench.pushIp6('lan', packet(WAN6_LINK, HOST6_LINK), packet(WAN6_LINK), packet('fe80::99'));
      bench.pushIp6('wan', packet(HOST6_LINK, FAR6), packet(HOST6_LINK, 'fe80::5'));
      bench.run();
      silent();
      bench.expect({ 'ip6-lookup/link_local': 5 });
    });

    it('are not forwarded even to the link that they are on', () => {
      bench = site6();
      bench.pushIp6('lan', packet(HOST6_LINK, 'fe80::5'));
      bench.run();
      silent();
      bench.expect({ 'ip6-lookup/link_local': 1 });
    });

    it('may be the same on two links', () => {
      bench = site6({
        neighbours: [{ interface: 'wan', address: HOST6_LINK, mac: '02:00:00:00:cc:10' }],
      });
      const ask = (dst: string): Uint8Array => icmp6({ src: HOST6_LINK, dst, type: 128 });
      const reply = (src: string): Uint8Array => icmp6({ src, dst: HOST6_LINK, type: 129 });
      bench.pushIp6('lan', ask(LAN6_LINK));
      bench.pushIp6('wan', ask(WAN6_LINK));
      bench.run();
      assert.deepEqual(bench.sent('lan'), [ethernet(HOST_MAC, bench.mac('lan'), 0x86dd, reply(LAN6_LINK))]);
      assert.deepEqual(bench.sent('wan'), [
        ethernet('02:00:00:00:cc:10', bench.mac('wan'), 0x86dd, reply(WAN6_LINK)),
      ]);
      bench.expect({ 'ip6-icmp-echo/replies': 2 });
    });

    it('that name an interface’s row in their zero bits lead nowhere', () => {
      bench = site6();
      bench.pushIp6('lan', packet('fe80:1::ff:fe00:101'), packet('fe80:2::ff:fe00:201'), packet('febf::1'));
      bench.run();
      silent();
      bench.expect({ 'ip6-lookup/link_local': 3 });
    });

    it('send nothing beyond their link: answered with beyond scope of source address', () => {
      bench = site6();
      const far = packet(FAR6, HOST6_LINK);
      const near = packet(HOST6, HOST6_LINK);
      bench.pushIp6('lan', far, near);
      bench.run();
      assert.deepEqual(
        bench.sentIp6('lan').sort((a, b) => a.length - b.length),
        [forwarded6(near), icmp6Error(LAN6_LINK, far, 1, 2)],
      );
      bench.expect({ 'ip6-lookup/beyond_scope': 1, 'ip6-icmp-error/sent': 1 });
    });

    it('reach the box’s other addresses', () => {
      bench = site6();
      bench.pushIp6('lan', icmp6({ src: HOST6_LINK, dst: LAN6, type: 128 }));
      bench.run();
      assert.deepEqual(bench.sentIp6('lan'), [icmp6({ src: LAN6, dst: HOST6_LINK, type: 129 })]);
      bench.expect({ 'ip6-icmp-echo/replies': 1 });
    });
  });
});

import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { ethernet, pattern } from '../support/packets.js';
import { forwarded6, icmp6, icmp6Error, ip6, reassemble6 } from '../support/packets6.js';
import { FAR6, HOST_MAC, HOST6, LAN6, REMOTE_HOST6, ROUTER_MAC, site6 } from '../support/site.js';

describeNode('ip6-rewrite', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site6();
  });
  afterEach(() => bench.close());

  it('writes the whole link header of the neighbour', () => {
    const packet = ip6({ src: HOST6, dst: FAR6, payload: pattern(11) });
    bench.pushIp6('lan', packet);
    bench.run();
    assert.deepEqual(bench.sent('wan'), [ethernet(ROUTER_MAC, bench.mac('wan'), 0x86dd, forwarded6(packet))]);
    bench.expect({});
  });

  for (const hopLimit of [0, 1]) {
    it(`answers hop limit ${hopLimit} with time exceeded`, () => {
      const packet = ip6({ src: HOST6, dst: FAR6, hopLimit, payload: pattern(30) });
      bench.pushIp6('lan', packet);
      bench.run();
      const error = icmp6Error(LAN6, packet, 3, 0);
      assert.deepEqual(bench.sent('lan'), [ethernet(HOST_MAC, bench.mac('lan'), 0x86dd, error)]);
      assert.deepEqual(bench.sent('wan'), []);
      assert.equal(bench.interface('lan').drops, 1);
      bench.expect({ 'ip6-rewrite/hop_limit_expired': 1, 'ip6-icmp-error/sent': 1 });
    });
  }

  for (const hopLimit of [2, 3, 128, 255]) {
    it(`forwards hop limit ${hopLimit} as ${hopLimit - 1}`, () => {
      const packet = ip6({ src: HOST6, dst: FAR6, hopLimit, payload: pattern(30) });
      bench.pushIp6('lan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp6('wan'), [forwarded6(packet)]);
      bench.expect({});
    });
  }

  it('forwards exactly the MTU, and answers one octet more with packet too big', () => {
    const fits = ip6({ src: HOST6, dst: FAR6, payload: pattern(1460) });
    const tooBig = ip6({ src: HOST6, dst: FAR6, payload: pattern(1461) });
    bench.pushIp6('lan', fits, tooBig);
    bench.run();
    assert.deepEqual(bench.sentIp6('wan'), [forwarded6(fits)]);
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, tooBig, 2, 0, 1500)]);
    bench.expect({ 'ip6-rewrite/too_big': 1, 'ip6-icmp-error/sent': 1 });
  });

  it('tells the hop limit before the MTU', () => {
    const packet = ip6({ src: HOST6, dst: FAR6, hopLimit: 1, payload: pattern(1461) });
    bench.pushIp6('lan', packet);
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, packet, 3, 0)]);
    bench.expect({ 'ip6-rewrite/hop_limit_expired': 1, 'ip6-icmp-error/sent': 1 });
  });

  it("tells a tunnel's MTU to hosts, and to Linux by an error to itself", () => {
    const packet = ip6({ src: HOST6, dst: REMOTE_HOST6, payload: pattern(1361) });
    bench.pushIp6('lan', packet);
    const own = ip6({ src: '2001:db8:cafe::1', dst: REMOTE_HOST6, payload: pattern(1361) });
    bench.inject('tun', own);
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, packet, 2, 0, 1400)]);
    assert.deepEqual(bench.punted(), [
      { interface: bench.row('tun'), bytes: icmp6Error('2001:db8:cafe::1', own, 2, 0, 1400) },
    ]);
    bench.expect({ 'ip6-rewrite/too_big': 2, 'ip6-icmp-error/sent': 2 });
  });

  for (const [what, nextHeader, cut] of [
    ['ESP of another tunnel', 50, true],
    ['UDP', 17, true],
    ['ICMPv6', 58, true],
    ['TCP', 6, false],
    ['a fragment', 44, false],
  ] as const) {
    it(`${cut ? 'fragments' : 'does not fragment'} what Linux sends into a tunnel and is too big: ${what}`, () => {
      const packet = ip6({
        src: '2001:db8:cafe::1',
        dst: REMOTE_HOST6,
        nextHeader,
        payload: nextHeader === 44 ? new Uint8Array(1361) : pattern(1361),
      });
      bench.inject('tun', packet);
      bench.run();
      assert.equal(bench.sent('wan').length, cut ? 2 : 0);
      assert.equal(bench.punted().length, cut ? 0 : 1);
      bench.expect(
        cut
          ? { 'ip6-rewrite/own_too_big': 1, 'ip6-frag/fragments': 2 }
          : { 'ip6-rewrite/too_big': 1, 'ip6-icmp-error/sent': 1 },
      );
    });
  }

  it('has no tunnel tell an MTU under 1280: those octets every link of IPv6 carries', () => {
    const { interfaces, adjacencies } = bench.control;
    adjacencies.setMtu(interfaces.tunnelAdjacency[bench.row('tun')]!, 1000);
    // The route's adjacency is the tunnel's.
    const packet = ip6({ src: HOST6, dst: REMOTE_HOST6, payload: pattern(1241) });
    const least = ip6({ src: HOST6, dst: REMOTE_HOST6, payload: pattern(1240) });
    bench.pushIp6('lan', packet, least);
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, packet, 2, 0, 1280)]);
    assert.equal(bench.sentIp('wan').length, 1, 'the outer packet');
    assert.equal(bench.interface('tun').txPackets, 1);
    bench.expect({ 'ip6-rewrite/too_big': 1, 'ip6-icmp-error/sent': 1 });
  });

  it("has the box's own packets fragmented", () => {
    const ask = icmp6({ src: HOST6, dst: LAN6, type: 128, body: pattern(1461) });
    bench.pushIp6('lan', ask);
    bench.run();
    const reply = icmp6({ src: LAN6, dst: HOST6, type: 129, body: pattern(1461) });
    assert.deepEqual(reassemble6(bench.sentIp6('lan')), reply);
    bench.expect({ 'ip6-icmp-echo/replies': 1, 'ip6-rewrite/own_too_big': 1, 'ip6-frag/fragments': 2 });
  });
});

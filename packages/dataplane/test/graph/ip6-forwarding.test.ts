// Two routers, a link between them and a host at either end: IPv6 there and back, whatever its size.
import assert from 'node:assert/strict';
import { type Bench, testBench } from '../support/bench.js';
import { concat, hex, pattern } from '../support/packets.js';
import { extension, forwarded6, fragmentHeader, icmp6, icmp6Error, ip6 } from '../support/packets6.js';

const NEAR_HOST = '2001:db8:a::10';
const FAR_HOST = '2001:db8:b::10';
const NEAR_LINK = 'fe80::ff:fe00:201';
const MAC = '02:00:00:00:aa:10';

/** The interface `link` is second in both, so that their link-local addresses would be one: the far one's differs. */
class Line {
  readonly near: Bench;
  readonly far: Bench;

  constructor(workers: number, linkMtu: number) {
    const side = (own: string, other: string, peer: string): Bench =>
      testBench({
        workers,
        interfaces: [
          { name: 'lan', address6: `2001:db8:${own}::1/64`, worker: 0 },
          { name: 'link', address6: `2001:db8:ffff::${own}/127`, worker: workers - 1, mtu: linkMtu },
        ],
        neighbours: [
          { interface: 'lan', address: `2001:db8:${own}::10`, mac: MAC },
          { interface: 'lan', address: 'fe80::aa:10', mac: MAC },
          { interface: 'link', address: `2001:db8:ffff::${peer}`, mac: '02:00:00:00:02:01' },
        ],
        routes: [{ prefix: `2001:db8:${other}::/48`, via: `2001:db8:ffff::${peer}` }],
      });
    this.near = side('a', 'b', 'b');
    this.far = side('b', 'a', 'a');
  }

  carry(from: Bench, to: Bench, packets: Uint8Array[]): Uint8Array[] {
    from.pushIp6('lan', ...packets);
    from.run();
    to.push('link', ...from.sent('link'));
    to.run();
    return to.sentIp6('lan');
  }

  close(): void {
    this.near.close();
    this.far.close();
  }
}

const twice = (packet: Uint8Array): Uint8Array => forwarded6(forwarded6(packet));

describe('IPv6 between two gateways', () => {
  let line: Line;
  afterEach(() => line.close());

  for (const workers of [1, 2]) {
    it(`every length from 40 to 1500 octets comes out as it went in, both ways, ${workers} workers`, () => {
      line = new Line(workers, 1500);
      for (let from = 40; from <= 1500; from += 73) {
        const sizes = Array.from({ length: Math.min(73, 1501 - from) }, (_, i) => from + i);
        const make = (src: string, dst: string) => (size: number) =>
          ip6({
            src,
            dst,
            trafficClass: size & 0xff,
            flowLabel: size * 99,
            payload: pattern(size - 40, size),
          });
        const out = sizes.map(make(NEAR_HOST, FAR_HOST));
        assert.deepEqual(line.carry(line.near, line.far, out).map(hex), out.map(twice).map(hex));
        const back = sizes.map(make(FAR_HOST, NEAR_HOST));
        assert.deepEqual(line.carry(line.far, line.near, back).map(hex), back.map(twice).map(hex));
      }
      line.near.expect({});
      line.far.expect({});
    });
  }

  it('fragments and extension headers of hosts pass as they are', () => {
    line = new Line(1, 1280);
    const packets = [
      ip6({
        src: NEAR_HOST,
        dst: FAR_HOST,
        nextHeader: 44,
        payload: concat(fragmentHeader(17, 0, true), pattern(1232)),
      }),
      ip6({
        src: NEAR_HOST,
        dst: FAR_HOST,
        nextHeader: 44,
        payload: concat(fragmentHeader(17, 1232, false), pattern(9)),
      }),
      ip6({
        src: NEAR_HOST,
        dst: FAR_HOST,
        nextHeader: 0,
        payload: extension(59, Uint8Array.of(5, 2, 0, 0)),
      }),
    ];
    assert.deepEqual(line.carry(line.near, line.far, packets), packets.map(twice));
    line.near.expect({});
    line.far.expect({});
  });

  it('a narrow link between them is told by the router before it, and the sender fits in', () => {
    line = new Line(1, 1280);
    const packet = icmp6({ src: NEAR_HOST, dst: FAR_HOST, type: 128, body: pattern(1400) });
    assert.deepEqual(line.carry(line.near, line.far, [packet]), []);
    assert.deepEqual(line.near.sentIp6('lan'), [icmp6Error('2001:db8:a::1', packet, 2, 0, 1280)]);
    const fits = icmp6({ src: NEAR_HOST, dst: FAR_HOST, type: 128, body: pattern(1232) });
    assert.deepEqual(line.carry(line.near, line.far, [fits]), [twice(fits)]);
    line.near.expect({ 'ip6-rewrite/too_big': 1, 'ip6-icmp-error/sent': 1 });
    line.far.expect({});
  });

  it('a traceroute shows each router by the address that the packet reached it by', () => {
    line = new Line(1, 1500);
    const probe = (hopLimit: number): Uint8Array =>
      ip6({ src: NEAR_HOST, dst: FAR_HOST, hopLimit, nextHeader: 17, payload: pattern(20) });
    line.near.pushIp6('lan', probe(1), probe(2));
    line.near.run();
    assert.deepEqual(line.near.sentIp6('lan'), [icmp6Error('2001:db8:a::1', probe(1), 3, 0)]);
    line.far.push('link', ...line.near.sent('link'));
    line.far.run();
    line.near.push('link', ...line.far.sent('link'));
    line.near.run();
    const answer = icmp6Error('2001:db8:ffff::b', forwarded6(probe(2)), 3, 0);
    assert.deepEqual(line.near.sentIp6('lan'), [forwarded6(answer)]);
    line.near.expect({ 'ip6-rewrite/hop_limit_expired': 1, 'ip6-icmp-error/sent': 1 });
    line.far.expect({ 'ip6-rewrite/hop_limit_expired': 1, 'ip6-icmp-error/sent': 1 });
  });

  it('link-local addresses end at the link', () => {
    line = new Line(1, 1500);
    const packets = [
      ip6({ src: 'fe80::aa:10', dst: FAR_HOST, payload: pattern(9) }),
      ip6({ src: NEAR_HOST, dst: NEAR_LINK, payload: pattern(9) }),
    ];
    assert.deepEqual(line.carry(line.near, line.far, packets), []);
    assert.deepEqual(line.near.sentIp6('lan'), [icmp6Error('fe80::ff:fe00:101', packets[0]!, 1, 2)]);
    line.near.expect({
      'ip6-lookup/beyond_scope': 1,
      'ip6-lookup/link_local': 1,
      'ip6-icmp-error/sent': 1,
    });
  });
});

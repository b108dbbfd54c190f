import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { concat, ethernet, pattern, udp } from '../support/packets.js';
import { extension, fragmentHeader, type Ip6Options, icmp6, icmp6Error, ip6 } from '../support/packets6.js';
import { FAR6, HOST_MAC, HOST6, HOST6_LINK, LAN6, LAN6_LINK, ROUTER6, site6 } from '../support/site.js';

describeNode('ip6-icmp-error', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site6();
  });
  afterEach(() => bench.close());

  /** A packet that ends here because of its hop limit. */
  const dying = (options: Partial<Ip6Options> = {}): Uint8Array =>
    ip6({
      src: HOST6,
      dst: FAR6,
      hopLimit: 1,
      nextHeader: 17,
      payload: udp(1, 2, pattern(30)),
      ...options,
    });
  const message = (type: number, body = pattern(48)): Uint8Array =>
    icmp6({ src: HOST6, dst: FAR6, hopLimit: 1, type, body });
  const expired = 'ip6-rewrite/hop_limit_expired';

  const quoted: [string, Uint8Array][] = [
    ['a bare header', dying({ nextHeader: 59, payload: new Uint8Array() })],
    ['an odd number of octets', dying({ payload: pattern(31) })],
    ['1232 octets, all of them', dying({ payload: pattern(1192) })],
    ['1233 octets, all but one', dying({ payload: pattern(1193) })],
    ['1500 octets, the first 1232', dying({ payload: pattern(1460) })],
    [
      'a first fragment',
      dying({ nextHeader: 44, payload: concat(fragmentHeader(17, 0, true), pattern(64)) }),
    ],
    ['a later one', dying({ nextHeader: 44, payload: concat(fragmentHeader(17, 64, false), pattern(64)) })],
    ['an echo request', message(128)],
    ['an echo reply', message(129)],
    ['an informational type that nobody knows', message(200)],
    ['MLD', message(143)],
  ];
  for (const [what, packet] of quoted) {
    it(`quotes ${what}`, () => {
      bench.push('lan', ethernet(bench.mac('lan'), HOST_MAC, 0x86dd, concat(packet, pattern(7, 0xee))));
      bench.run();
      const error = icmp6Error(LAN6, packet, 3, 0);
      assert.ok(error.length <= 1280);
      assert.deepEqual(bench.sent('lan'), [ethernet(HOST_MAC, bench.mac('lan'), 0x86dd, error)]);
      bench.expect({ [expired]: 1, 'ip6-icmp-error/sent': 1 });
    });
  }

  const behindOptions = icmp6({
    src: HOST6,
    dst: FAR6,
    hopLimit: 1,
    type: 3,
    first: 60,
    extensions: extension(58, new Uint8Array(6)),
  });
  const silent: [string, Uint8Array, string][] = [
    ...[1, 2, 3, 4, 100, 127].map((type): [string, Uint8Array, string] => [
      `ICMPv6 errors: type ${type}`,
      message(type),
      'about_error',
    ]),
    ['errors behind options', behindOptions, 'about_error'],
    ...[133, 134, 135, 136, 137].map((type): [string, Uint8Array, string] => [
      `neighbour discovery and redirects: type ${type}`,
      message(type),
      'about_error',
    ]),
    ['ICMPv6 without a type', dying({ nextHeader: 58, payload: new Uint8Array() }), 'about_error'],
    [
      'later fragments of ICMPv6, which may be an error’s',
      dying({ nextHeader: 44, payload: concat(fragmentHeader(58, 64, false), pattern(64)) }),
      'about_error',
    ],
  ];
  for (const [what, packet, counter] of silent) {
    it(`says nothing about ${what} (RFC 4443 section 2.4 e)`, () => {
      bench.pushIp6('lan', packet);
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.equal(bench.interface('lan').drops, 1);
      bench.expect({ [expired]: 1, [`ip6-icmp-error/${counter}`]: 1 });
    });
  }

  it('says nothing about what came to a group, but for unknown options', () => {
    const behind = (first: number, content: Uint8Array): Uint8Array =>
      ip6({ src: HOST6, dst: 'ff02::1', nextHeader: first, payload: content });
    const routing = behind(43, Uint8Array.of(17, 0, 4, 1, 0, 0, 0, 0));
    const option = behind(60, extension(17, Uint8Array.of(0x9e, 0)));
    for (const packet of [routing, option]) {
      bench.push('lan', ethernet('33:33:00:00:00:01', HOST_MAC, 0x86dd, packet));
    }
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, option, 4, 2, 42)]);
    bench.expect({
      'ip6-local/unknown_routing': 1,
      'ip6-local/unknown_option': 1,
      'ip6-icmp-error/about_group': 1,
      'ip6-icmp-error/sent': 1,
    });
  });

  it('says nothing to who has no address', () => {
    const packet = ip6({
      src: '::',
      dst: 'ff02::1',
      nextHeader: 60,
      payload: extension(17, Uint8Array.of(0x9e, 0)),
    });
    bench.pushIp6('lan', packet);
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'ip6-local/unknown_option': 1, 'ip6-icmp-error/about_group': 1 });
  });

  it('answers a link-local sender from the link-local address, which needs no other', () => {
    bench.control.interfaces.address6.fill(0);
    const packet = dying({ src: HOST6_LINK, dst: HOST6 });
    bench.pushIp6('lan', packet);
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6_LINK, packet, 3, 0)]);
    bench.expect({ [expired]: 1, 'ip6-icmp-error/sent': 1 });
  });

  it('says nothing when it has no address to say it from', () => {
    bench.control.interfaces.address6.fill(0);
    bench.pushIp6('lan', dying());
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ [expired]: 1, 'ip6-icmp-error/no_source': 1 });
  });

  it('sends a hundred at once and a thousand a second by each interface, whatever the other suffers', () => {
    const send = (count: number): number => {
      bench.pushIp6('lan', ...Array.from({ length: count }, (_, flowLabel) => dying({ flowLabel })));
      bench.run();
      return bench.sent('lan').length;
    };
    assert.equal(send(250), 100);
    bench.now += 5;
    assert.equal(send(10), 5);
    const other = dying({ src: ROUTER6, dst: HOST6 });
    bench.pushIp6('wan', other);
    bench.run();
    assert.deepEqual(bench.sentIp6('wan'), [icmp6Error('2001:db8:ffff::1', other, 3, 0)]);
    bench.expect({ [expired]: 261, 'ip6-icmp-error/sent': 106, 'ip6-icmp-error/rate_limited': 155 });
    assert.equal(bench.interface('lan').drops, 260, 'each packet is one drop of its interface');
  });

  it('sends the error about a packet in a large frame in a small one: ports send no others', () => {
    const packet = dying({ payload: pattern(3000) });
    const free = bench.pool.large;
    bench.pushIp6('lan', packet);
    assert.equal(bench.pool.large, free - 1);
    bench.run();
    assert.equal(bench.pool.large, free);
    assert.deepEqual(bench.sent('lan'), [
      ethernet(HOST_MAC, bench.mac('lan'), 0x86dd, icmp6Error(LAN6, packet, 3, 0)),
    ]);
    bench.expect({ [expired]: 1, 'ip6-icmp-error/sent': 1 });
  });

  it('does not spend its rate on what it says nothing about', () => {
    bench.pushIp6('lan', ...Array.from({ length: 200 }, () => message(1)), dying());
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, dying(), 3, 0)]);
    bench.expect({ [expired]: 201, 'ip6-icmp-error/about_error': 200, 'ip6-icmp-error/sent': 1 });
  });
});

import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import {
  BROADCAST,
  concat,
  ethernet,
  type Ip4Options,
  icmp,
  icmpError,
  ip,
  ip4,
  pattern,
  udp,
} from '../support/packets.js';
import { FAR, HOST, HOST_MAC, LAN, site } from '../support/site.js';

describeNode('ip4-icmp-error', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site();
  });
  afterEach(() => bench.close());

  /** A packet that ends here because of its TTL. */
  const dying = (options: Partial<Ip4Options> = {}): Uint8Array =>
    ip4({ src: HOST, dst: FAR, ttl: 1, protocol: 17, payload: udp(1, 2, pattern(30)), ...options });
  const ttlExpired = 'ip4-rewrite/ttl_expired';

  const quoted: [string, Uint8Array][] = [
    ['a bare header', dying({ protocol: 253, payload: new Uint8Array() })],
    ['an odd number of octets', dying({ payload: udp(1, 2, pattern(31)) })],
    ['528 octets, all of them', dying({ payload: pattern(528) })],
    ['529 octets, all but one', dying({ payload: pattern(529) })],
    ['1480 octets, the first 528', dying({ payload: pattern(1480) })],
    ['options', dying({ options: new Uint8Array(40).fill(1) })],
    ['a first fragment', dying({ mf: true })],
    ['an echo request', dying({ protocol: 1, payload: icmp(8, 0, 1, pattern(9)) })],
    ['an echo reply', dying({ protocol: 1, payload: icmp(0, 0, 1, pattern(9)) })],
    ['an ICMP type that nobody knows', dying({ protocol: 1, payload: icmp(200, 0, 1, pattern(9)) })],
  ];
  for (const [what, packet] of quoted) {
    it(`quotes ${what}`, () => {
      bench.push('lan', concat(bench.toInterface('lan', packet), new Uint8Array(7).fill(0xee)));
      bench.run();
      const error = icmpError(LAN, packet, 11, 0);
      assert.ok(error.length <= 576);
      assert.deepEqual(bench.sent('lan'), [ethernet(HOST_MAC, bench.mac('lan'), 0x0800, error)]);
      bench.expect({ [ttlExpired]: 1, 'ip4-icmp-error/sent': 1 });
    });
  }

  const silent: [string, Uint8Array, string][] = [
    ...[3, 4, 5, 11, 12].map((type): [string, Uint8Array, string] => [
      `ICMP errors: type ${type}`,
      dying({ protocol: 1, payload: icmp(type, 0, 0, pattern(28)) }),
      'about_error',
    ]),
    ['ICMP without a type', dying({ protocol: 1, payload: new Uint8Array() }), 'about_error'],
    ['fragments but the first', dying({ fragmentOffset: 8, mf: true }), 'about_fragment'],
    ['the last fragment', dying({ fragmentOffset: 8 }), 'about_fragment'],
    ['a source that is a broadcast address of the box', dying({ src: '10.1.0.255' }), 'about_group'],
  ];
  for (const [what, packet, counter] of silent) {
    it(`says nothing about ${what} (RFC 1812 section 4.3.2.7)`, () => {
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.equal(bench.interface('lan').drops, 1);
      bench.expect({ [ttlExpired]: 1, [`ip4-icmp-error/${counter}`]: 1 });
    });
  }

  it('says nothing about what came in a frame to everyone', () => {
    bench.push('lan', ethernet(BROADCAST, HOST_MAC, 0x0800, dying()));
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'ip4-lookup/link_group': 1 });
  });

  it('says nothing when it has no address to say it from', () => {
    bench.control.interfaces.address[bench.row('lan')] = 0;
    bench.pushIp('lan', dying());
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ [ttlExpired]: 1, 'ip4-icmp-error/no_source': 1 });
  });

  it('sends a hundred at once, and a thousand a second from then on', () => {
    const send = (count: number): number => {
      bench.pushIp('lan', ...Array.from({ length: count }, (_, id) => dying({ id })));
      bench.run();
      return bench.sent('lan').length;
    };
    assert.equal(send(250), 100);
    assert.equal(send(1), 0);
    bench.now += 5;
    assert.equal(send(10), 5);
    bench.now -= 60_000; // a clock set back gives nothing
    assert.equal(send(10), 0);
    bench.now += 1;
    assert.equal(send(10), 1);
    bench.now += 3_600_000;
    assert.equal(send(250), 100);
    bench.expect({
      [ttlExpired]: 531,
      'ip4-icmp-error/sent': 206,
      'ip4-icmp-error/rate_limited': 325,
    });
    assert.equal(bench.interface('lan').drops, 531, 'each packet is one drop of its interface');
  });

  it('answers on one interface whatever another suffers', () => {
    bench.pushIp('lan', ...Array.from({ length: 150 }, (_, id) => dying({ id })));
    const other = dying({ src: '192.0.2.9', dst: HOST });
    bench.control.resolve({ interface: 'wan', address: '192.0.2.9', mac: HOST_MAC });
    bench.pushIp('wan', other);
    bench.run();
    assert.equal(bench.sent('lan').length, 100);
    assert.deepEqual(bench.sentIp('wan'), [icmpError('192.0.2.1', other, 11, 0)]);
    bench.expect({ [ttlExpired]: 151, 'ip4-icmp-error/sent': 101, 'ip4-icmp-error/rate_limited': 50 });
  });

  it('answers from the address that is lent to an interface without one, in its VRF', () => {
    const row = bench.row('lan');
    bench.control.interfaces.address[row] = bench.control.interfaces.address[bench.row('wan')]!;
    bench.pushIp('lan', dying());
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [icmpError('192.0.2.1', dying(), 11, 0)]);
    bench.expect({ [ttlExpired]: 1, 'ip4-icmp-error/sent': 1 });
  });

  it('answers in the VRF of the interface that it came in by, where the route led to another one', () => {
    bench.close();
    bench = site({
      interfaces: [
        { name: 'lan', address: `${LAN}/24` },
        { name: 'wan', address: '192.0.2.1/24' },
        { name: 'red', address: '10.7.0.1/24', vrf: 7, mtu: 600 },
      ],
      neighbours: [{ interface: 'red', address: '10.7.0.9', mac: '02:00:00:00:cc:09' }],
    });
    const { fib } = bench.control;
    fib.add(0, ip('198.51.100.0'), 24, fib.get(7, ip('10.7.0.9'), 32));
    const packet = dying({ ttl: 9, df: true, payload: pattern(900) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sent('red'), []);
    assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, packet, 3, 4, 600)]);
    bench.expect({ 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1 });
  });

  it('leaves the frame before alone, however little room there is before the packet', () => {
    const octets = bench.toInterface('lan', dying());
    const frame = bench.frameOf(octets, 2);
    bench.pool.rxInterface[frame] = bench.row('lan');
    bench.pool.vrf[frame] = 0;
    bench.pool.l3[frame] = bench.pool.offset[frame]! + 14;
    const base = bench.pool.base(frame);
    bench.pool.bytes.fill(0x5a, base - 64, base);
    bench.pool.aux[frame] = (11 << 24) | 0;
    bench.handOver('ip4-icmp-error', frame);
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, dying(), 11, 0)]);
    assert.ok(bench.pool.bytes.subarray(base - 64, base).every((octet) => octet === 0x5a));
    bench.expect({ 'ip4-icmp-error/sent': 1 });
  });

  it('sends the error about a packet in a large frame in a small one: ports send no others', () => {
    const packet = dying({ payload: pattern(3000) });
    const free = bench.pool.large;
    bench.pushIp('lan', packet);
    assert.equal(bench.pool.large, free - 1);
    bench.run();
    assert.equal(bench.pool.large, free);
    assert.deepEqual(bench.sent('lan'), [
      ethernet(HOST_MAC, bench.mac('lan'), 0x0800, icmpError(LAN, packet, 11, 0)),
    ]);
    bench.expect({ [ttlExpired]: 1, 'ip4-icmp-error/sent': 1 });
  });

  for (const dst of ['239.1.2.3', '240.0.0.1']) {
    it(`says nothing about what goes to ${dst}, which ends before its TTL does`, () => {
      bench.pushIp('lan', dying({ dst }));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'ip4-lookup/link_group': 1 });
    });
  }

  it('does not spend its rate on what it says nothing about', () => {
    const broadcast = Array.from({ length: 200 }, () => dying({ src: '10.1.0.255' }));
    bench.pushIp('lan', ...broadcast, dying());
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, dying(), 11, 0)]);
    bench.expect({ [ttlExpired]: 201, 'ip4-icmp-error/about_group': 200, 'ip4-icmp-error/sent': 1 });
  });
});

import assert from 'node:assert/strict';
import { type Bench, testBench } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import {
  BROADCAST,
  ethernet,
  fragmentsOf,
  type Ip4Options,
  icmp,
  ip4,
  pattern,
  udp,
} from '../support/packets.js';
import { HOST, HOST_MAC, LAN, siteWithTunnel, WAN } from '../support/site.js';

describeNode('ip4-local', () => {
  let bench: Bench;
  before(() => {
    bench = siteWithTunnel();
  });
  after(() => bench.close());

  const local = (options: Partial<Ip4Options>): Uint8Array => ip4({ src: HOST, dst: LAN, ...options });
  const nat = (payload: Uint8Array): Uint8Array => local({ protocol: 17, payload: udp(4500, 4500, payload) });

  const toLinux: [string, Uint8Array][] = [
    ['TCP', local({ protocol: 6, payload: pattern(20) })],
    ['a bare header', local({ protocol: 6 })],
    ['TTL 1, which ends here rightly', local({ protocol: 6, ttl: 1, payload: pattern(20) })],
    ['IKE', local({ protocol: 17, payload: udp(500, 500, pattern(60)) })],
    ['IKE behind the non-ESP marker', nat(new Uint8Array(40))],
    ['nothing in UDP at port 4500', nat(new Uint8Array())],
    ['one octet at port 4500 that is no keepalive', nat(Uint8Array.of(1))],
    ['three octets at port 4500', nat(Uint8Array.of(0xff, 0xff, 0xff))],
    ['UDP cut short', local({ protocol: 17, payload: udp(4500, 4500, new Uint8Array()).subarray(0, 7) })],
    ['an echo reply', local({ protocol: 1, payload: icmp(0, 0, 1, pattern(8)) })],
    ['an echo request cut short', local({ protocol: 1, payload: icmp(8, 0, 1, pattern(8)).subarray(0, 7) })],
    ['a broadcast to the LAN', local({ dst: '10.1.0.255', protocol: 17, payload: udp(1, 2, pattern(3)) })],
    ['a group of the link', local({ dst: '224.0.0.5', protocol: 89, payload: pattern(30) })],
    [
      'an echo request to everyone',
      local({ dst: '10.1.0.255', protocol: 1, payload: icmp(8, 0, 1, pattern(8)) }),
    ],
    ['ESP to everyone', local({ dst: '10.1.0.255', protocol: 50, payload: pattern(40) })],
  ];
  for (const [what, packet] of toLinux) {
    it(`gives Linux ${what}, as it came`, () => {
      const before = bench.interface('lan').punted;
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.punted(), [
        { interface: bench.row('lan'), bytes: bench.toInterface('lan', packet) },
      ]);
      assert.deepEqual(bench.sent('lan'), []);
      assert.equal(bench.interface('lan').punted, before + 1);
      bench.expect({});
    });
  }

  const whole: [string, Uint8Array, Moved][] = [
    ['TCP', local({ protocol: 6, payload: pattern(80) }), {}],
    ['IKE', local({ protocol: 17, payload: udp(500, 500, pattern(90)) }), {}],
    ['IKE behind the non-ESP marker', nat(new Uint8Array(60)), {}],
    ['UDP to everyone', local({ dst: '10.1.0.255', protocol: 17, payload: udp(1, 2, pattern(60)) }), {}],
    ['ESP', local({ protocol: 50, payload: pattern(70) }), { 'esp-input/unknown_spi': 1 }],
    ['ESP in UDP', nat(pattern(70)), { 'esp-input/unknown_spi': 1 }],
  ];
  for (const [what, packet, moved] of whole) {
    it(`has fragments of ${what} put together first`, () => {
      bench.pushIp('lan', ...fragmentsOf(packet, 32));
      bench.run();
      const counted = 'esp-input/unknown_spi' in moved;
      assert.deepEqual(
        bench.punted().map(({ bytes }) => bytes),
        counted ? [] : [bench.toInterface('lan', packet)],
      );
      const fragments = Math.ceil((packet.length - 20) / 32);
      bench.expect({ 'ip4-reassembly/reassembled': 1, 'ip4-reassembly/fragments': fragments, ...moved });
    });
  }

  it('takes a broadcast in a frame to everyone', () => {
    const frame = ethernet(
      BROADCAST,
      HOST_MAC,
      0x0800,
      local({ dst: '255.255.255.255', protocol: 17, payload: udp(68, 67, pattern(9)) }),
    );
    bench.push('lan', frame);
    bench.run();
    assert.deepEqual(bench.punted(), [{ interface: bench.row('lan'), bytes: frame }]);
    bench.expect({});
  });

  it('gives the twin of the interface that received it what is for the address of another', () => {
    const packet = local({ dst: WAN, protocol: 6, payload: pattern(20) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.equal(bench.punted()[0]!.interface, bench.row('lan'));
    bench.expect({});
  });

  const notForLinux: [string, Uint8Array, Moved][] = [
    ['ESP', local({ protocol: 50, payload: pattern(40) }), { 'esp-input/unknown_spi': 1 }],
    ['ESP without octets', local({ protocol: 50 }), { 'esp-input/truncated': 1 }],
    ['ESP in UDP', nat(pattern(40)), { 'esp-input/unknown_spi': 1 }],
    ['four octets of ESP in UDP', nat(pattern(4)), { 'esp-input/truncated': 1 }],
    ['a NAT keepalive', nat(Uint8Array.of(0xff)), { 'ip4-local/nat_keepalive': 1 }],
  ];
  for (const [what, packet, moved] of notForLinux) {
    it(`keeps ${what} from Linux`, () => {
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.punted(), []);
      bench.expect(moved);
    });
  }

  const fromOwn: [string, Uint8Array][] = [
    ['its address on the link', local({ src: LAN, protocol: 6, payload: pattern(20) })],
    ['its address on another link', local({ src: WAN, protocol: 17, payload: udp(500, 500, pattern(9)) })],
    ["its tunnel's", local({ src: '169.254.0.1', protocol: 1, payload: icmp(8, 0, 1, pattern(8)) })],
    [
      'a broadcast of its networks',
      local({ src: '10.1.0.255', protocol: 1, payload: icmp(8, 0, 1, pattern(8)) }),
    ],
    [
      'itself, to everyone',
      local({ src: LAN, dst: '10.1.0.255', protocol: 17, payload: udp(1, 2, pattern(3)) }),
    ],
    ['itself, in clear GRE', local({ src: WAN, dst: WAN, protocol: 47, payload: pattern(24) })],
  ];
  for (const [what, packet] of fromOwn) {
    it(`drops what a link brings from ${what}`, () => {
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.punted(), []);
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'ip4-local/own_source': 1 });
    });
  }

  it('tells them from others of their vector', () => {
    const from = (src: string): Uint8Array => local({ src, protocol: 6, payload: pattern(20) });
    bench.pushIp('lan', ...[HOST, LAN, LAN, HOST, WAN, HOST].map(from));
    bench.run();
    assert.equal(bench.punted().length, 3);
    bench.expect({ 'ip4-local/own_source': 3 });
  });

  it('drops fragments of those once they are whole', () => {
    const packet = local({ src: LAN, protocol: 17, payload: udp(1, 2, pattern(60)) });
    bench.pushIp('lan', ...fragmentsOf(packet, 40));
    bench.run();
    assert.deepEqual(bench.punted(), []);
    bench.expect({
      'ip4-reassembly/reassembled': 1,
      'ip4-reassembly/fragments': 2,
      'ip4-local/own_source': 1,
    });
  });

  it('takes what the box sends itself by a tunnel, and leaves ESP to its ICV', () => {
    const packet = local({ src: LAN, protocol: 6, payload: pattern(20) });
    bench.enter('ip4-input', 'tun', bench.toInterface('lan', packet));
    bench.run();
    assert.equal(bench.punted()[0]?.interface, bench.row('tun'));
    bench.pushIp('lan', local({ src: WAN, protocol: 50, payload: pattern(40) }));
    bench.run();
    bench.expect({ 'esp-input/unknown_spi': 1 });
  });

  it('takes what the box sends from one VRF to another over a wire', () => {
    const two = testBench({
      interfaces: [
        { name: 'red', address: '10.1.0.1/24' },
        { name: 'blue', address: '10.2.0.1/24', vrf: 1 },
      ],
      routes: [{ prefix: '10.1.0.0/24', via: 'vrf 0', vrf: 1 }],
    });
    try {
      const packet = ip4({ src: '10.1.0.1', dst: '10.2.0.1', protocol: 6, payload: pattern(20) });
      two.pushIp('blue', packet);
      two.run();
      assert.deepEqual(two.punted(), [
        { interface: two.row('blue'), bytes: two.toInterface('blue', packet) },
      ]);
      two.expect({});
    } finally {
      two.close();
    }
  });
});

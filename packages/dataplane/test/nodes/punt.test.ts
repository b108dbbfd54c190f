import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espSeal } from '../support/esp.js';
import {
  arp,
  concat,
  ethernet,
  type Ip4Options,
  icmp,
  icmpError,
  ip4,
  pattern,
  udp,
} from '../support/packets.js';
import { extension, fragmentHeader, icmp6, icmp6Error, ip6 } from '../support/packets6.js';
import {
  FAR,
  FAR6,
  HOST,
  HOST_MAC,
  HOST6,
  LAN,
  LAN6,
  PEER,
  REMOTE_HOST,
  SPI_IN,
  saOf,
  siteWithTunnel,
  WAN,
} from '../support/site.js';

describeNode('punt', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = siteWithTunnel({}, { frames: 8192 });
  });
  afterEach(() => bench.close());

  const local = (options: Partial<Ip4Options>): Uint8Array => ip4({ src: HOST, dst: LAN, ...options });
  const port = (dst: number): Uint8Array => local({ protocol: 17, payload: udp(9, dst, new Uint8Array(8)) });

  /** Has so many copies punted; returns how many Linux got. */
  const flood = (frame: Uint8Array, count: number): number => {
    let got = 0;
    for (let left = count; left > 0; left -= 512) {
      bench.push('lan', ...new Array<Uint8Array>(Math.min(left, 512)).fill(frame));
      bench.run();
      got += bench.punted().length;
    }
    return got;
  };

  const classes: [string, () => Uint8Array, string, number, number][] = [
    [
      'ARP replies',
      () =>
        arp({
          operation: 2,
          senderMac: HOST_MAC,
          senderIp: HOST,
          targetIp: LAN,
          targetMac: bench.mac('lan'),
        }),
      'arp',
      500,
      2000,
    ],
    ['IKE', () => bench.toInterface('lan', port(500)), 'ike', 2000, 10_000],
    ['IKE behind NATs', () => bench.toInterface('lan', port(4500)), 'ike', 2000, 10_000],
    [
      'ICMP',
      () => bench.toInterface('lan', local({ protocol: 1, payload: icmp(0, 0, 1, pattern(8)) })),
      'icmp',
      200,
      1000,
    ],
    [
      'TCP',
      () => bench.toInterface('lan', local({ protocol: 6, payload: pattern(20) })),
      'tcp',
      5000,
      50_000,
    ],
    ['UDP', () => bench.toInterface('lan', port(161)), 'other', 2000, 20_000],
    [
      'UDP too short for a port',
      () => bench.toInterface('lan', local({ protocol: 17, payload: Uint8Array.of(1, 0xf4, 1) })),
      'other',
      2000,
      20_000,
    ],
    [
      'OSPF',
      () => bench.toInterface('lan', local({ protocol: 89, payload: pattern(8) })),
      'other',
      2000,
      20_000,
    ],
  ];
  const six = (packet: Uint8Array): Uint8Array => bench.toInterface('lan', packet, HOST_MAC, 0x86dd);
  const local6 = { src: HOST6, dst: LAN6 };
  const udp6 = (dst: number, hops: Uint8Array = new Uint8Array()): Uint8Array =>
    ip6({
      ...local6,
      nextHeader: hops.length > 0 ? 60 : 17,
      payload: concat(hops, udp(9, dst, new Uint8Array(8))),
    });
  classes.push(
    ['neighbour discovery', () => six(icmp6({ ...local6, type: 136, hopLimit: 255 })), 'nd', 500, 2000],
    ['ICMPv6', () => six(icmp6({ ...local6, type: 129 })), 'icmp', 200, 1000],
    [
      'TCP over IPv6',
      () => six(ip6({ ...local6, nextHeader: 6, payload: pattern(20) })),
      'tcp',
      5000,
      50_000,
    ],
    ['IKE over IPv6', () => six(udp6(500)), 'ike', 2000, 10_000],
    ['IKE behind options', () => six(udp6(4500, extension(17, new Uint8Array()))), 'ike', 2000, 10_000],
    ['UDP over IPv6', () => six(udp6(161)), 'other', 2000, 20_000],
    [
      'fragments of ICMPv6 but the first',
      () =>
        six(
          ip6({ ...local6, nextHeader: 44, payload: concat(fragmentHeader(58, 8, true), pattern(8, 128)) }),
        ),
      'icmp',
      200,
      1000,
    ],
  );
  for (const [what, frame, name, burst, perSecond] of classes) {
    it(`polices ${what}: ${burst} at once, ${perSecond} a second`, () => {
      assert.equal(flood(frame(), burst + 7), burst);
      bench.expect({ [`punt/policed_${name}`]: 7 });
      bench.now += 10;
      assert.equal(flood(frame(), perSecond / 100 + 3), perSecond / 100);
      bench.expect({ [`punt/policed_${name}`]: 3 });
    });
  }

  it('takes IKE and TCP while a flood of others is policed', () => {
    flood(bench.toInterface('lan', port(161)), 3000);
    assert.equal(flood(bench.toInterface('lan', port(500)), 10), 10);
    assert.equal(flood(bench.toInterface('lan', local({ protocol: 6, payload: pattern(20) })), 10), 10);
    bench.expect({ 'punt/policed_other': 1000 });
  });

  it('drops what the host-I/O thread has no room for', () => {
    const frame = bench.toInterface('lan', local({ protocol: 6, payload: pattern(20) }));
    for (let i = 0; i < 9; i++) {
      bench.push('lan', ...new Array<Uint8Array>(500).fill(frame));
      bench.run();
    }
    assert.equal(bench.interface('lan').punted, 4096);
    assert.equal(bench.punted().length, 4096);
    bench.expect({ 'punt/queue_full': 4500 - 4096 });
  });

  it('gives a TUN what came out of the tunnel without a link header', () => {
    const inner = ip4({ src: REMOTE_HOST, dst: '169.254.0.1', protocol: 6, payload: pattern(20) });
    const esp = espSeal(saOf(SPI_IN), { sequence: 1n, inner });
    bench.pushIp('wan', ip4({ src: PEER, dst: WAN, protocol: 50, payload: esp }));
    bench.run();
    assert.deepEqual(bench.punted(), [{ interface: bench.row('tun'), bytes: inner }]);
    assert.equal(bench.interface('tun').punted, 1);
    bench.expect({});
  });

  it('writes one of IPv6 before IPv6', () => {
    const spoofed = ip6({ src: LAN6, dst: FAR6, payload: pattern(8) });
    bench.pushIp6('lan', spoofed);
    bench.run();
    const bytes = ethernet(bench.mac('lan'), bench.mac('lan'), 0x86dd, icmp6Error(LAN6, spoofed, 1, 0));
    assert.deepEqual(bench.punted(), [{ interface: bench.row('lan'), bytes }]);
    bench.expect({ 'ip6-lookup/no_route': 1, 'ip6-icmp-error/sent': 1 });
  });

  it('writes a link header before what the box itself made for Linux', () => {
    // A packet that says it is from the box: the error about it is for the box.
    const spoofed = ip4({ src: LAN, dst: FAR, ttl: 1, payload: pattern(8) });
    bench.pushIp('lan', spoofed);
    bench.run();
    const bytes = ethernet(bench.mac('lan'), bench.mac('lan'), 0x0800, icmpError(LAN, spoofed, 11, 0));
    assert.deepEqual(bench.punted(), [{ interface: bench.row('lan'), bytes }]);
    bench.expect({ 'ip4-rewrite/ttl_expired': 1, 'ip4-icmp-error/sent': 1 });
  });
});

import assert from 'node:assert/strict';
import { GRAPH } from '../../src/graph/graph.js';
import { puntClass } from '../../src/nodes/punt-class.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espSeal } from '../support/esp.js';
import {
  arp,
  concat,
  ethernet,
  fixChecksum,
  type Ip4Options,
  icmp,
  icmpError,
  ip4,
  pattern,
  udp,
  viewOf,
} from '../support/packets.js';
import { address6, extension, icmp6, icmp6Error, ip6 } from '../support/packets6.js';
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
    bench.control.interfaces.telnet[bench.row('lan')] = 1;
  });
  afterEach(() => bench.close());

  const local = (options: Partial<Ip4Options>): Uint8Array =>
    bench.toInterface('lan', ip4({ src: HOST, dst: LAN, ...options }));
  const udpTo = (
    dst: number,
    payload: Uint8Array = new Uint8Array(8),
    more: Partial<Ip4Options> = {},
  ): Uint8Array => local({ protocol: 17, payload: udp(9, dst, payload), ...more });
  const tcpTo = (src: number, dst: number): Uint8Array =>
    local({ protocol: 6, payload: concat(udp(src, dst, pattern(12))) });

  /** Has copies punted, `vary` of them by number; returns how many Linux got. */
  const flood = (
    frame: Uint8Array,
    count: number,
    vary: (frame: Uint8Array<ArrayBuffer>, i: number) => void,
  ): number => {
    let got = 0;
    for (let at = 0; at < count; at += 512) {
      const frames = Array.from({ length: Math.min(count - at, 512) }, (_, i) => {
        const copy = Uint8Array.from(frame);
        vary(copy, at + i);
        return copy;
      });
      bench.push('lan', ...frames);
      bench.run();
      got += bench.punted().length;
    }
    return got;
  };
  const oneSource = (): void => undefined;
  /** Another host of the network each time, as ARP or IPv4 says it. */
  const manySources = (frame: Uint8Array<ArrayBuffer>, i: number): void => {
    const type = frame[13];
    const source = type === 0x06 ? 14 : type === 0x00 ? 12 : 8 + 12;
    const last = 14 + source + 3;
    const by = 10 + (i % 200) - frame[last]!;
    frame[last] = frame[last]! + by;
    // RFC 1624: neighbour discovery is checked before it is handed on.
    if (type === 0xdd && frame[14 + 6] === 58) {
      const view = viewOf(frame);
      const sum = (~view.getUint16(14 + 42) & 0xffff) + by + 0xffff;
      view.setUint16(14 + 42, ~((sum & 0xffff) + (sum >>> 16)));
    }
    if (type === 0x00) fixChecksum(frame.subarray(14));
  };

  const arpReply = (): Uint8Array =>
    arp({ operation: 2, senderMac: HOST_MAC, senderIp: HOST, targetIp: LAN, targetMac: bench.mac('lan') });
  const marked = concat(new Uint8Array(4), pattern(24, 1));
  /** What, a frame of it, its class, its burst and rate. */
  const classes: [string, () => Uint8Array, string, number, number][] = [
    ['ARP replies', arpReply, 'arp', 500, 2000],
    ['IKE', () => udpTo(500), 'ike', 2000, 10_000],
    ['IKE behind NATs, by its marker', () => udpTo(4500, marked), 'ike', 2000, 10_000],
    ['what is too short for the marker', () => udpTo(4500, pattern(3)), 'other', 2000, 10_000],
    ['DHCP to a server', () => udpTo(67), 'dhcp', 200, 1000],
    ['DHCP to a client', () => udpTo(68), 'dhcp', 200, 1000],
    ['SSH', () => tcpTo(50_000, 22), 'login', 2000, 10_000],
    ['Telnet', () => tcpTo(50_000, 23), 'login', 2000, 10_000],
    ['BGP', () => tcpTo(50_000, 179), 'routing', 2000, 10_000],
    ['BGP that the box opened', () => tcpTo(179, 50_000), 'routing', 2000, 10_000],
    ['LDP', () => tcpTo(646, 50_000), 'routing', 2000, 10_000],
    ['OSPF', () => local({ protocol: 89, payload: pattern(8) }), 'routing', 2000, 10_000],
    ['VRRP', () => local({ protocol: 112, payload: pattern(8) }), 'routing', 2000, 10_000],
    ['BFD', () => udpTo(3784), 'routing', 2000, 10_000],
    ['RIP', () => udpTo(520), 'routing', 2000, 10_000],
    ['ICMP', () => local({ protocol: 1, payload: icmp(0, 0, 1, pattern(8)) }), 'icmp', 200, 1000],
    ['other TCP', () => tcpTo(50_000, 5201), 'tcp', 2000, 20_000],
    ['TCP that is cut short', () => local({ protocol: 6, payload: pattern(3) }), 'tcp', 2000, 20_000],
    ['SNMP', () => udpTo(161), 'other', 2000, 10_000],
    [
      'UDP too short for a port',
      () => local({ protocol: 17, payload: Uint8Array.of(1, 0xf4, 1) }),
      'other',
      2000,
      10_000,
    ],
    ['another protocol', () => local({ protocol: 200, payload: pattern(8) }), 'other', 2000, 10_000],
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
    [
      'neighbour discovery',
      () => six(icmp6({ ...local6, type: 136, hopLimit: 255, body: address6(HOST6) })),
      'nd',
      500,
      2000,
    ],
    ['ICMPv6', () => six(icmp6({ ...local6, type: 129 })), 'icmp', 200, 1000],
    [
      'TCP over IPv6',
      () => six(ip6({ ...local6, nextHeader: 6, payload: pattern(20) })),
      'tcp',
      2000,
      20_000,
    ],
    ['IKE over IPv6', () => six(udp6(500)), 'ike', 2000, 10_000],
    ['IKE behind options', () => six(udp6(500, extension(17, new Uint8Array()))), 'ike', 2000, 10_000],
    ['UDP over IPv6', () => six(udp6(161)), 'other', 2000, 10_000],
  );
  for (const [what, frame, name, burst, perSecond] of classes) {
    it(`polices ${what}: ${burst} at once, ${perSecond} a second, half of it from one source`, () => {
      assert.equal(flood(frame(), burst / 2 + 7, oneSource), burst / 2);
      bench.expect({ [`punt/policed_${name}`]: 7 });
      bench.now += 10;
      assert.equal(flood(frame(), perSecond / 200 + 3, oneSource), perSecond / 200);
      bench.expect({ [`punt/policed_${name}`]: 3 });

      // Some of its packets are the silent source's, which has the other half.
      bench.now += 10_000;
      assert.equal(flood(frame(), burst + 9, manySources), burst);
      bench.expect({ [`punt/policed_${name}`]: 9 });
    });
  }

  it('gives Linux Telnet of either family by interfaces that it is on for, and by no others', () => {
    const frames = [
      tcpTo(50_000, 23),
      six(ip6({ ...local6, nextHeader: 6, payload: concat(udp(50_000, 23, pattern(12))) })),
      local({
        options: Uint8Array.of(1, 1, 1, 1),
        protocol: 6,
        payload: concat(udp(50_000, 23, pattern(12))),
      }),
    ];
    bench.push('lan', ...frames);
    bench.run();
    assert.equal(bench.punted().length, 3);
    bench.control.interfaces.telnet[bench.row('lan')] = 0;
    bench.control.interfaces.telnet[bench.row('wan')] = 1;
    // SSH, and what answers the box's own Telnet client, go on.
    bench.push('lan', ...frames, tcpTo(50_000, 22), tcpTo(23, 50_000));
    bench.run();
    assert.equal(bench.punted().length, 2);
    bench.expect({ 'punt/telnet_off': 3 });
  });

  it('tells hosts without an address apart by their MAC addresses', () => {
    const message = {
      src: '0.0.0.0',
      dst: '255.255.255.255',
      protocol: 17,
      payload: udp(68, 67, pattern(8)),
    };
    const discover = bench.toInterface('lan', ip4(message), HOST_MAC);
    discover.fill(0xff, 0, 6);
    assert.equal(flood(discover, 107, oneSource), 100);
    bench.expect({ 'punt/policed_dhcp': 7 });
    const another = Uint8Array.from(discover);
    another[11] = another[11]! + 1;
    assert.equal(flood(another, 10, oneSource), 10);
  });

  it('polices what else is over IPv6 by the same classes', () => {
    const cases: [string, number, Uint8Array][] = [
      ['icmp', 58, Uint8Array.of(1, 0, 0, 0)],
      ['dhcp', 17, udp(547, 546, pattern(8))],
      ['dhcp', 17, udp(546, 547, pattern(8))],
      ['login', 6, udp(9, 22, pattern(8))],
      ['routing', 89, pattern(8)],
      ['routing', 17, udp(521, 521, pattern(8))],
      ['icmp', 0, Uint8Array.of(58, 0, 5, 2, 0, 0, 1, 0, 143, 0, 0, 0)],
      ['other', 200, pattern(8)],
    ];
    const node = GRAPH.find((each) => each.name === 'punt');
    for (const [name, nextHeader, payload] of cases) {
      const frame = bench.frameOf(six(ip6({ ...local6, nextHeader, payload })));
      bench.pool.l3[frame] = bench.pool.offset[frame]! + 14;
      const kind = puntClass(bench.pool, frame);
      assert.equal(node?.counters[2 + kind]?.name, `policed_${name}`, `next header ${nextHeader}`);
      bench.pool.free(frame);
    }
  });

  it('takes every class while floods of all the others are policed', () => {
    const one = new Map(classes.map(([, frame, name]) => [name, frame]));
    for (const [name, frame] of one) {
      for (const [otherName, other] of one) if (otherName !== name) flood(other(), 2100, manySources);
      assert.equal(flood(frame(), 10, oneSource), 10, name);
      bench.moved();
      bench.now += 10_000;
    }
  });

  it('keeps half of the ring to the host-I/O thread for what must not be kept out', () => {
    const bulk = tcpTo(50_000, 5201);
    for (let i = 0; i < 2100; i += 100) {
      bench.push('lan', ...new Array<Uint8Array>(100).fill(bulk));
      bench.run();
      bench.now += 100;
    }
    assert.equal(bench.interface('lan').punted, 2048);
    bench.expect({ 'punt/queue_full': 2100 - 2048 }, 2048);
    for (let i = 0; i < 2100; i += 100) {
      bench.push('lan', ...new Array<Uint8Array>(100).fill(udpTo(500)));
      bench.run();
      bench.now += 100;
    }
    bench.expect({ 'punt/queue_full': 2100 - 2048 }, 4096);
    assert.equal(bench.punted().length, 4096);
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

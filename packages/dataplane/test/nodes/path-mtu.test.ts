import assert from 'node:assert/strict';
import { type Bench, testBench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { fixChecksum, icmpError, ip4, pattern, slowChecksum, viewOf } from '../support/packets.js';
import { icmp6Error } from '../support/packets6.js';
import {
  HOST,
  HOST_MAC,
  REMOTE_HOST,
  ROUTER,
  ROUTER_MAC,
  ROUTER6,
  siteWithTunnel,
  tunnelTo,
} from '../support/site.js';

const WAN6 = '2001:db8:ffff::1';
const PEER6 = '2001:db8:eeee::1';

/** A tunnel between IPv6 addresses. */
const over6 = (udp: boolean): Bench =>
  testBench({
    interfaces: [
      { name: 'lan', address: '10.1.0.1/24' },
      { name: 'wan', address6: `${WAN6}/64` },
    ],
    tunnels: [{ ...tunnelTo({ udp }), local: WAN6, remote: PEER6 }],
    neighbours: [
      { interface: 'lan', address: HOST, mac: HOST_MAC },
      { interface: 'wan', address: '2001:db8:ffff::fe', mac: ROUTER_MAC },
    ],
    routes: [
      { prefix: '10.2.0.0/16', via: 'tun' },
      { prefix: '::/0', via: '2001:db8:ffff::fe' },
    ],
  });

describeNode('path-mtu', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  /** An outer packet that the tunnel has just sent. */
  const send = (size = 1300): Uint8Array => {
    bench.pushIp('lan', ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(size) }));
    bench.run();
    const six = bench.control.sa('tun out').words[15] === 6;
    return (six ? bench.sentIp6('wan') : bench.sentIp('wan'))[0]!;
  };
  /** The error of a router about it, as much as it quotes; back at the box. */
  const tell = (error: Uint8Array): void => {
    if (error[0]! >> 4 === 6) bench.pushIp6('wan', error);
    else bench.pushIp('wan', error);
    bench.run();
    assert.deepEqual([bench.sent('lan'), bench.sent('wan')], [[], []]);
  };
  const tooBig = (about: Uint8Array, mtu: number): Uint8Array => icmpError(ROUTER, about, 3, 4, mtu);
  const learnt = (family: number, mtu: number, length: number): void => {
    assert.deepEqual(bench.pathMtus(), [{ interface: bench.row('tun'), family, mtu, length }]);
    assert.deepEqual(bench.punted(), []);
    bench.expect({ 'path-mtu/learnt': 1 });
  };

  for (const udp of [false, true]) {
    it(`believes an error about ESP${udp ? ' in UDP' : ''} that was just sent`, () => {
      bench = siteWithTunnel({ udp });
      const outer = send();
      tell(tooBig(outer, 1300));
      learnt(4, 1300, outer.length);
    });

    it(`believes packet too big about ESP${udp ? ' in UDP' : ''} over IPv6`, () => {
      bench = over6(udp);
      const outer = send();
      tell(icmp6Error(ROUTER6, outer, 2, 0, 1280));
      learnt(6, 1280, outer.length);
    });
  }

  it('believes one that quotes no more than 8 octets of ESP (RFC 792), and tells no MTU', () => {
    bench = siteWithTunnel();
    const outer = send();
    const whole = tooBig(outer, 0);
    const short = whole.slice(0, 20 + 8 + 20 + 8);
    viewOf(short).setUint16(2, short.length);
    viewOf(short).setUint16(22, 0);
    viewOf(short).setUint16(22, slowChecksum(short.subarray(20)));
    tell(fixChecksum(short));
    learnt(4, 0, outer.length);
  });

  it('believes one about a packet that was sent 2^20 packets ago, and no older one', () => {
    bench = siteWithTunnel();
    const outer = send();
    const { words } = bench.control.sa('tun out');
    const at = words.indexOf(1, 6);
    assert.equal(at, 6, 'the last sequence number');
    words[at] = 1 << 20;
    tell(tooBig(outer, 1300));
    learnt(4, 1300, outer.length);
    words[at] = (1 << 20) + 1;
    tell(tooBig(outer, 1300));
    bench.expect({ 'path-mtu/unmatched': 1 });
  });

  const forged: [string, (outer: Uint8Array) => void][] = [
    ['another SPI', (outer) => outer.fill(0x77, 20, 24)],
    ['a sequence number that is not sent yet', (outer) => outer.fill(0x77, 24, 28)],
    ['another source', (outer) => outer.fill(0x11, 12, 16)],
    ['another destination', (outer) => outer.fill(0x11, 16, 20)],
  ];
  for (const [what, spoil] of forged) {
    it(`does not believe one that quotes ${what}`, () => {
      bench = siteWithTunnel();
      const outer = send().slice();
      // The error itself is addressed by the quote's source: it must still be the box's.
      const error = tooBig(outer, 1300);
      const quote = error.subarray(28);
      spoil(quote);
      viewOf(error).setUint16(22, 0);
      viewOf(error).setUint16(22, slowChecksum(error.subarray(20)));
      tell(error);
      assert.deepEqual(bench.pathMtus(), []);
      bench.expect({ 'path-mtu/unmatched': 1 });
    });
  }

  it('does not believe one about other UDP ports', () => {
    bench = siteWithTunnel({ udp: true });
    const outer = send().slice();
    viewOf(outer).setUint16(20, 4501);
    tell(tooBig(outer, 1300));
    bench.expect({ 'path-mtu/unmatched': 1 });
  });

  it('does not believe one in another VRF', () => {
    bench = siteWithTunnel();
    const outer = send();
    bench.control.sa('tun out').words[28] = 3;
    tell(tooBig(outer, 1300));
    bench.expect({ 'path-mtu/unmatched': 1 });
  });

  it('does not believe one whose MTU is no narrower than the packet', () => {
    bench = siteWithTunnel();
    const outer = send();
    tell(tooBig(outer, outer.length));
    assert.deepEqual(bench.pathMtus(), []);
    bench.expect({ 'path-mtu/not_narrower': 1 });
  });

  it('does not believe one whose checksum is wrong', () => {
    bench = siteWithTunnel();
    const error = tooBig(send(), 1300);
    error[27]! ^= 1;
    tell(error);
    assert.deepEqual(bench.pathMtus(), []);
    bench.expect({ 'path-mtu/bad_checksum': 1 });
  });

  it('counts what the control side has no room to hear', () => {
    bench = siteWithTunnel();
    const error = tooBig(send(), 1300);
    for (let i = 0; i < 12; i++) {
      bench.pushIp('wan', ...new Array<Uint8Array>(100).fill(error));
      bench.run();
    }
    const heard = bench.pathMtus().length;
    bench.expect({ 'path-mtu/learnt': heard, 'path-mtu/control_busy': 1200 - heard });
  });

  const linux: [string, (outer: Uint8Array) => Uint8Array][] = [
    [
      "the box's own TCP",
      () => tooBig(ip4({ src: '192.0.2.1', dst: '198.51.100.7', protocol: 6, payload: pattern(40) }), 1300),
    ],
    [
      'IKE behind the non-ESP marker',
      (outer) => {
        const ike = outer.slice();
        ike.fill(0, 28, 32);
        return tooBig(ike, 1300);
      },
    ],
    [
      '8 octets of UDP',
      (outer) => {
        const error = tooBig(outer, 1300).slice(0, 56);
        viewOf(error).setUint16(2, error.length);
        return fixChecksum(error);
      },
    ],
    [
      'half a header',
      (outer) => {
        const error = tooBig(outer, 1300).slice(0, 40);
        viewOf(error).setUint16(2, error.length);
        return fixChecksum(error);
      },
    ],
  ];
  for (const [what, make] of linux) {
    it(`leaves errors about ${what} to Linux`, () => {
      bench = siteWithTunnel({ udp: true });
      const error = make(send());
      tell(error);
      assert.deepEqual(
        bench.punted().map(({ bytes }) => bytes.subarray(14)),
        [error],
      );
      bench.expect({});
    });
  }
});

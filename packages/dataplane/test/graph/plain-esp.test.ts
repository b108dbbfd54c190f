// ESP in the passes of plain packets comes to what it comes to from node to node: the same packets, counters and
// figures. Two gateways get the same vectors, and one of them follows packets, so that each meets every node.
import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { MSS_CLAMP_BIT } from '../../src/graph/idle-features.js';
import { INTERFACE_DOWN } from '../../src/tables/interfaces.js';
import * as SA from '../../src/tables/security-associations.js';
import type { Bench } from '../support/bench.js';
import type { BenchTunnel } from '../support/bench-tables.js';
import { type EspSa, espOpen, espSeal } from '../support/esp.js';
import { ethernet, hex, icmp, ip4, pattern, udp, viewOf } from '../support/packets.js';
import { ip6 } from '../support/packets6.js';
import { FAR, HOST, LAN, saOf, site, WAN } from '../support/site.js';

/** More than are looked up one by one. */
const TUNNELS = 12;
const UDP_TUNNEL = 1;
const KEYLESS = 3;
const UNROUTED = 4;
const ESN = 5;
const CLAMPED = 6;
const DOWN = 7;
const UNRESOLVED = 8;
const SPI_OUT = 0x3000;
const SPI_IN = 0x4000;
const ESP = 50;

const remoteOf = (i: number): string => {
  if (i === UNROUTED) return '203.0.113.9';
  return i === UNRESOLVED ? '192.0.2.77' : `198.51.100.${100 + i}`;
};
/** TCP that opens a connection, with an MSS of 1460; its checksum is not looked at. */
const SYN = Uint8Array.of(48, 57, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 255, 255, 0, 0, 0, 0, 2, 4, 5, 180);
const hostBehind = (i: number): string => `10.2.${i}.20`;
const sa = (spi: number): EspSa => saOf(spi, { esn: (spi & 0xff) === ESN });

function gateway(): Bench {
  const tunnels = Array.from(
    { length: TUNNELS },
    (_, i): BenchTunnel => ({
      name: `tun${i}`,
      address: `169.254.${i}.1/32`,
      local: WAN,
      remote: remoteOf(i),
      outbound: sa(SPI_OUT + i),
      inbound: sa(SPI_IN + i),
      window: 64,
      ...(i === UDP_TUNNEL ? { udp: { local: 4500, remote: 4500 } } : {}),
    }),
  );
  const bench = site({
    tunnels,
    // Less than what tunnels take: some sealed packets have to be cut.
    interfaces: [
      { name: 'lan', address: `${LAN}/24` },
      { name: 'wan', address: `${WAN}/24`, mtu: 1300 },
    ],
    routes: [
      { prefix: '203.0.113.0/24', via: 'blackhole' },
      ...tunnels.map(({ name }, i) => ({ prefix: `10.2.${i}.0/24`, via: name })),
    ],
  });
  const { interfaces } = bench.control;
  interfaces.state[bench.row(`tun${DOWN}`)] = INTERFACE_DOWN;
  const clamped = bench.row(`tun${CLAMPED}`);
  interfaces.mss4[clamped] = 1000;
  interfaces.features4[clamped] = 1 << MSS_CLAMP_BIT;
  bench.crypto.wipeKey(bench.control.sa(`tun${KEYLESS} out`).words[SA.SA_KEY]!);
  return bench;
}

/** A packet inside: from whom to whom, by what is special about it. */
const INNER = {
  plain: (src, dst, size) => ip4({ src, dst, payload: pattern(size) }),
  dscp: (src, dst, size) => ip4({ src, dst, tos: 0xb9, df: true, payload: pattern(size) }),
  last_hop: (src, dst, size) => ip4({ src, dst, ttl: 1, payload: pattern(size) }),
  options: (src, dst, size) => ip4({ src, dst, options: pattern(4, 1).fill(1), payload: pattern(size) }),
  bad_checksum: (src, dst) => ip4({ src, dst, checksum: 0xbad }),
  fragment: (src, dst, size) => ip4({ src, dst, mf: true, payload: pattern(8 * (1 + (size >>> 3))) }),
  too_big: (src, dst) => ip4({ src, dst, payload: pattern(1385) }),
  nearly_too_big: (src, dst) => ip4({ src, dst, payload: pattern(1340) }),
  padded: (src, dst, size) => Uint8Array.of(...ip4({ src, dst, payload: pattern(size) }), 0, 0, 0),
  ip6: () => ip6({ src: '2001:db8:2::20', dst: '2001:db8:1::10', payload: pattern(8) }),
  to_box: (src) => ip4({ src, dst: LAN, protocol: 1, payload: icmp(8, 0, 7, pattern(16)) }),
  syn: (src, dst) => ip4({ src, dst, protocol: 6, payload: SYN }),
  to_group: (src, _dst, size) => ip4({ src, dst: '224.0.0.9', payload: pattern(size) }),
  through: (src, _dst, size) => ip4({ src, dst: hostBehind(2), payload: pattern(size) }),
} satisfies Record<string, (src: string, dst: string, size: number) => Uint8Array>;

/** What is done to an ESP packet on its way here. */
const ON_THE_WAY = [
  'nothing',
  'nothing',
  'nothing',
  'again',
  'changed',
  'marked',
  'cut',
  'fragment',
  'unknown',
  'transit',
  'broadcast',
  'options',
] as const;

const step = fc.record({
  inner: fc.constantFrom(
    ...(Object.keys(INNER) as (keyof typeof INNER)[]),
    'plain' as const,
    'plain' as const,
  ),
  way: fc.constantFrom(...ON_THE_WAY),
  tunnel: fc.oneof(fc.constant(0), fc.nat(TUNNELS - 1)),
  size: fc.nat(1200),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A packet sent to the gateway's `wan` by the peer of a tunnel. */
function fromPeer({ inner, way, tunnel, size }: Step, sequence: bigint): Uint8Array[] {
  const clear = INNER[inner](hostBehind(tunnel), HOST, size);
  const nextHeader = inner === 'ip6' ? 41 : 4;
  const esp = espSeal(sa(SPI_IN + tunnel), { sequence, inner: clear, nextHeader });
  if (way === 'changed') esp[esp.length - 1]! ^= 1;
  if (way === 'unknown') esp[0] = 0x77;
  const payload = way === 'cut' ? esp.subarray(0, size % 40) : esp;
  const inUdp = tunnel === UDP_TUNNEL;
  const packet = ip4({
    src: remoteOf(tunnel),
    dst: way === 'transit' ? FAR : way === 'broadcast' ? '192.0.2.255' : WAN,
    protocol: inUdp ? 17 : ESP,
    tos: way === 'marked' ? 3 : 0,
    mf: way === 'fragment',
    ...(way === 'options' ? { options: new Uint8Array(4).fill(1) } : {}),
    payload: inUdp ? udp(4500, 4500, payload) : payload,
  });
  return way === 'again' ? [packet, packet] : [packet];
}

/** A packet without what depends on the order in which packets of different kinds were made: identification and checksum. */
function comparable(packet: Uint8Array): string {
  if (packet[0]! >>> 4 !== 4) return hex(packet);
  const copy = packet.slice();
  copy.fill(0, 4, 6);
  copy.fill(0, 10, 12);
  return hex(copy);
}

/** What a frame carries, and what is inside of ESP, by SPI; its number apart. */
function read(frame: Uint8Array): { text: string; number: string | null } {
  const packet = frame.subarray(14);
  const link = hex(frame.subarray(0, 14));
  const header = 4 * (packet[0]! & 15);
  const inUdp = packet[9] === 17 && viewOf(packet).getUint16(header) === 4500;
  const whole = (viewOf(packet).getUint16(6) & 0x3fff) === 0;
  // Of sealed packets that had to be cut, whose octets depend on the order, too.
  if (packet[0]! >>> 4 === 4 && !whole && (packet[9] === ESP || packet[9] === 17)) {
    return { text: `${link} ${comparable(packet.subarray(0, header))} ${packet.length}`, number: null };
  }
  if (packet[0]! >>> 4 !== 4 || !whole || (packet[9] !== ESP && !inUdp)) {
    return { text: `${link} ${comparable(packet)}`, number: null };
  }
  const esp = packet.subarray(header + (inUdp ? 8 : 0));
  const spi = viewOf(esp).getUint32(0);
  if (spi < SPI_OUT || spi >= SPI_OUT + TUNNELS)
    return { text: `${link} ${comparable(packet)}`, number: null };
  const opened = espOpen(sa(spi), esp);
  assert.ok(opened !== null, `what was sealed for SPI ${spi} does not open`);
  const { inner, padding, nextHeader, sequence } = opened;
  const outside = comparable(packet.subarray(0, packet.length - esp.length));
  return {
    text: `${link} ${outside} ${spi} ${nextHeader} ${comparable(inner)} ${hex(padding)}`,
    number: `${spi}/${sequence}`,
  };
}

/** All that can be seen of a gateway after a vector. */
function seen(bench: Bench): unknown {
  const sent = ['lan', 'wan'].map((name) => {
    const frames = bench.sent(name).map(read);
    const numbers = frames.flatMap(({ number }) => number ?? []);
    assert.equal(new Set(numbers).size, numbers.length, 'a sequence number was used again');
    return {
      packets: frames.map(({ text }) => text).sort(),
    };
  });
  const names = ['lan', 'wan', ...Array.from({ length: TUNNELS }, (_, i) => `tun${i}`)];
  return {
    sent,
    punted: bench
      .punted()
      .map(({ interface: row, bytes }) => `${row} ${hex(bytes)}`)
      .sort(),
    counters: bench.moved(),
    interfaces: names.map((name) => bench.interface(name)),
    sas: names
      .slice(2)
      .map((name) => [
        [...bench.control.sa(`${name} in`).counters],
        [...bench.control.sa(`${name} out`).counters],
      ]),
    missing: bench.framesMissing(),
  };
}

describe(`ESP as plain packets (seed ${seed})`, () => {
  let plain: Bench;
  let followed: Bench;
  beforeEach(() => {
    plain = gateway();
    followed = gateway();
    followed.forwarders[0]!.tracer.prepare({ count: 1 }, -1);
  });
  afterEach(() => {
    followed.close();
    plain.close();
  });

  function compare(name: string, frames: readonly Uint8Array[]): void {
    for (const bench of [plain, followed]) {
      bench.push(name, ...frames);
      bench.run();
      // Fragments are no longer waited for, and errors may be sent again.
      bench.now += 120_000;
      bench.run();
    }
    assert.deepEqual(seen(plain), seen(followed));
  }

  it('opens what a node after the other opens', () => {
    const numbers = new Array<bigint>(TUNNELS).fill(0n);
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
        const packets = steps.flatMap((one) => fromPeer(one, ++numbers[one.tunnel]!));
        compare(
          'wan',
          packets.map((packet) => plain.toInterface('wan', packet)),
        );
      }),
      { seed, numRuns: 60, endOnFailure: true },
    );
    const { counters } = plain.control.sa('tun0 in');
    assert.ok(counters[SA.SA_PACKETS]! > 100);
  });

  it('seals what a node after the other seals', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
        const packets = steps.map(({ inner, tunnel, size }) => INNER[inner](HOST, hostBehind(tunnel), size));
        const frames = packets.map((packet) =>
          ethernet(plain.mac('lan'), '02:00:00:00:ff:01', packet[0]! >>> 4 === 6 ? 0x86dd : 0x0800, packet),
        );
        compare('lan', frames);
      }),
      { seed, numRuns: 60, endOnFailure: true },
    );
    const { counters } = plain.control.sa('tun0 out');
    assert.ok(counters[SA.SA_PACKETS]! > 100);
  });

  it('keeps packets of an SA in order among those of more SAs than are looked up one by one', () => {
    const order = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? 0 : (i * 7) % TUNNELS));
    const usual = order.filter((tunnel) => tunnel !== DOWN);
    const numbers = new Array<bigint>(TUNNELS).fill(0n);
    const packets = usual.flatMap((tunnel) =>
      fromPeer(
        { inner: 'plain', way: 'nothing', tunnel, size: 10 + Number(numbers[tunnel]!) },
        ++numbers[tunnel]!,
      ),
    );
    plain.pushIp('wan', ...packets);
    plain.run();
    const sizes = plain.sentIp('lan').map((packet) => [packet[14]!, packet.length - 30] as const);
    assert.equal(sizes.length, packets.length);
    for (let tunnel = 0; tunnel < TUNNELS; tunnel++) {
      const own = sizes.filter(([from]) => from === tunnel).map(([, size]) => size);
      assert.deepEqual(
        own,
        own.map((_, i) => i),
        `of tunnel ${tunnel}`,
      );
    }
    plain.expect({});
  });
});

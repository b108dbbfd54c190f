// Every mix of inner and outer family: tunnel mode, GRE and IPIP in transport mode, plain and in UDP.
import assert from 'node:assert/strict';
import type { TunnelSection } from '@sluice/shared';
import type { Bench } from '../support/bench.js';
import type { BenchTunnel } from '../support/bench-tables.js';
import { type EspSa, espOpen } from '../support/esp.js';
import { ESP_VARIANTS } from '../support/esp-variants.js';
import { gre } from '../support/gre-site.js';
import { concat, forwarded, hex, ip4, pattern, udp, viewOf } from '../support/packets.js';
import { address6, checksum6, forwarded6, ip6 } from '../support/packets6.js';
import { type ScapyJob, scapy, scapyHas } from '../support/scapy-esp.js';
import {
  HOST,
  HOST6,
  PEER,
  REMOTE_HOST,
  REMOTE_HOST6,
  SPI_IN,
  SPI_OUT,
  saOf,
  site6,
  tunnelTo,
  WAN,
  WAN6,
} from '../support/site.js';

const PEER6 = '2001:db8:9::1';

type Family = 4 | 6;
interface Mix {
  inner: Family;
  outer: Family;
  udp: boolean;
  section: Partial<TunnelSection> | null;
}

const SECTIONS: (Partial<TunnelSection> | null)[] = [null, { kind: 'gre', key: 77 }, { kind: 'ipip' }];
const MIXES: Mix[] = SECTIONS.flatMap((section) =>
  ([4, 6] as const).flatMap((outer) =>
    ([4, 6] as const).flatMap((inner) =>
      [false, true].map((inUdp) => ({ inner, outer, udp: inUdp, section })),
    ),
  ),
);
const nameOf = ({ inner, outer, udp: inUdp, section }: Mix): string =>
  `IPv${inner} in IPv${outer}${inUdp ? ' in UDP' : ''}, ${section === null ? 'tunnel mode' : `${section.kind} in transport mode`}`;

function tunnelOf(mix: Mix, sa: (spi: number) => EspSa = saOf): BenchTunnel {
  return tunnelTo(
    { udp: mix.udp },
    {
      inbound: sa(SPI_IN),
      outbound: sa(SPI_OUT),
      local: mix.outer === 4 ? WAN : WAN6,
      remote: mix.outer === 4 ? PEER : PEER6,
      address6: '2001:db8:cafe::1/64',
      ...(mix.section === null ? {} : { section: mix.section, spec: { mode: 'transport' as const } }),
    },
  );
}

function benchOf(mix: Mix, sa?: (spi: number) => EspSa): Bench {
  return site6({
    engine: 'native',
    tunnels: [tunnelOf(mix, sa)],
    routes: [{ prefix: '10.2.0.0/16', via: 'tun' }],
  });
}

const toPeer = (family: Family, size: number, tos = 0): Uint8Array =>
  family === 4
    ? ip4({ src: HOST, dst: REMOTE_HOST, tos, id: size, payload: pattern(size - 20, size) })
    : ip6({
        src: HOST6,
        dst: REMOTE_HOST6,
        trafficClass: tos,
        flowLabel: 0x12345,
        payload: pattern(size - 40, size),
      });
const toUs = (family: Family, size: number, tos = 0): Uint8Array =>
  family === 4
    ? ip4({ src: REMOTE_HOST, dst: HOST, tos, id: size, payload: pattern(size - 20, size) })
    : ip6({ src: REMOTE_HOST6, dst: HOST6, trafficClass: tos, payload: pattern(size - 40, size) });
const next = (packet: Uint8Array): Uint8Array =>
  packet[0]! >>> 4 === 4 ? forwarded(packet) : forwarded6(packet);
const familyOf = (packet: Uint8Array): number => packet[0]! >>> 4;

const etherTypeOf = (packet: Uint8Array): number => (familyOf(packet) === 4 ? 0x0800 : 0x86dd);
const push = (bench: Bench, name: string, ...packets: Uint8Array[]): void =>
  bench.push(
    name,
    ...packets.map((packet) => bench.toInterface(name, packet, undefined, etherTypeOf(packet))),
  );
const sent = (bench: Bench, name: string): Uint8Array[] =>
  bench.sent(name).map((frame) => {
    const packet = frame.subarray(14);
    assert.equal((frame[12]! << 8) | frame[13]!, etherTypeOf(packet), 'ethertype');
    return packet;
  });

/** The payload of ESP: the inner packet, behind what the tunnel puts before it. */
function shimmed({ section, inner }: Mix, packet: Uint8Array): Uint8Array {
  return section?.kind === 'gre'
    ? gre({ payload: packet, key: 77, protocol: inner === 4 ? 0x0800 : 0x86dd })
    : packet;
}
const nextHeaderOf = ({ section, inner }: Mix): number =>
  section?.kind === 'gre' ? 47 : inner === 4 ? 4 : 41;

/** The outer packet around ESP, from us to the peer, with what only its header can say. */
function outerOf(mix: Mix, esp: Uint8Array, sent: Uint8Array, tos: number): Uint8Array {
  const protocol = mix.udp ? 17 : 50;
  if (mix.outer === 4) {
    const payload = mix.udp ? udp(4500, 4500, esp) : esp;
    // A tunnel with a header of its own copies DF, which IPv6 has always (RFC 2003 section 3.1, RFC 4213 section 3.2).
    const df = mix.section !== null && mix.inner === 6;
    return ip4({ src: WAN, dst: PEER, tos, protocol, df, id: viewOf(sent).getUint16(4), payload });
  }
  const payload = mix.udp ? udp(4500, 4500, esp) : esp;
  if (mix.udp) viewOf(payload).setUint16(6, checksum6(address6(WAN6), address6(PEER6), 17, payload));
  const flowLabel = viewOf(sent).getUint32(0) & 0xfffff;
  return ip6({ src: WAN6, dst: PEER6, trafficClass: tos, flowLabel, nextHeader: protocol, payload });
}

const SCAPY_SIZES = [60, 61, 576, 1280];

/** Some of the algorithms that scapy has, others for each mix. */
function scapySas(mix: number): ((spi: number) => EspSa)[] {
  return ESP_VARIANTS.map(
    ({ sa }) =>
      (spi: number) =>
        sa(spi),
  )
    .filter((sa) => scapyHas(sa(1)))
    .filter((_, i) => i % 5 === mix % 5);
}

/** What we send by an SA, for scapy to open. */
function openJobs(mix: Mix, sa: (spi: number) => EspSa): ScapyJob[] {
  const bench = benchOf(mix, sa);
  try {
    push(bench, 'lan', ...SCAPY_SIZES.map((size) => toPeer(mix.inner, size)));
    bench.run();
    const packets = sent(bench, 'wan');
    bench.expect({});
    const ends = mix.outer === 4 ? { src: WAN, dst: PEER } : { src: WAN6, dst: PEER6 };
    const common = {
      ...ends,
      op: 'open' as const,
      sa: sa(SPI_OUT),
      tunnel: mix.section === null,
      udp: mix.udp,
      high: 0,
    };
    return packets.map((packet, i) => ({ ...common, seq: i + 1, packet }));
  } finally {
    bench.close();
  }
}

/** What scapy is to seal for us. */
function sealJobs(mix: Mix, sa: (spi: number) => EspSa): ScapyJob[] {
  const ends = mix.outer === 4 ? { src: PEER, dst: WAN } : { src: PEER6, dst: WAN6 };
  const tunnel = mix.section === null;
  const protocol = nextHeaderOf(mix);
  return SCAPY_SIZES.map((size, i) => {
    const payload = shimmed(mix, toUs(mix.inner, size));
    const outer =
      mix.outer === 4 ? ip4({ ...ends, protocol, payload }) : ip6({ ...ends, nextHeader: protocol, payload });
    const packet = tunnel ? payload : outer;
    return { ...ends, op: 'seal', sa: sa(SPI_IN), tunnel, udp: mix.udp, high: 0, seq: i + 1, packet };
  });
}

describe('inner and outer family', function () {
  this.timeout(60_000);
  const open: Bench[] = [];
  const opened = (mix: Mix): Bench => {
    const bench = benchOf(mix);
    open.push(bench);
    return bench;
  };
  afterEach(() => {
    for (const bench of open.splice(0)) bench.close();
  });

  for (const mix of MIXES) {
    it(`${nameOf(mix)}: every octet of what is sent, for lengths of all kinds`, () => {
      const bench = benchOf(mix);
      try {
        for (const size of [60, 61, 62, 63, 64, 65, 600, 1279, 1280]) {
          const tos = size & 0xfc;
          push(bench, 'lan', toPeer(mix.inner, size, tos));
          bench.run();
          const [outer] = sent(bench, 'wan');
          const esp = outer!.subarray((mix.outer === 4 ? 20 : 40) + (mix.udp ? 8 : 0));
          const opened = espOpen(saOf(SPI_OUT), esp);
          const payload = shimmed(mix, next(toPeer(mix.inner, size, tos)));
          assert.deepEqual([opened.nextHeader, hex(opened.inner)], [nextHeaderOf(mix), hex(payload)]);
          assert.equal(hex(outer!), hex(outerOf(mix, esp, outer!, tos)));
          if (mix.outer === 6)
            assert.notEqual(viewOf(outer!).getUint32(0) & 0xfffff, 0, 'RFC 6438: a flow label');
        }
        bench.expect({});
      } finally {
        bench.close();
      }
    });
  }

  it('scapy opens what was sealed in each of these ways, and what it seals is opened', async () => {
    const plan = MIXES.flatMap((mix, m) => scapySas(m).map((sa) => ({ mix, sa })));
    const jobs = plan.flatMap(({ mix, sa }) => [...openJobs(mix, sa), ...sealJobs(mix, sa)]);
    const results = await scapy(jobs);
    for (const { mix, sa } of plan) {
      for (const size of SCAPY_SIZES) {
        const result = results.shift()!;
        // scapy leaves the UDP header where it was when it opens transport mode over IPv6.
        const header = mix.section === null ? 0 : familyOf(result) === 4 ? 20 : mix.udp ? 48 : 40;
        assert.equal(
          hex(result.subarray(header)),
          hex(shimmed(mix, next(toPeer(mix.inner, size)))),
          nameOf(mix),
        );
      }
      const bench = benchOf(mix, sa);
      try {
        push(bench, 'wan', ...results.splice(0, SCAPY_SIZES.length));
        bench.run();
        const expected = SCAPY_SIZES.map((size) => hex(next(toUs(mix.inner, size))));
        assert.deepEqual(sent(bench, 'lan').map(hex), expected, nameOf(mix));
        bench.expect({});
      } finally {
        bench.close();
      }
    }
    assert.equal(results.length, 0);
  });

  it('looks at no UDP checksum over IPv6: zero, right or wrong, the ICV says what is whole (RFC 3948 section 2.1)', async () => {
    const mix: Mix = { inner: 4, outer: 6, udp: true, section: null };
    const [sealed] = await scapy([
      {
        op: 'seal',
        sa: saOf(SPI_IN),
        src: PEER6,
        dst: WAN6,
        tunnel: true,
        udp: true,
        high: 0,
        seq: 1,
        packet: toUs(4, 60),
      },
    ]);
    for (const checksum of [0, 0x1234]) {
      const bench = opened(mix);
      const packet = sealed!.slice();
      viewOf(packet).setUint16(46, checksum);
      push(bench, 'wan', packet);
      bench.run();
      assert.deepEqual(sent(bench, 'lan'), [forwarded(toUs(4, 60))]);
      bench.expect({});
      bench.close();
    }
  });

  it('finds ESP behind extension headers, in transport mode too', async () => {
    const options = concat(Uint8Array.of(50, 0, 1, 4), new Uint8Array(4));
    for (const section of [null, { kind: 'ipip' } as const]) {
      const mix: Mix = { inner: 6, outer: 6, udp: false, section };
      const inner = toUs(6, 80);
      const packet =
        section === null ? inner : ip6({ src: PEER6, dst: WAN6, nextHeader: 41, payload: inner });
      const [sealed] = await scapy([
        {
          op: 'seal',
          sa: saOf(SPI_IN),
          src: PEER6,
          dst: WAN6,
          tunnel: section === null,
          udp: false,
          high: 0,
          seq: 1,
          packet,
        },
      ]);
      const bench = opened(mix);
      push(
        bench,
        'wan',
        ip6({ src: PEER6, dst: WAN6, nextHeader: 60, payload: concat(options, sealed!.subarray(40)) }),
      );
      bench.run();
      assert.deepEqual(sent(bench, 'lan'), [forwarded6(inner)]);
      bench.expect({});
      bench.close();
    }
  });

  it('gives the packets of a flow one label, other flows others, and all fragments of a packet one', () => {
    const bench = opened({ inner: 4, outer: 6, udp: false, section: null });
    const labels = (...packets: Uint8Array[]): number[] => {
      push(bench, 'lan', ...packets);
      bench.run();
      return sent(bench, 'wan').map((packet) => viewOf(packet).getUint32(0) & 0xfffff);
    };
    const tcp = (port: number, more: Partial<Parameters<typeof ip4>[0]> = {}): Uint8Array =>
      ip4({
        src: HOST,
        dst: REMOTE_HOST,
        protocol: 6,
        payload: concat(Uint8Array.of(0, 80, port >> 8, port & 255), pattern(16)),
        ...more,
      });
    const ports = Array.from({ length: 200 }, (_, i) => 1000 + i);
    const first = labels(...ports.map((port) => tcp(port)));
    assert.deepEqual(
      labels(
        ...ports.map((port) => tcp(port, { id: 7, payload: concat(tcp(port).subarray(20), pattern(300)) })),
      ),
      first,
    );
    assert.ok(new Set(first).size > 190, 'some of 200 flows may share a label of 2^20');
    const fragments = labels(tcp(1, { mf: true }), tcp(2, { mf: true }), tcp(3, { fragmentOffset: 8 }));
    assert.equal(new Set(fragments).size, 1);
    bench.expect({});
    bench.close();
  });

  it('tells the audit log of IPv6 addresses and the flow label', () => {
    const bench = opened({ inner: 4, outer: 6, udp: false, section: null });
    push(
      bench,
      'wan',
      ip6({ src: PEER6, dst: WAN6, nextHeader: 50, flowLabel: 0xabcde, payload: pattern(40, 1) }),
    );
    bench.run();
    const common = {
      kind: 'refused',
      at_ms: bench.now,
      reason: 'unknown_spi',
      interface: 'wan',
      inner: null,
    };
    const outer = { src: PEER6, dst: WAN6 };
    assert.deepEqual(bench.audits(), [
      { ...common, spi: 0x01020304, sequence: 0x05060708, outer, flow_label: 0xabcde },
    ]);
    bench.expect({ 'esp-input/unknown_spi': 1 });
    bench.close();
  });
});

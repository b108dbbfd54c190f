import assert from 'node:assert/strict';
import type { SaSpec } from '@sluice/shared';
import { FLAG_PORTS } from '../../src/memory/packet-pool.js';
import { INTERFACE_DOWN } from '../../src/tables/interfaces.js';
import * as SA from '../../src/tables/security-associations.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espKeyOf, espOpen, type OpenedEsp } from '../support/esp.js';
import { ENGINES } from '../support/esp-crypto-engines.js';
import { concat, forwarded, hex, icmpError, ip4, pattern, udp, viewOf } from '../support/packets.js';
import {
  HOST,
  LAN,
  PEER,
  REMOTE_HOST,
  ROUTER,
  SPI_OUT,
  saOf,
  siteWithTunnel,
  type TunnelVariant,
  tunnelTo,
  WAN,
} from '../support/site.js';

const clear = (options: Partial<Parameters<typeof ip4>[0]> = {}): Uint8Array =>
  ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(40), ...options });

for (const engine of ENGINES) {
  describe(`sealing by ${engine}`, () => {
    const variants: [string, TunnelVariant][] = [
      ['AES-128', {}],
      ['AES-256', { key: 32 }],
      ['AES-128, in UDP', { udp: true }],
      ['AES-128, ESN', { esn: true }],
      ['AES-256, ESN, in UDP', { key: 32, esn: true, udp: true }],
      ['AES-128, ICV of 8 octets', { icvBytes: 8 }],
      ['AES-128, ICV of 12 octets', { icvBytes: 12 }],
    ];
    for (const [what, variant] of variants) {
      it(`${what}: every length, every octet of the outer packet`, () => {
        const bench = siteWithTunnel(variant, { engine });
        try {
          const sa = tunnelTo(variant).outbound;
          let sequence = 0;
          for (let size = 20; size <= 1400; size += size < 100 ? 1 : 37) {
            const inner = clear({ payload: pattern(size - 20, size), tos: size & 0xff, id: size });
            bench.pushIp('lan', inner);
            bench.run();
            sequence++;
            const [outer] = bench.sentIp('wan');
            const esp = outer!.subarray(variant.udp ? 28 : 20);
            const opened = espOpen(sa, esp);
            const padding = (4 - ((size + 2) % 4)) % 4;
            assert.deepEqual(opened, {
              spi: SPI_OUT,
              sequence: BigInt(sequence),
              iv: BigInt(sequence),
              inner: forwarded(inner),
              padding: pattern(padding, 1),
              nextHeader: 4,
            } satisfies OpenedEsp);
            assert.equal(esp.length, 16 + size + padding + 2 + sa.icvBytes);
            const link = Uint8Array.of(0x11, 0x94, 0x11, 0x94, (8 + esp.length) >> 8, 8 + esp.length, 0, 0);
            const expected = ip4({
              src: WAN,
              dst: PEER,
              id: (SPI_OUT & 0xffff) + sequence - 1,
              tos: size & 0xff,
              protocol: variant.udp ? 17 : 50,
              payload: variant.udp ? concat(link, esp) : esp,
            });
            assert.equal(hex(outer!), hex(expected));
          }
          const { counters, words } = bench.control.sa('tun out');
          assert.equal(counters[SA.SA_PACKETS], sequence);
          assert.equal(words[SA.SA_SEQ_LOW], sequence);
          assert.deepEqual([counters[SA.SA_FIRST_USED], counters[SA.SA_LAST_USED]], [bench.now, bench.now]);
          assert.equal(counters[SA.SA_BYTES], bench.interface('tun').txBytes);
          assert.equal(bench.interface('tun').txPackets, sequence);
          bench.expect({});
        } finally {
          bench.close();
        }
      });
    }
  });
}

describeNode('esp-encrypt', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = siteWithTunnel();
  });
  afterEach(() => bench.close());

  const seqs = (): number[] => bench.sentIp('wan').map((outer) => viewOf(outer).getUint32(24));

  it('numbers the packets of a vector in their order', () => {
    bench.pushIp('lan', ...Array.from({ length: 300 }, (_, id) => clear({ id })));
    bench.run();
    const outer = bench.sentIp('wan');
    const opened = outer.map((packet) => espOpen(saOf(SPI_OUT), packet.subarray(20)));
    assert.deepEqual(
      opened.map(({ sequence, inner }) => [Number(sequence), viewOf(inner).getUint16(4)]),
      Array.from({ length: 300 }, (_, i) => [i + 1, i]),
    );
    bench.expect({});
  });

  it("never sets DF on the outer packet, and answers the inner one's by the tunnel's MTU", () => {
    bench.pushIp('lan', clear({ df: true }), clear({ df: true, payload: pattern(1381) }));
    bench.run();
    const [outer] = bench.sentIp('wan');
    assert.equal(viewOf(outer!).getUint16(6), 0);
    assert.deepEqual(bench.sentIp('lan'), [
      icmpError(LAN, clear({ df: true, payload: pattern(1381) }), 3, 4, 1400),
    ]);
    bench.expect({ 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1 });
  });

  const limits: [string, boolean, [number, number], [number, number], number][] = [
    ['the last number of 32 bits', false, [0, 0xfffffffe], [0, 0xffffffff], 1],
    ['a reservation in the middle', false, [0, 997], [0, 1000], 3],
    ['nothing reserved', false, [0, 0], [0, 0], 0],
    ['a reservation that is behind', false, [0, 1000], [0, 10], 0],
    ['extended numbers across 2^32', true, [0, 0xfffffffe], [1, 2], 4],
    ['the last number of 64 bits', true, [0xffffffff, 0xfffffffd], [0xffffffff, 0xffffffff], 2],
  ];
  for (const [what, esn, last, limit, sent] of limits) {
    it(`stops at the limit and reuses no number: ${what}`, () => {
      bench.close();
      bench = siteWithTunnel({ esn });
      const { words, counters } = bench.control.sa('tun out');
      [words[SA.SA_SEQ_HIGH], words[SA.SA_SEQ_LOW]] = last;
      [words[SA.SA_LIMIT_HIGH], words[SA.SA_LIMIT_LOW]] = limit;
      const first = (BigInt(last[0]) << 32n) + BigInt(last[1]) + 1n;
      for (const count of [sent + 2, 5]) {
        bench.pushIp('lan', ...Array.from({ length: count }, () => clear()));
        bench.run();
      }
      const sa = saOf(SPI_OUT, { esn });
      const numbers = bench.sentIp('wan').map((outer) => {
        const esp = outer.subarray(20);
        const iv = viewOf(esp).getBigUint64(8);
        return espOpen(sa, esp, Number(iv >> 32n)).sequence;
      });
      assert.deepEqual(
        numbers,
        Array.from({ length: sent }, (_, i) => first + BigInt(i)),
      );
      assert.equal(counters[SA.SA_EXHAUSTED], 7);
      bench.expect({ 'esp-encrypt/sequence_exhausted': 7 });
    });
  }

  it('goes on where it stopped when more numbers are reserved', () => {
    const { words } = bench.control.sa('tun out');
    words[SA.SA_LIMIT_LOW] = 2;
    bench.pushIp('lan', clear(), clear(), clear());
    bench.run();
    assert.deepEqual(seqs(), [1, 2]);
    words[SA.SA_LIMIT_LOW] = 4;
    bench.pushIp('lan', clear(), clear(), clear());
    bench.run();
    assert.deepEqual(seqs(), [3, 4]);
    bench.expect({ 'esp-encrypt/sequence_exhausted': 2 });
  });

  it('has no SA', () => {
    bench.control.interfaces.tunnelSa[bench.row('tun')] = 0;
    bench.pushIp('lan', clear());
    bench.run();
    bench.expect({ 'esp-encrypt/no_sa': 1 });
  });

  for (const state of [SA.SA_FREE, SA.SA_INBOUND]) {
    it(`has an SA in state ${state}`, () => {
      bench.control.sa('tun out').words[SA.SA_STATE] = state;
      bench.pushIp('lan', clear());
      bench.run();
      bench.expect({ 'esp-encrypt/no_sa': 1 });
    });
  }

  it('is down', () => {
    bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
    bench.pushIp('lan', clear());
    bench.run();
    bench.expect({ 'esp-encrypt/tunnel_down': 1 });
  });

  it('has lost its key: nothing leaves in clear, and the number is not used again', () => {
    const { words } = bench.control.sa('tun out');
    bench.crypto.wipeKey(words[SA.SA_KEY]!);
    bench.pushIp('lan', clear());
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'esp-encrypt/seal_failed': 1 });
    bench.crypto.setKey(words[SA.SA_KEY]!, espKeyOf(saOf(SPI_OUT)));
    bench.pushIp('lan', clear());
    bench.run();
    assert.deepEqual(seqs(), [2]);
    bench.expect({});
  });

  it('ends a tunnel whose own packets lead into it', () => {
    bench.control.addRoute({ prefix: `${PEER}/32`, via: 'tun' });
    bench.pushIp('lan', clear());
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'esp-encrypt/no_room': 1 });
  });

  it('has no room behind the packet for padding, trailer and ICV', () => {
    bench.close();
    bench = siteWithTunnel({}, { tunnels: [tunnelTo({}, { mtu: 2000 })] });
    const frameLeft = 2048 - 272;
    bench.pushIp(
      'lan',
      clear({ payload: pattern(frameLeft - 21 - 20) }),
      clear({ payload: pattern(frameLeft - 20 - 20) }),
    );
    bench.run();
    assert.equal(bench.sentIp('wan').length, 2, 'the first one, in two fragments');
    bench.expect({ 'esp-encrypt/no_room': 1, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 });
  });

  describe('with traffic selectors', () => {
    const anyPort: [number, number] = [0, 65_535];
    const covers = {
      src: '10.1.0.0/24',
      dst: '10.2.0.0/24',
      protocol: 0,
      src_ports: anyPort,
      dst_ports: anyPort,
    };
    const restricted = (...selectors: (typeof covers)[]): Bench =>
      siteWithTunnel({}, { tunnels: [tunnelTo({}, { spec: { selectors } })] });
    const tcp = (from: number, to: number, more = {}): Uint8Array =>
      clear({
        protocol: 6,
        payload: concat(udp(from, to, new Uint8Array()).subarray(0, 4), pattern(16)),
        ...more,
      });
    const web = { ...covers, protocol: 6, dst_ports: [80, 443] as [number, number] };
    const opaque = { ...web, dst_ports: [65_535, 0] as [number, number] };
    const cases: [string, (typeof covers)[], Uint8Array, boolean][] = [
      ['that cover it', [covers], clear(), true],
      ['of which one covers it', [{ ...covers, dst: '10.9.0.0/16' }, covers], clear(), true],
      ['of another network', [{ ...covers, src: '10.9.0.0/16' }], clear(), false],
      ['of its ports', [web], tcp(50_000, 80), true],
      ['of other ports', [web], tcp(50_000, 79), false],
      ['of ports, for another protocol', [web], clear(), false],
      [
        'of ports, for a later fragment whose ports nobody knows',
        [web],
        tcp(80, 80, { fragmentOffset: 64 }),
        false,
      ],
      [
        'of any port, for a later fragment',
        [{ ...covers, protocol: 6 }],
        tcp(1, 1, { fragmentOffset: 64 }),
        true,
      ],
      ['of OPAQUE ports, for a later fragment', [opaque], tcp(80, 80, { fragmentOffset: 64 }), true],
      ['of OPAQUE ports, for what has ports', [opaque], tcp(80, 80), false],
    ];
    for (const [what, selectors, packet, passes] of cases) {
      it(`${what}: ${passes ? 'is sealed' : 'is dropped before it has a number, counted and told'}`, () => {
        bench.close();
        bench = restricted(...selectors);
        bench.pushIp('lan', packet);
        bench.run();
        assert.equal(bench.sent('wan').length, passes ? 1 : 0);
        const { words, counters } = bench.control.sa('tun out');
        assert.deepEqual([words[SA.SA_SEQ_LOW], counters[SA.SA_REFUSED]], passes ? [1, 0] : [0, 1]);
        const audits = bench.audits();
        assert.deepEqual(
          audits.map((event) => event.kind === 'refused' && [event.reason, event.spi, event.interface]),
          passes ? [] : [['outside_selector', SPI_OUT, 'tun']],
        );
        bench.expect(passes ? {} : { 'esp-encrypt/outside_selector': 1 });
      });
    }

    it('know the ports of a later fragment where virtual reassembly told them', () => {
      bench.close();
      bench = restricted(web);
      for (const port of [443, 444]) {
        const frame = bench.frameOf(tcp(80, 80, { fragmentOffset: 64 }), 272);
        bench.pool.l3[frame] = bench.pool.offset[frame]!;
        bench.pool.txInterface[frame] = bench.row('tun');
        bench.pool.flags[frame] = FLAG_PORTS;
        bench.pool.ports[frame] = (50_000 << 16) | port;
        bench.handOver('esp-encrypt', frame);
      }
      bench.run();
      assert.equal(bench.sent('wan').length, 1);
      bench.expect({ 'esp-encrypt/outside_selector': 1 });
    });
  });

  describe('between inner and outer header', () => {
    const outerOf = (spec: Partial<SaSpec>, inner: Uint8Array): Uint8Array => {
      bench.close();
      bench = siteWithTunnel({}, { tunnels: [tunnelTo({}, { spec })] });
      bench.pushIp('lan', inner);
      bench.run();
      const [outer] = bench.sentIp('wan');
      assert.deepEqual(espOpen(saOf(SPI_OUT), outer!.subarray(20)).inner.slice(0, 60), forwarded(inner));
      bench.expect({});
      return outer!;
    };
    const classes: [Partial<SaSpec>, number, number][] = [
      [{}, 0xb9, 0xb9],
      [{ dscp: 'keep' }, 0xb9, 0x01],
      [{ ecn: false }, 0xb9, 0xb8],
      [{ dscp: 'keep', ecn: false }, 0xff, 0],
    ];
    for (const [spec, inside, outside] of classes) {
      it(`${JSON.stringify(spec)}: DSCP and ECN of ${inside.toString(16)} become ${outside.toString(16)}`, () => {
        assert.equal(outerOf(spec, clear({ tos: inside }))[1], outside);
      });
    }

    for (const [df, inside, outside] of [
      ['clear', true, 0],
      ['set', false, 0x4000],
      ['copy', false, 0],
      ['copy', true, 0x4000],
    ] as const) {
      it(`DF: ${df}, and the inner packet has ${inside ? 'it' : 'none'}`, () => {
        assert.equal(viewOf(outerOf({ df }, clear({ df: inside }))).getUint16(6), outside);
      });
    }

    for (const [tfc, size] of [
      [59, 60],
      [60, 60],
      [61, 61],
      [1000, 1000],
      [0xffffffff, 1400],
    ] as const) {
      it(`pads to ${tfc} octets, as far as the tunnel's MTU (RFC 4303 section 2.7), with zeros`, () => {
        const outer = outerOf({ tfc_bytes: tfc }, clear());
        const { inner } = espOpen(saOf(SPI_OUT), outer.subarray(20));
        assert.equal(inner.length, size);
        assert.deepEqual(inner.slice(60), new Uint8Array(size - 60));
        assert.equal(bench.control.sa('tun out').counters[SA.SA_BYTES], 60, 'padding is not the packet');
      });
    }
  });

  it('tells of numbers that ran out, at a bounded rate, and counts the rest', () => {
    bench.control.sa('tun out').words[SA.SA_LIMIT_LOW] = 0;
    bench.pushIp('lan', ...Array.from({ length: 100 }, () => clear()));
    bench.run();
    const audits = bench.audits();
    assert.deepEqual(audits[0], {
      kind: 'refused',
      at_ms: bench.now,
      reason: 'sequence_exhausted',
      spi: SPI_OUT,
      sequence: 0,
      interface: 'tun',
      outer: null,
      flow_label: null,
      inner: { src: HOST, dst: REMOTE_HOST, protocol: 253, src_port: null, dst_port: null },
    });
    assert.deepEqual(audits[20], { kind: 'suppressed', at_ms: bench.now, count: 80 });
    assert.equal(audits.length, 21);
    bench.expect({ 'esp-encrypt/sequence_exhausted': 100 });
  });

  describe('with SAs of another worker', () => {
    const twoWorkers = (frames = 4096): Bench =>
      siteWithTunnel({}, { workers: 2, frames, tunnels: [tunnelTo({}, { workerOut: 1 })] });

    it('hands over, and the numbers follow the order of the packets', () => {
      bench.close();
      bench = twoWorkers();
      bench.pushIp('lan', ...Array.from({ length: 600 }, (_, id) => clear({ id })));
      bench.run();
      const opened = bench.sentIp('wan').map((outer) => espOpen(saOf(SPI_OUT), outer.subarray(20)));
      assert.deepEqual(
        opened.map(({ sequence, inner }) => [Number(sequence), viewOf(inner).getUint16(4)]),
        Array.from({ length: 600 }, (_, i) => [i + 1, i]),
      );
      assert.equal(bench.forwarders[1]!.counters.interfaces[(bench.row('tun') << 3) + 2], 600);
      bench.expect({ 'esp-encrypt/handed_over': 600 });
    });

    it("drops when the other's ring is full", () => {
      bench.close();
      bench = twoWorkers(8192);
      for (let i = 0; i < 9; i++) {
        bench.pushIp('lan', ...new Array<Uint8Array>(500).fill(clear()));
        while (bench.forwarders[0]!.round() > 0);
      }
      let sent = 0;
      for (let i = 0; i < 6; i++) {
        bench.run();
        sent += bench.sent('wan').length;
      }
      assert.equal(sent, 4096);
      bench.expect({ 'esp-encrypt/handed_over': 4096, 'esp-encrypt/worker_busy': 404 });
    });
  });

  it('waits for the router as other packets do, and leaves in order', () => {
    bench.control.forget('wan', ROUTER);
    bench.pushIp('lan', clear(), clear());
    bench.run();
    bench.control.resolve({ interface: 'wan', address: ROUTER, mac: '02:00:00:00:bb:fe' });
    bench.run();
    assert.deepEqual(seqs(), [1, 2]);
    bench.expect({ 'ip4-arp/waiting': 2 });
  });
});

import assert from 'node:assert/strict';
import type { SaSpec } from '@sluice/shared';
import { INTERFACE_DOWN } from '../../src/tables/interfaces.js';
import * as SA from '../../src/tables/security-associations.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { type EspOptions, espSeal } from '../support/esp.js';
import { ENGINES } from '../support/esp-crypto-engines.js';
import { concat, forwarded, icmp, ip4, pattern, udp } from '../support/packets.js';
import {
  HOST,
  PEER,
  REMOTE_HOST,
  SPI_IN,
  SPI_OUT,
  saOf,
  siteWithTunnel,
  type TunnelVariant,
  tunnelTo,
  WAN,
} from '../support/site.js';

const clear = (size: number, id = 1): Uint8Array =>
  ip4({ src: REMOTE_HOST, dst: HOST, id, payload: pattern(size - 20, size) });
const plain = (esp: Uint8Array): Uint8Array => ip4({ src: PEER, dst: WAN, protocol: 50, payload: esp });

for (const engine of ENGINES) {
  describe(`opening by ${engine}`, () => {
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
      it(`${what}: what was sealed elsewhere comes out as it was`, () => {
        const bench = siteWithTunnel(variant, { engine });
        try {
          const sa = tunnelTo(variant).inbound;
          let sequence = 0;
          let bytes = 0;
          for (let size = 20; size <= 1400; size += size < 100 ? 1 : 37) {
            const esp = espSeal(sa, { sequence: BigInt(++sequence), inner: clear(size) });
            bytes += size;
            const outer = variant.udp
              ? ip4({ src: PEER, dst: WAN, protocol: 17, payload: udp(4500, 4500, esp) })
              : plain(esp);
            bench.pushIp('wan', outer);
            bench.run();
            assert.deepEqual(bench.sentIp('lan'), [forwarded(clear(size))]);
          }
          const { counters, words } = bench.control.sa('tun in');
          assert.deepEqual([counters[SA.SA_PACKETS], counters[SA.SA_BYTES]], [sequence, bytes]);
          assert.deepEqual(
            [words[SA.SA_SEQ_HIGH], words[SA.SA_SEQ_LOW], words[SA.SA_PROVED]],
            [0, sequence, 1],
          );
          const { rxPackets, rxBytes } = bench.interface('tun');
          assert.deepEqual([rxPackets, rxBytes], [sequence, bytes]);
          bench.expect({});
        } finally {
          bench.close();
        }
      });

      it(`${what}: refuses it when any one bit is another`, () => {
        const bench = siteWithTunnel(variant, { engine });
        try {
          const sa = tunnelTo(variant).inbound;
          const esp = espSeal(sa, { sequence: 5n, inner: clear(40) });
          for (let bit = 4 * 8; bit < esp.length * 8; bit += 3) {
            const forged = esp.slice();
            forged[bit >> 3]! ^= 1 << (bit & 7);
            bench.pushIp('wan', plain(forged));
          }
          bench.run();
          assert.deepEqual(bench.sent('lan'), []);
          const flips = Math.ceil(((esp.length - 4) * 8) / 3);
          const { counters, words } = bench.control.sa('tun in');
          // A number that was never authenticated moves no window.
          assert.deepEqual([words[SA.SA_SEQ_LOW], words[SA.SA_SEQ_HIGH], words[SA.SA_PROVED]], [0, 0, 0]);
          assert.equal(counters[SA.SA_INTEGRITY_FAILED], flips);
          bench.expect({ 'esp-decrypt/integrity_failed': flips });
          bench.pushIp('wan', plain(esp));
          bench.run();
          assert.deepEqual(bench.sentIp('lan'), [forwarded(clear(40))]);
          bench.expect({});
        } finally {
          bench.close();
        }
      });
    }
  });
}

describeNode('esp-decrypt', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = siteWithTunnel();
  });
  afterEach(() => bench.close());

  let sequence = 0n;
  const sealed = (options: Partial<EspOptions> = {}): Uint8Array =>
    plain(espSeal(saOf(SPI_IN), { sequence: ++sequence, inner: clear(60), ...options }));

  it('is cut short at every length', () => {
    const esp = espSeal(saOf(SPI_IN), { sequence: ++sequence, inner: new Uint8Array() });
    assert.equal(esp.length, 8 + 8 + 4 + 16);
    for (let length = 8; length < esp.length; length++) bench.pushIp('wan', plain(esp.subarray(0, length)));
    bench.run();
    // From header, IV, two octets of trailer and the ICV on there is something to authenticate.
    bench.expect({ 'esp-decrypt/truncated': 26, 'esp-decrypt/integrity_failed': 2 });
  });

  const paddings: [string, Partial<EspOptions>, string | null][] = [
    ['none at all', { inner: clear(62) }, null],
    ['255 octets', { inner: clear(63), padding: pattern(255, 1) }, null],
    ['more than is needed', { padding: pattern(6, 1) }, null],
    ['that counts from 0', { padding: pattern(2, 0) }, 'bad_padding'],
    ['of zeros', { padding: new Uint8Array(2) }, 'bad_padding'],
    ['whose last octet is wrong', { padding: Uint8Array.of(1, 2, 3, 4, 5, 7) }, 'bad_padding'],
    ['longer than the packet', { padLength: 200 }, 'bad_padding'],
    ['longer by one', { inner: pattern(9, 1), padding: new Uint8Array(), padLength: 10 }, 'bad_padding'],
  ];
  for (const [what, options, counter] of paddings) {
    it(`has padding ${what}`, () => {
      bench.pushIp('wan', sealed(options));
      bench.run();
      const expected = counter === null ? [forwarded(options.inner ?? clear(60))] : [];
      assert.deepEqual(bench.sentIp('lan'), expected);
      bench.expect(counter === null ? {} : { [`esp-decrypt/${counter}`]: 1 });
    });
  }

  const contents: [string, Partial<EspOptions>, string][] = [
    ['a dummy', { nextHeader: 59 }, 'esp-decrypt/dummy'],
    ['a dummy of random octets', { nextHeader: 59, inner: pattern(33, 99) }, 'esp-decrypt/dummy'],
    ['IPv4 where IPv6 was said', { nextHeader: 41 }, 'ip6-input/bad_version'],
    ['transport mode', { nextHeader: 6 }, 'esp-decrypt/bad_next_header'],
    ['nothing', { inner: new Uint8Array() }, 'ip4-input/truncated'],
    ['19 octets', { inner: clear(60).subarray(0, 19) }, 'ip4-input/truncated'],
    ['a packet cut short', { inner: clear(60).subarray(0, 59) }, 'ip4-input/bad_total_length'],
    [
      'a wrong header checksum',
      { inner: ip4({ src: REMOTE_HOST, dst: HOST, checksum: 7 }) },
      'ip4-input/bad_checksum',
    ],
  ];
  for (const [what, options, path] of contents) {
    it(`carries ${what}`, () => {
      bench.pushIp('wan', sealed(options));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ [path]: 1 });
    });
  }

  it('cuts off what traffic flow confidentiality put behind the packet (RFC 4303 section 2.7)', () => {
    bench.pushIp('wan', sealed({ inner: concat(clear(60), pattern(100)) }));
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(clear(60))]);
    bench.expect({});
  });

  // RFC 6040 section 4.2, figure 4: by the inner mark, what each outer one makes of it. null is a drop.
  const NOT_ECT = 0;
  const ECT_1 = 1;
  const ECT_0 = 2;
  const CE = 3;
  const marks: [number, Record<number, number | null>][] = [
    [NOT_ECT, { [NOT_ECT]: NOT_ECT, [ECT_0]: NOT_ECT, [ECT_1]: NOT_ECT, [CE]: null }],
    [ECT_0, { [NOT_ECT]: ECT_0, [ECT_0]: ECT_0, [ECT_1]: ECT_1, [CE]: CE }],
    [ECT_1, { [NOT_ECT]: ECT_1, [ECT_0]: ECT_1, [ECT_1]: ECT_1, [CE]: CE }],
    [CE, { [NOT_ECT]: CE, [ECT_0]: CE, [ECT_1]: CE, [CE]: CE }],
  ];
  for (const [inside, byOuter] of marks) {
    it(`carries a packet with the ECN mark ${inside}, and the path may have changed the outer one`, () => {
      let dropped = 0;
      for (const [outside, result] of Object.entries(byOuter)) {
        const packet = (ecn: number): Uint8Array =>
          ip4({ src: REMOTE_HOST, dst: HOST, tos: 0xb8 | ecn, id: 0xfffe });
        const esp = espSeal(saOf(SPI_IN), { sequence: ++sequence, inner: packet(inside) });
        bench.pushIp('wan', ip4({ src: PEER, dst: WAN, protocol: 50, tos: Number(outside), payload: esp }));
        bench.run();
        assert.deepEqual(bench.sentIp('lan'), result === null ? [] : [forwarded(packet(result))]);
        if (result === null) dropped++;
      }
      bench.expect(dropped === 0 ? {} : { 'esp-decrypt/congested': dropped });
    });
  }

  describe('whose SA says otherwise', () => {
    const open = (spec: Partial<SaSpec>, tos: number, inside: number): Uint8Array[] => {
      bench.close();
      bench = siteWithTunnel({}, { tunnels: [tunnelTo({}, { spec })] });
      const inner = ip4({ src: REMOTE_HOST, dst: HOST, tos: inside });
      const esp = espSeal(saOf(SPI_IN), { sequence: 1n, inner });
      bench.pushIp('wan', ip4({ src: PEER, dst: WAN, protocol: 50, tos, payload: esp }));
      bench.run();
      return bench.sentIp('lan');
    };
    const cases: [Partial<SaSpec>, number, number, number][] = [
      [{ dscp: 'copy' }, 0xb8, 0x28, 0xb8],
      [{ dscp: 'copy' }, 0xb8 | 3, 0x28 | 2, 0xb8 | 3],
      [{ ecn: false }, 3, 0x28 | 2, 0x28 | 2],
      [{ ecn: false }, 3, 0x28, 0x28],
      [{ ecn: false, dscp: 'copy' }, 0x48 | 3, 0x28, 0x48],
    ];
    for (const [spec, outside, inside, result] of cases) {
      it(`${JSON.stringify(spec)}: ${outside} outside and ${inside} inside make ${result}`, () => {
        const expected = ip4({ src: REMOTE_HOST, dst: HOST, tos: result });
        assert.deepEqual(open(spec, outside, inside), [forwarded(expected)]);
        bench.expect({});
      });
    }

    it('transport mode without a tunnel of its own: nothing comes of a whole packet', () => {
      assert.deepEqual(open({ mode: 'transport' }, 0, 0), []);
      // IP in IP it could be, but the interface is none of that kind.
      bench.expect({ 'ipip-input/unknown_tunnel': 1 });
    });

    it('a block cipher: what is no multiple of the block is not given to it', () => {
      const cbc = {
        cipher: 'aes-cbc',
        integrity: 'hmac-sha1',
        integrityKey: pattern(20),
        icvBytes: 12,
      } as const;
      const sa = { ...saOf(SPI_IN), ...cbc, salt: new Uint8Array() };
      bench.close();
      bench = siteWithTunnel(
        {},
        { tunnels: [tunnelTo({}, { inbound: sa, outbound: { ...sa, spi: SPI_OUT } })] },
      );
      const esp = espSeal(sa, { sequence: 1n, inner: clear(60) });
      for (let cut = 1; cut <= 16; cut++) bench.pushIp('wan', plain(esp.subarray(0, esp.length - cut)));
      bench.run();
      bench.expect({ 'esp-decrypt/bad_block_length': 12, 'esp-decrypt/integrity_failed': 4 });
      bench.pushIp('wan', plain(esp));
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(clear(60))]);
      bench.expect({});
    });
  });

  describe('and is refused', () => {
    const bad = (options: Partial<EspOptions>): Uint8Array =>
      espSeal(saOf(SPI_IN), { sequence: 7n, inner: clear(60), ...options });
    const flip = (esp: Uint8Array): Uint8Array => {
      esp[esp.length - 1]! ^= 1;
      return esp;
    };
    const cases: [string, () => Uint8Array, object][] = [
      ['integrity_failed', () => flip(bad({})), {}],
      ['bad_padding', () => bad({ padding: pattern(2, 0) }), {}],
      [
        'outside_selector',
        () =>
          bad({
            inner: ip4({ src: '203.0.113.9', dst: HOST, protocol: 17, payload: udp(53, 4000, pattern(4)) }),
          }),
        { inner: { src: '203.0.113.9', dst: HOST, protocol: 17, src_port: 53, dst_port: 4000 } },
      ],
    ];
    const net = { src: '10.2.0.0/16', dst: '0.0.0.0/0', protocol: 0 };
    const anyPort: [number, number] = [0, 65_535];
    for (const [reason, esp, more] of cases) {
      it(`for ${reason}: the audit log has it`, () => {
        const selectors = [{ ...net, src_ports: anyPort, dst_ports: anyPort }];
        bench.control.sa('tun in').words[SA.SA_SELECTORS] = bench.control.selectors.add(selectors);
        bench.pushIp('wan', plain(esp()));
        bench.run();
        assert.deepEqual(bench.audits(), [
          {
            kind: 'refused',
            at_ms: bench.now,
            reason,
            spi: SPI_IN,
            sequence: 7,
            interface: 'tun',
            outer: { src: PEER, dst: WAN },
            flow_label: null,
            inner: null,
            ...more,
          },
        ]);
        bench.expect({ [`esp-decrypt/${reason}`]: 1 });
      });
    }

    it('for being a replay, before and after it was opened: the audit log has both', () => {
      bench.pushIp('wan', plain(bad({})), plain(bad({})));
      bench.run();
      bench.pushIp('wan', plain(bad({})));
      bench.run();
      const reasons = bench
        .audits()
        .map((event) => event.kind === 'refused' && [event.reason, event.sequence]);
      assert.deepEqual(reasons, [
        ['replayed', 7],
        ['replayed', 7],
      ]);
      assert.equal(bench.sent('lan').length, 1);
      bench.expect({ 'esp-decrypt/replayed': 2 });
    });
  });

  it('belongs to a tunnel that is down', () => {
    bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
    bench.pushIp('wan', sealed());
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'esp-decrypt/no_tunnel': 1 });
  });

  describe('with traffic selectors', () => {
    const anyPort: [number, number] = [0, 65_535];
    const covers = {
      src: '10.2.0.0/24',
      dst: '10.1.0.0/24',
      protocol: 0,
      src_ports: anyPort,
      dst_ports: anyPort,
    };
    const elsewhere = { ...covers, src: '203.0.113.0/24' };
    const restrict = (...selectors: (typeof covers)[]): void => {
      bench.control.sa('tun in').words[SA.SA_SELECTORS] = bench.control.selectors.add(selectors);
    };
    const protocol = clear(60)[9]!;
    const cases: [string, (typeof covers)[], boolean][] = [
      ['that covers it', [covers], true],
      ['of its protocol', [{ ...covers, protocol }], true],
      ['of another protocol', [{ ...covers, protocol: protocol + 1 }], false],
      ['of another source', [elsewhere], false],
      ['of another destination', [{ ...covers, dst: '203.0.113.0/24' }], false],
      ['of IPv6', [{ ...covers, src: '::/0', dst: '::/0' }], false],
      ['the last of which covers it', [elsewhere, { ...covers, protocol: 6 }, covers], true],
    ];
    for (const [what, selectors, passes] of cases) {
      it(`${what}: ${passes ? 'passes' : 'is dropped, counted and told'}`, () => {
        restrict(...selectors);
        bench.pushIp('wan', sealed());
        bench.run();
        assert.equal(bench.sent('lan').length, passes ? 1 : 0);
        assert.equal(bench.control.sa('tun in').counters[SA.SA_REFUSED], passes ? 0 : 1);
        bench.expect(passes ? {} : { 'esp-decrypt/outside_selector': 1 });
      });
    }

    it('still has a packet that is too short for addresses refused by its header', () => {
      restrict(elsewhere);
      bench.pushIp('wan', sealed({ inner: clear(60).subarray(0, 19) }));
      bench.run();
      bench.expect({ 'ip4-input/truncated': 1 });
    });
  });

  it('has lost its SA on the way to its worker', () => {
    bench.close();
    bench = siteWithTunnel({}, { workers: 2, tunnels: [tunnelTo({}, { workerIn: 1 })] });
    bench.pushIp('wan', sealed());
    while (bench.forwarders[0]!.round() > 0);
    bench.control.sa('tun in').words[SA.SA_STATE] = SA.SA_FREE;
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'esp-input/handed_over': 1, 'esp-decrypt/sa_gone': 1 });
  });

  it('has lost its key', () => {
    bench.crypto.wipeKey(bench.control.sa('tun in').words[SA.SA_KEY]!);
    bench.pushIp('wan', sealed());
    bench.run();
    bench.expect({ 'esp-decrypt/integrity_failed': 1 });
  });

  it('is answered through the tunnel that it came by', () => {
    bench.control.interfaces.address[bench.row('tun')] = 0xa9fe0001;
    const request = ip4({ src: REMOTE_HOST, dst: WAN, protocol: 1, payload: icmp(8, 0, 1, pattern(20)) });
    bench.pushIp('wan', sealed({ inner: request }));
    bench.run();
    const [outer] = bench.sentIp('wan');
    assert.equal(outer![9], 50);
    assert.equal(bench.interface('tun').txPackets, 1);
    bench.expect({ 'ip4-icmp-echo/replies': 1 });
  });

  it('keeps the VRF inside the tunnel from the one outside', () => {
    bench.close();
    bench = siteWithTunnel(
      {},
      {
        interfaces: [
          { name: 'lan', address: '10.1.0.1/24', vrf: 3 },
          { name: 'wan', address: `${WAN}/24` },
        ],
        tunnels: [tunnelTo({}, { vrf: 3, outerVrf: 0 })],
        routes: [{ prefix: '10.2.0.0/16', via: 'tun', vrf: 3 }],
      },
    );
    bench.pushIp('wan', sealed(), clear(60));
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(clear(60))], 'not the one that came in clear');
    assert.deepEqual(bench.sentIp('wan'), [forwarded(clear(60))], 'which knows no other way than the router');
    bench.pushIp('lan', ip4({ src: HOST, dst: REMOTE_HOST }));
    bench.run();
    assert.equal(bench.sentIp('wan')[0]![9], 50);
    bench.expect({});
  });

  describe('anti-replay', () => {
    const send = (...numbers: number[]): number[] => {
      bench.pushIp(
        'wan',
        ...numbers.map((number) =>
          plain(espSeal(saOf(SPI_IN), { sequence: BigInt(number), inner: clear(20, number) })),
        ),
      );
      bench.run();
      return bench.sentIp('lan').map((packet) => (packet[4]! << 8) | packet[5]!);
    };
    const cases: [string, number[][], number[], number][] = [
      ['in order', [[1, 2, 3]], [1, 2, 3], 0],
      ['0 is never sent', [[0]], [], 1],
      ['twice, one after the other', [[1], [1]], [1], 1],
      ['twice in one vector', [[7, 7, 7]], [7], 2],
      ['out of order within the window', [[64], [1, 63, 2]], [64, 1, 63, 2], 0],
      ['the bottom edge of the window', [[65], [2, 1]], [65, 2], 1],
      ['a jump by the window less one keeps the oldest', [[1], [64], [1]], [1, 64], 1],
      ['a jump by the window', [[1], [65], [1, 2]], [1, 65, 2], 1],
      ['a far jump', [[1], [1000], [936, 937, 1000, 999]], [1, 1000, 937, 999], 2],
      ['a far jump forgets what stood in its place', [[40], [168], [104, 105]], [40, 168, 105], 1],
      ['a jump within one vector ages what follows it', [[1, 500, 2, 437, 436]], [1, 500, 437], 2],
    ];
    for (const [what, vectors, passed, replayed] of cases) {
      it(what, () => {
        assert.deepEqual(
          vectors.flatMap((numbers) => send(...numbers)),
          passed,
        );
        assert.equal(bench.control.sa('tun in').counters[SA.SA_REPLAYED], replayed);
        bench.expect(replayed === 0 ? {} : { 'esp-decrypt/replayed': replayed });
      });
    }

    it('takes everything when the SA has no window', () => {
      bench.control.sa('tun in').words[SA.SA_WINDOW] = 0;
      assert.deepEqual(send(5, 5, 1, 0), [5, 5, 1, 0]);
      bench.expect({});
    });

    it('infers the high half of extended numbers across 2^32', () => {
      bench.close();
      bench = siteWithTunnel({ esn: true });
      const { words } = bench.control.sa('tun in');
      words[SA.SA_SEQ_LOW] = 0xfffffff0;
      words[SA.SA_SEQ_HIGH] = 6;
      const base = (6n << 32n) + 0xfffffff0n;
      const pass = (...offsets: number[]): number[] => {
        const sa = saOf(SPI_IN, { esn: true });
        const seal = (offset: number): Uint8Array =>
          plain(espSeal(sa, { sequence: base + BigInt(offset), inner: clear(20, offset & 0xffff) }));
        bench.pushIp('wan', ...offsets.map(seal));
        bench.run();
        return bench.sentIp('lan').map((packet) => ((packet[4]! << 24) >> 16) | packet[5]!);
      };
      assert.deepEqual(pass(1, 14, 20, 15, 16, 3), [1, 14, 20, 15, 16, 3]);
      assert.deepEqual([words[SA.SA_SEQ_HIGH], words[SA.SA_SEQ_LOW]], [7, 4]);
      assert.deepEqual(pass(-43, 15, 14), [-43], 'the window reaches back over 2^32');
      bench.expect({ 'esp-decrypt/replayed': 2 });
    });
  });
});

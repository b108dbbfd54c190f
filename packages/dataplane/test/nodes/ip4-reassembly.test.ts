import assert from 'node:assert/strict';
import { LARGE_FRAMES } from '../../src/memory/packet-pool.js';
import type { Bench, BenchOptions } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import {
  concat,
  fragmentsAt,
  fragmentsOf,
  type Ip4Options,
  icmp,
  icmpError,
  ip4,
  pattern,
  udp,
} from '../support/packets.js';
import { dropsOf, itRefuses, type Refused } from '../support/refused.js';
import { HOST, LAN, site } from '../support/site.js';

const datagram = (size: number, more: Partial<Ip4Options> = {}): Uint8Array =>
  ip4({ src: HOST, dst: LAN, protocol: 17, payload: pattern(size), ...more });

/** A fragment with the octets from `from` on, `length` of them, of a datagram of counting octets. */
const part = (from: number, length: number, mf: boolean, more: Partial<Ip4Options> = {}): Uint8Array =>
  ip4({
    src: HOST,
    dst: LAN,
    protocol: 17,
    fragmentOffset: from,
    mf,
    payload: pattern(length, from),
    ...more,
  });

describeNode('ip4-reassembly', () => {
  let bench: Bench;
  const start = (options: Partial<BenchOptions> = {}): Bench => {
    bench = site(options);
    return bench;
  };
  afterEach(() => bench.close());

  const give = (...packets: Uint8Array[]): void => {
    bench.pushIp('lan', ...packets);
    bench.run();
  };
  const wholes = (): Uint8Array[] => bench.punted().map(({ bytes }) => bytes.subarray(14));
  const reassembled = (fragments: number, more: Moved = {}): Moved => ({
    'ip4-reassembly/reassembled': 1,
    'ip4-reassembly/fragments': fragments,
    ...more,
  });

  const sizes: [string, number, number][] = [
    ['two fragments of a few octets', 17, 8],
    ['fragments of a full link', 4000, 1480],
    ['what just fits a frame', 1620, 808],
    ['what just needs a large one', 1640, 824],
    ['an IKE message with certificates', 9000, 1480],
    ['the longest datagram', 65_515, 1480],
    ['the longest one in packets of 576 octets', 65_515, 552],
  ];
  for (const [what, size, room] of sizes) {
    for (const [order, sorted] of [
      ['in order', (parts: Uint8Array[]) => parts],
      ['from behind', (parts: Uint8Array[]) => parts.reverse()],
      ['odd ones first', (parts: Uint8Array[]) => [1, 0].flatMap((k) => parts.filter((_, i) => i % 2 === k))],
    ] as const) {
      it(`puts ${what} together, ${order}`, () => {
        start();
        const packet = datagram(size);
        const parts = fragmentsOf(packet, room);
        give(...sorted([...parts]));
        assert.deepEqual(wholes(), [packet]);
        bench.expect(reassembled(parts.length));
      });
    }
  }

  it('keeps the options of the first fragment, and takes those of the others away', () => {
    start();
    const options = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0);
    const parts = [part(0, 16, true, { options }), part(16, 9, false)];
    give(...parts);
    assert.deepEqual(wholes(), [datagram(25, { options })]);
    bench.expect(reassembled(2));
  });

  it('clears DF, which said nothing of the datagram', () => {
    start();
    give(part(0, 16, true, { df: true }), part(16, 9, false, { df: true }));
    assert.deepEqual(wholes(), [datagram(25)]);
    bench.expect(reassembled(2));
  });

  it('tells datagrams apart by each part of their key, however interleaved', () => {
    start();
    const several = [
      datagram(40),
      datagram(40, { id: 0x1235 }),
      datagram(40, { src: '10.1.0.11' }),
      datagram(40, { dst: '192.0.2.1' }),
      datagram(40, { protocol: 50 + 200 }),
    ];
    const parts = several.map((packet) => fragmentsAt(packet, [16, 24]));
    give(...[2, 0, 1].flatMap((k) => parts.map((own) => own[k]!)));
    assert.deepEqual(wholes(), several);
    bench.expect({ 'ip4-reassembly/reassembled': 5, 'ip4-reassembly/fragments': 15 });
  });

  it('answers an echo request of 65,507 octets with as many', () => {
    start();
    const echo = (type: number, src: string, dst: string): Uint8Array =>
      ip4({ src, dst, protocol: 1, payload: icmp(type, 0, 0x00010001, pattern(65_507)) });
    give(...fragmentsOf(echo(8, HOST, LAN), 1480));
    const reply = echo(0, LAN, HOST);
    assert.deepEqual(bench.sentIp('lan'), fragmentsOf(reply, 1480));
    bench.expect(
      reassembled(45, { 'ip4-icmp-echo/replies': 1, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 45 }),
    );
  });

  describe('congestion', () => {
    const marks: [string, number[], number | null][] = [
      ['of one fragment marks the datagram', [2, 3, 2], 3],
      ['is not made up', [2, 1, 2], 2],
      ['of a sender that would not understand it drops the datagram', [0, 3, 0], null],
    ];
    for (const [what, tos, expected] of marks) {
      it(what, () => {
        start();
        give(...tos.map((mark, i) => part(i * 8, 8, i < 2, { tos: mark | 0xb8 })));
        assert.deepEqual(wholes(), expected === null ? [] : [datagram(24, { tos: expected | 0xb8 })]);
        bench.expect(expected === null ? { 'ip4-reassembly/congested': 3 } : reassembled(3));
      });
    }
  });

  /** Each ends without a datagram, every frame given back. */
  const refused: Refused[] = [
    [
      'two that overlap by 8 octets',
      [part(0, 24, true), part(16, 8, false)],
      { 'ip4-reassembly/overlap': 2 },
    ],
    ['one inside another', [part(0, 48, true), part(8, 16, true)], { 'ip4-reassembly/overlap': 2 }],
    ['one around another', [part(8, 8, true), part(0, 48, true)], { 'ip4-reassembly/overlap': 2 }],
    [
      'one over the next (teardrop)',
      [part(24, 16, false), part(16, 16, true), part(0, 16, true)],
      { 'ip4-reassembly/overlap': 3 },
    ],
    [
      'the same place with other octets',
      [part(0, 16, true), ip4({ src: HOST, dst: LAN, protocol: 17, mf: true, payload: pattern(16, 99) })],
      { 'ip4-reassembly/overlap': 2 },
    ],
    [
      'the same octets, once as the last',
      [part(16, 8, true), part(16, 8, false)],
      { 'ip4-reassembly/overlap': 2 },
    ],
    [
      'what comes of a datagram after it was refused',
      [part(0, 24, true), part(16, 24, true), part(40, 8, true), part(48, 1, false)],
      { 'ip4-reassembly/overlap': 4 },
    ],
    ['two ends', [part(16, 8, false), part(24, 8, false)], { 'ip4-reassembly/bad_end': 2 }],
    ['an end before what came', [part(32, 8, true), part(16, 8, false)], { 'ip4-reassembly/bad_end': 2 }],
    ['octets behind the end', [part(16, 8, false), part(32, 8, true)], { 'ip4-reassembly/bad_end': 2 }],
    ['no multiple of 8 octets', [part(0, 23, true)], { 'ip4-reassembly/bad_length': 1 }],
    ['no octet', [part(16, 0, false), part(16, 0, true)], { 'ip4-reassembly/empty': 2 }],
    [
      'an end beyond 65,535 octets (ping of death)',
      [part(65_528, 8, false), part(65_512, 1400, false)],
      { 'ip4-reassembly/too_long': 2 },
    ],
    [
      'headers that make a datagram too long in the end',
      [
        part(0, 32_768, true, { options: new Uint8Array(40).fill(1) }),
        part(32_768, 32_736, true),
        part(65_504, 11, false),
      ],
      { 'ip4-reassembly/too_long': 3 },
    ],
    [
      'a TCP header of 16 octets (RFC 1858)',
      [part(0, 16, true, { protocol: 6 })],
      { 'ip4-reassembly/tiny_fragment': 1 },
    ],
    [
      'the rest of a TCP header in fragment offset 1 (RFC 3128)',
      [part(8, 800, false, { protocol: 6 })],
      { 'ip4-reassembly/tiny_fragment': 1 },
    ],
  ];
  itRefuses(refused, ['lan'], (...packets) => {
    start();
    give(...packets);
    return bench;
  });

  it('drops an exact duplicate, of the last fragment too, and keeps the others', () => {
    start();
    give(part(0, 16, true), part(0, 16, true), part(24, 3, false), part(24, 3, false), part(16, 8, true));
    assert.deepEqual(wholes(), [datagram(27)]);
    bench.expect(reassembled(3, { 'ip4-reassembly/duplicate': 2 }));
  });

  it('begins anew with an identification that was refused when its time is over', () => {
    start();
    give(part(0, 24, true), part(16, 24, true));
    bench.now += 9_999;
    give(part(0, 24, true));
    bench.expect({ 'ip4-reassembly/overlap': 3 });
    bench.now += 101;
    give(part(0, 24, true), part(24, 3, false));
    assert.deepEqual(wholes(), [datagram(27)]);
    bench.expect(reassembled(2));
  });

  describe('time', () => {
    it('ends: the sender is told when the first fragment came', () => {
      start();
      const first = part(0, 24, true);
      give(part(32, 8, true), first, part(40, 3, false));
      bench.now += 10_000;
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, first, 11, 1)]);
      bench.expect({
        'ip4-reassembly/time_exceeded': 1,
        'ip4-reassembly/timeout': 2,
        'ip4-icmp-error/sent': 1,
      });
    });

    it('ends in silence when the first fragment did not come', () => {
      start();
      give(part(16, 8, true), part(32, 8, false));
      bench.now += 10_000;
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'ip4-reassembly/timeout': 2 });
    });

    it('is counted from the first that came, whatever comes later', () => {
      start({ reassembly: { timeoutMs: 1000 } });
      give(part(16, 8, true));
      bench.now += 900;
      give(part(32, 8, true));
      bench.expect({}, 2);
      bench.now += 100;
      bench.run();
      bench.expect({ 'ip4-reassembly/timeout': 2 });
    });
  });

  describe('limits', () => {
    it('of fragments: a datagram in too many pieces is refused as a whole', () => {
      start({ reassembly: { fragments: 4 } });
      give(...fragmentsOf(datagram(40), 8), ...fragmentsOf(datagram(32, { id: 1 }), 8));
      assert.deepEqual(wholes(), [datagram(32, { id: 1 })]);
      bench.expect(reassembled(4, { 'ip4-reassembly/too_many_fragments': 5 }));
    });

    it('of datagrams: the oldest makes room', () => {
      // Half of them, because another VRF may come.
      start({ reassembly: { datagrams: 8 } });
      give(...[1, 2, 3, 4, 5, 6].map((id) => part(0, 8, true, { id })));
      bench.expect({ 'ip4-reassembly/too_many_datagrams': 2 }, 4);
      give(...[6, 5, 4, 3].map((id) => part(8, 3, false, { id })));
      assert.deepEqual(
        wholes(),
        [6, 5, 4, 3].map((id) => datagram(11, { id })),
      );
      bench.expect({ 'ip4-reassembly/reassembled': 4, 'ip4-reassembly/fragments': 8 });
    });

    it('of frames: the oldest makes room, and who has them all is refused', () => {
      start({ reassembly: { frames: 8 } });
      give(part(0, 8, true, { id: 1 }), part(8, 8, true, { id: 1 }));
      give(...[0, 8, 16].map((at) => part(at, 8, true, { id: 2 })));
      bench.expect({ 'ip4-reassembly/too_many_frames': 2 }, 3);
      give(...[24, 32, 40].map((at) => part(at, 8, true, { id: 2 })));
      bench.expect({ 'ip4-reassembly/too_many_frames': 6 });
    });

    it('leave each VRF its share, whatever the others do', () => {
      start({
        reassembly: { datagrams: 12, frames: 64 },
        interfaces: [
          { name: 'lan', address: `${LAN}/24` },
          { name: 'wan', address: '192.0.2.1/24' },
          { name: 'red', address: '10.9.0.1/24', vrf: 1 },
        ],
      });
      give(...Array.from({ length: 100 }, (_, id) => part(0, 8, true, { id })));
      bench.expect({ 'ip4-reassembly/too_many_datagrams': 94 }, 6);
      const other = [1, 2, 3].map((id) =>
        ip4({ src: '10.9.0.7', dst: '10.9.0.1', id, payload: pattern(33) }),
      );
      bench.pushIp('red', ...other.flatMap((packet) => fragmentsOf(packet, 16)));
      bench.run();
      assert.deepEqual(wholes(), other);
      bench.expect({ 'ip4-reassembly/reassembled': 3, 'ip4-reassembly/fragments': 9 }, 6);
    });

    it('of large frames: a datagram without one is dropped whole', () => {
      start();
      const taken = Array.from({ length: LARGE_FRAMES }, () => bench.pool.allocLarge());
      give(...fragmentsOf(datagram(4000), 1480));
      for (const frame of taken) bench.pool.free(frame);
      assert.deepEqual(wholes(), []);
      bench.expect({ 'ip4-reassembly/no_large_frame': 3 });
    });
  });

  describe('with several workers', () => {
    it('puts each datagram together on one of them, whoever received its fragments', () => {
      start({
        workers: 3,
        interfaces: [
          { name: 'lan', address: `${LAN}/24`, worker: 0 },
          { name: 'wan', address: '192.0.2.1/24', worker: 1 },
        ],
      });
      const several = Array.from({ length: 60 }, (_, id) => datagram(100 + id, { id }));
      bench.pushIp('lan', ...several.map((packet) => fragmentsAt(packet, [40])[0]!));
      bench.pushIp('wan', ...several.map((packet) => fragmentsAt(packet, [40])[1]!));
      bench.run();
      const out = [0, 1, 2].map((worker) => bench.punted(worker).map(({ bytes }) => bytes.subarray(14)));
      for (const own of out) assert.ok(own.length > 0, 'each worker has some of them');
      const id = (packet: Uint8Array): number => packet[4]! * 256 + packet[5]!;
      assert.deepEqual(
        out.flat().sort((a, b) => id(a) - id(b)),
        several,
      );
      const moved = bench.moved();
      assert.ok(moved['ip4-reassembly/handed_over']! > 30, JSON.stringify(moved));
      assert.equal(moved['ip4-reassembly/reassembled'], 60);
      bench.expect({});
    });

    it('drops what a worker that does not keep up has no room for', () => {
      start({ workers: 2, frames: 16_384, ring: 16_384 });
      const several = Array.from({ length: 9000 }, (_, id) => part(0, 8, true, { id }));
      bench.pushIp('lan', ...several);
      for (let i = 0; i < 40; i++) bench.forwarders[0]!.round();
      const moved = bench.moved();
      const busy = moved['ip4-reassembly/worker_busy'] ?? 0;
      assert.ok(busy > 0 && busy < 1000, `${busy} of about 4,500 that a ring of 4,096 had to take`);
      assert.equal(bench.interface('lan').drops, dropsOf(moved));
      bench.run();
      bench.now += 10_000;
      bench.run();
      bench.sent('lan');
      bench.moved();
      bench.expect({});
    });
  });

  it('keeps what was encrypted from what was not', () => {
    start();
    const key = concat(udp(1, 2, pattern(8)));
    give(ip4({ src: HOST, dst: LAN, protocol: 17, mf: true, payload: key }));
    bench.control.interfaces.kind[bench.row('lan')] = 2;
    give(part(16, 3, false));
    bench.control.interfaces.kind[bench.row('lan')] = 1;
    assert.deepEqual(wholes(), []);
    bench.expect({}, 2);
  });
});

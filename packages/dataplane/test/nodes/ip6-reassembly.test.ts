import assert from 'node:assert/strict';
import { LARGE_FRAMES } from '../../src/memory/packet-pool.js';
import type { Bench, BenchOptions } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import { concat, pattern, udp } from '../support/packets.js';
import { extension, fragmentHeader, type Ip6Options, icmp6, icmp6Error, ip6 } from '../support/packets6.js';
import { itRefuses, type Refused } from '../support/refused.js';
import { HOST6, LAN6, site6 } from '../support/site.js';

const packet = (payload: Uint8Array, more: Partial<Ip6Options> = {}): Uint8Array =>
  ip6({ src: HOST6, dst: LAN6, nextHeader: 253, payload, ...more });

/** A fragment with `length` octets from `from` on of a payload of counting octets. */
const part = (from: number, length: number, more: boolean, o: Partial<Ip6Options> = {}, id = 7): Uint8Array =>
  packet(concat(fragmentHeader(o.nextHeader ?? 253, from, more, id), pattern(length, from)), {
    ...o,
    nextHeader: 44,
  });

/** The fragments of a packet without extension headers, of `room` octets each but for the last. */
function cut(whole: Uint8Array, room: number, id = 7): Uint8Array[] {
  const payload = whole.subarray(40);
  return Array.from({ length: Math.ceil(payload.length / room) }, (_, i) => {
    const to = Math.min(payload.length, (i + 1) * room);
    const body = concat(
      fragmentHeader(whole[6]!, i * room, to < payload.length, id),
      payload.subarray(i * room, to),
    );
    const fragment = concat(whole.subarray(0, 40), body);
    fragment.set([body.length >> 8, body.length & 255, 44], 4);
    return fragment;
  });
}

describeNode('ip6-reassembly', () => {
  let bench: Bench;
  const start = (options: Partial<BenchOptions> = {}): void => {
    bench = site6(options);
  };
  afterEach(() => bench.close());

  const give = (...packets: Uint8Array[]): void => {
    bench.pushIp6('lan', ...packets);
    bench.run();
  };
  const wholes = (): Uint8Array[] => bench.punted().map(({ bytes }) => bytes.subarray(14));
  const reassembled = (fragments: number, more: Moved = {}): Moved => ({
    'ip6-reassembly/reassembled': 1,
    'ip6-reassembly/fragments': fragments,
    ...more,
  });

  for (const [size, room] of [
    [17, 8],
    [1600, 808],
    [1700, 856],
    [9000, 1448],
    [65_535, 1448],
  ] as const) {
    it(`puts ${size} octets in pieces of ${room} together, in any order`, () => {
      start();
      const whole = packet(pattern(size));
      const parts = cut(whole, room);
      for (const order of [parts, [...parts].reverse(), [...parts.slice(1), parts[0]!]]) {
        give(...order);
        assert.deepEqual(wholes(), [whole]);
        bench.expect(reassembled(parts.length));
      }
    });
  }

  it('takes the fragment header out from behind others, and looks at the options behind it then', () => {
    start();
    const before = extension(44, Uint8Array.of(0x1e, 2, 1, 1));
    const behind = extension(17, Uint8Array.of(0x1e, 2, 2, 2));
    const upper = concat(behind, udp(1, 2, pattern(40)));
    const pieces = [0, 24].map((from) =>
      packet(
        concat(
          before,
          fragmentHeader(60, from, from === 0),
          from === 0 ? upper.subarray(0, 24) : upper.subarray(24),
        ),
        { nextHeader: 60 },
      ),
    );
    give(...pieces);
    const whole = packet(concat(extension(60, Uint8Array.of(0x1e, 2, 1, 1)), upper), { nextHeader: 60 });
    assert.deepEqual(wholes(), [whole]);
    bench.expect(reassembled(2));
  });

  it('answers an echo request of 20,000 octets', () => {
    start();
    const echo = (type: number, src: string, dst: string): Uint8Array =>
      icmp6({ src, dst, type, body: pattern(20_000) });
    const request = cut(echo(128, HOST6, LAN6), 1448);
    give(...request);
    const replies = bench.sentIp6('lan');
    assert.equal(replies.length, request.length);
    bench.expect(
      reassembled(request.length, {
        'ip6-icmp-echo/replies': 1,
        'ip6-rewrite/own_too_big': 1,
        'ip6-frag/fragments': replies.length,
      }),
    );
  });

  it('goes by source, destination and identification, not by what next header a later fragment has', () => {
    start();
    give(part(0, 16, true), part(0, 16, true, {}, 8), part(0, 16, true, { src: '2001:db8:1::77' }));
    give(part(16, 3, false, { nextHeader: 6 }));
    assert.deepEqual(wholes(), [packet(pattern(19))]);
    bench.expect(reassembled(2), 2);
  });

  it('marks congestion that a fragment has met, in the traffic class', () => {
    start();
    const marked = (ecn: number): Partial<Ip6Options> => ({ trafficClass: 0xb8 | ecn });
    give(part(0, 16, true, marked(2)), part(16, 3, false, marked(3)));
    assert.deepEqual(wholes(), [packet(pattern(19), marked(3))]);
    bench.expect(reassembled(2));
    give(part(0, 16, true, marked(0)), part(16, 3, false, marked(3)));
    bench.expect({ 'ip6-reassembly/congested': 2 });
  });

  const tcp = { nextHeader: 6 };
  const refused: Refused[] = [
    ['two that overlap (RFC 5722)', [part(0, 24, true), part(16, 8, false)], { 'ip6-reassembly/overlap': 2 }],
    [
      'what comes of a packet after it was refused',
      [part(0, 24, true), part(16, 24, true), part(40, 8, false)],
      { 'ip6-reassembly/overlap': 3 },
    ],
    ['two ends', [part(16, 8, false), part(24, 8, false)], { 'ip6-reassembly/bad_end': 2 }],
    ['no octet', [part(16, 0, false)], { 'ip6-reassembly/empty': 1 }],
    ['half a TCP header (RFC 7112)', [part(0, 16, true, tcp)], { 'ip6-reassembly/tiny_fragment': 1 }],
    [
      'a UDP header behind options that is not there',
      [packet(concat(fragmentHeader(60, 0, true), extension(17, pattern(6).fill(0))), { nextHeader: 44 })],
      { 'ip6-reassembly/tiny_fragment': 1 },
    ],
    [
      'options of the first fragment that make the packet too long in the end',
      [
        packet(concat(extension(44, pattern(6).fill(0)), fragmentHeader(253, 0, true, 7), pattern(16)), {
          nextHeader: 60,
        }),
        ...cut(packet(pattern(65_535)), 1448).slice(1),
        part(16, 1432, true),
      ],
      { 'ip6-reassembly/bad_end': 47 },
    ],
  ];
  itRefuses(refused, ['lan'], (...packets) => {
    start();
    give(...packets);
    return bench;
  });

  it('answers a length that is no multiple of 8, at the payload length', () => {
    start();
    const wrong = part(0, 23, true);
    give(wrong);
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, wrong, 4, 0, 4)]);
    bench.expect({ 'ip6-reassembly/bad_length': 1, 'ip6-icmp-error/sent': 1 });
  });

  it('answers an end beyond 65,535 octets (ping of death), at the fragment offset', () => {
    start();
    const wrong = part(65_528, 8, false);
    give(wrong);
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, wrong, 4, 0, 42)]);
    bench.expect({ 'ip6-reassembly/too_long': 1, 'ip6-icmp-error/sent': 1 });
  });

  it('drops an exact duplicate', () => {
    start();
    give(part(0, 16, true), part(0, 16, true), part(16, 3, false));
    assert.deepEqual(wholes(), [packet(pattern(19))]);
    bench.expect(reassembled(2, { 'ip6-reassembly/duplicate': 1 }));
  });

  it('ends its wait, and tells the sender when the first fragment came', () => {
    start();
    const first = part(0, 24, true);
    give(part(32, 8, true), first, part(16, 8, true, {}, 9));
    bench.expect({}, 3);
    bench.now += 10_000;
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [icmp6Error(LAN6, first, 3, 1)]);
    bench.expect({
      'ip6-reassembly/time_exceeded': 1,
      'ip6-reassembly/timeout': 2,
      'ip6-icmp-error/sent': 1,
    });
  });

  it('has limits: fragments, datagrams, frames, large frames', () => {
    start({ reassembly: { fragments: 3, datagrams: 8, frames: 8 } });
    give(...[0, 8, 16, 24].map((at) => part(at, 8, true)));
    bench.expect({ 'ip6-reassembly/too_many_fragments': 4 });
    give(...[11, 12, 13, 14].map((id) => part(0, 8, true, {}, id)));
    bench.expect({}, 3 + 1);
    give(part(0, 8, true, {}, 15));
    bench.expect({ 'ip6-reassembly/too_many_datagrams': 1 }, 4);
    give(part(8, 8, true, {}, 15));
    bench.expect({ 'ip6-reassembly/too_many_frames': 1 }, 4);
    bench.close();
    start();
    const taken = Array.from({ length: LARGE_FRAMES }, () => bench.pool.allocLarge());
    give(...cut(packet(pattern(4000)), 1448));
    for (const frame of taken) bench.pool.free(frame);
    bench.expect({ 'ip6-reassembly/no_large_frame': 3 });
  });

  it('hands fragments to the worker that puts their packet together, as long as its ring has room', () => {
    start({ workers: 2, frames: 16_384, ring: 16_384 });
    const several = Array.from({ length: 40 }, (_, id) => packet(pattern(100 + id)));
    give(...several.flatMap((whole, id) => cut(whole, 64, id)));
    const out = [0, 1].flatMap((worker) => bench.punted(worker).map(({ bytes }) => bytes.subarray(14)));
    assert.deepEqual(
      out.sort((a, b) => a.length - b.length),
      several,
    );
    const moved = bench.moved();
    assert.ok(moved['ip6-reassembly/handed_over']! > 10);
    bench.pushIp6('lan', ...Array.from({ length: 9000 }, (_, id) => part(0, 8, true, {}, id)));
    for (let i = 0; i < 40; i++) bench.forwarders[0]!.round();
    assert.ok(bench.moved()['ip6-reassembly/worker_busy']! > 0);
    bench.run();
    bench.now += 10_000;
    bench.run();
    bench.sent('lan');
    bench.moved();
    bench.expect({});
  });
});

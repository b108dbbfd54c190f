import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espOpen } from '../support/esp.js';
import { concat, forwarded, type Ip4Options, ip4, pattern, reassemble, viewOf } from '../support/packets.js';
import { FAR, HOST, REMOTE_HOST, SPI_OUT, saOf, site, siteWithTunnel } from '../support/site.js';

const narrow = (mtu: number): Bench =>
  site({
    ring: 2048,
    interfaces: [
      { name: 'lan', address: '10.1.0.1/24' },
      { name: 'wan', address: '192.0.2.1/24', mtu },
    ],
  });

describeNode('ip4-frag', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  const fragment = (options: Partial<Ip4Options>): Uint8Array =>
    forwarded(ip4({ src: HOST, dst: FAR, ...options }));

  it('cuts at multiples of 8 octets, and writes every octet of each fragment', () => {
    bench = narrow(100);
    const payload = pattern(200);
    bench.pushIp('lan', ip4({ src: HOST, dst: FAR, tos: 0xb9, payload }));
    bench.run();
    const part = (from: number, to: number, mf: boolean): Uint8Array =>
      fragment({ tos: 0xb9, fragmentOffset: from, mf, payload: payload.subarray(from, to) });
    assert.deepEqual(bench.sentIp('wan'), [part(0, 80, true), part(80, 160, true), part(160, 200, false)]);
    bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 3 });
  });

  for (const mtu of [68, 69, 75, 76, 99, 576, 1000, 1279, 1280, 1499]) {
    it(`fragments for an MTU of ${mtu} reassemble to the packet, whatever its length`, () => {
      bench = narrow(mtu);
      for (let size = mtu - 19; size <= 1480; size += 131) {
        const packet = ip4({ src: HOST, dst: FAR, id: size, payload: pattern(size, 7) });
        bench.pushIp('lan', packet);
        bench.run();
        const parts = bench.sentIp('wan');
        for (const part of parts) assert.ok(part.length <= mtu, `${part.length} octets`);
        assert.equal(parts.length, Math.ceil(size / ((mtu - 20) & ~7)), 'no more fragments than needed');
        assert.deepEqual(reassemble(parts), forwarded(packet));
        bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': parts.length });
      }
    });
  }

  const origins: [string, number, boolean][] = [
    ['the first', 0, true],
    ['one in the middle', 1600, true],
    ['the last', 1600, false],
    ['the last at the highest offset', 65_512, false],
  ];
  for (const [what, fragmentOffset, mf] of origins) {
    it(`cuts a packet that is itself a fragment: ${what}`, () => {
      bench = narrow(68);
      const length = fragmentOffset === 65_512 ? 23 : 1000;
      const payload = pattern(length);
      bench.control.adjacencies.setMtu(1, 68);
      const mtu = fragmentOffset === 65_512 ? 36 : 68;
      for (let row = 1; row <= bench.control.adjacencies.used; row++)
        bench.control.adjacencies.setMtu(row, mtu);
      bench.pushIp('lan', ip4({ src: HOST, dst: FAR, fragmentOffset, mf, payload }));
      bench.run();
      const parts = bench.sentIp('wan');
      const room = (mtu - 20) & ~7;
      const expected = Array.from({ length: Math.ceil(length / room) }, (_, i) =>
        fragment({
          fragmentOffset: fragmentOffset + i * room,
          mf: mf || (i + 1) * room < length,
          payload: payload.subarray(i * room, (i + 1) * room),
        }),
      );
      assert.deepEqual(parts, expected);
      bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': expected.length });
    });
  }

  it('refuses a fragment whose datagram would be too long, whose offsets would run into the flags', () => {
    bench = narrow(576);
    bench.pushIp('lan', ip4({ src: HOST, dst: FAR, fragmentOffset: 65_528, payload: pattern(800) }));
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/bad_offset': 1 });
  });

  // Record route (7) is in the first fragment only, security (130) in all of them (RFC 791 section 3.1).
  const recordRoute = Uint8Array.of(7, 7, 4, 0, 0, 0, 0);
  const security = Uint8Array.of(130, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  const optionCases: [string, Uint8Array, Uint8Array][] = [
    ['none is copied', concat(recordRoute, Uint8Array.of(1)), new Uint8Array()],
    ['all are copied', concat(security, Uint8Array.of(0)), concat(security, Uint8Array.of(0))],
    [
      'the copied one stands between others',
      concat(recordRoute, security, Uint8Array.of(1, 1)),
      concat(security, Uint8Array.of(0)),
    ],
    ['nothing behind the end of options', concat(Uint8Array.of(0), security), new Uint8Array()],
    ['one that runs over the end', Uint8Array.of(1, 1, 130, 11), new Uint8Array()],
    ['one with a length of 0', Uint8Array.of(130, 0, 0, 0), Uint8Array.of(130, 0, 0, 0)],
  ];
  for (const [what, options, copied] of optionCases) {
    it(`copies options: ${what}`, () => {
      bench = narrow(100);
      const payload = pattern(120);
      bench.pushIp('lan', ip4({ src: HOST, dst: FAR, options, payload }));
      bench.run();
      const room = (100 - 20 - options.length) & ~7;
      const expected = [fragment({ options, mf: true, payload: payload.subarray(0, room) })];
      for (let at = room; at < 120; at += room) {
        const mf = at + room < 120;
        const part = payload.subarray(at, at + room);
        expected.push(fragment({ options: copied, fragmentOffset: at, mf, payload: part }));
      }
      assert.deepEqual(bench.sentIp('wan'), expected);
      bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': expected.length });
    });
  }

  it('seals each fragment by itself when the tunnel is the way', () => {
    bench = siteWithTunnel();
    const packet = ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(1480) });
    bench.pushIp('lan', packet);
    bench.run();
    const inner = bench.sentIp('wan').map((outer) => espOpen(saOf(SPI_OUT), outer.subarray(20)).inner);
    assert.equal(inner.length, 2);
    assert.ok(inner.every((part) => part.length <= 1400));
    assert.deepEqual(reassemble(inner), forwarded(packet));
    bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 });
  });

  for (const [size, mtu] of [
    [2000, 1500],
    [9000, 1500],
    [9000, 68],
    [65_515, 1500],
    [65_515, 576],
    [65_515, 68],
  ] as const) {
    it(`cuts a large frame with ${size} octets for an MTU of ${mtu} into frames of the usual size`, () => {
      bench = narrow(mtu);
      const packet = ip4({ src: HOST, dst: FAR, payload: pattern(size) });
      bench.pushIp('lan', packet);
      bench.run();
      const parts = bench.sentIp('wan');
      assert.deepEqual(reassemble(parts), forwarded(packet));
      assert.equal(parts.length, Math.ceil(size / ((mtu - 20) & ~7)), 'no more fragments than needed');
      bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': parts.length });
    });
  }

  it('cuts a large frame that is itself a fragment with options', () => {
    bench = narrow(1500);
    const packet = ip4({
      src: HOST,
      dst: FAR,
      mf: true,
      fragmentOffset: 16_000,
      options: concat(recordRoute, Uint8Array.of(1)),
      payload: pattern(4000),
    });
    bench.pushIp('lan', packet);
    bench.run();
    const parts = bench.sentIp('wan');
    assert.deepEqual(
      parts.map((part) => [part.length, viewOf(part).getUint16(6)]),
      [
        [1500, 0x2000 | 2000],
        [1492, 0x2000 | 2184],
        [1076, 0x2000 | 2368],
      ],
    );
    assert.deepEqual(concat(...parts.map((part) => part.subarray((part[0]! & 15) * 4))), pattern(4000));
    bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 3 });
  });

  it('drops the packet when the pool has too few frames, and none of them is lost', () => {
    bench = narrow(100);
    const packet = ip4({ src: HOST, dst: FAR, payload: pattern(500) });
    bench.pushIp('lan', packet);
    const hoard: number[] = [];
    for (let frame = bench.pool.alloc(); frame >= 0; frame = bench.pool.alloc()) hoard.push(frame);
    for (const frame of hoard.splice(0, 3)) bench.pool.free(frame);
    bench.pool.drain();
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    for (const frame of hoard) bench.pool.free(frame);
    bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/no_frames': 1 });
  });

  const tooSmall: [number, number, number][] = [
    [27, 0, 40],
    [67, 40, 40],
    [20, 0, 40],
    [0, 0, 40],
    [28, 0, 17_000],
  ];
  for (const [mtu, options, payload] of tooSmall) {
    it(`drops what an MTU of ${mtu} has no room for: a header of ${20 + options} and ${payload} octets`, () => {
      bench = narrow(1500);
      for (let row = 1; row <= bench.control.adjacencies.used; row++)
        bench.control.adjacencies.setMtu(row, mtu);
      const packet = ip4({
        src: HOST,
        dst: FAR,
        options: new Uint8Array(options),
        payload: pattern(payload),
      });
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect({ 'ip4-rewrite/too_big': 1, 'ip4-frag/mtu_too_small': 1 });
    });
  }

  for (const [what, worker, counter] of [
    ["the port's queue", 0, 'interface-output/tx_queue_full'],
    ['the vector of its next node', 1, 'overflow'],
  ] as const) {
    it(`counts what finds ${what} full`, () => {
      // 256 packets of 32 fragments are 8,192: twice what either holds.
      const packets = Array.from({ length: 256 }, (_, id) =>
        ip4({ src: HOST, dst: FAR, id, payload: pattern(32 * 48) }),
      );
      bench = site({
        workers: 2,
        frames: 16_384,
        ring: 8192,
        interfaces: [
          { name: 'lan', address: '10.1.0.1/24' },
          { name: 'wan', address: '192.0.2.1/24', mtu: 68, worker },
        ],
      });
      bench.pushIp('lan', ...packets);
      bench.run();
      const out = bench.sentIp('wan');
      assert.equal(out.length, 4096);
      assert.deepEqual(reassemble(out.slice(0, 32)), forwarded(packets[0]!));
      assert.equal(viewOf(out[4095]!).getUint16(4), 127, 'the first 128 packets, whole');
      assert.equal(bench.interface('wan').txPackets, 4096);
      assert.equal(bench.interface('wan').txBytes, 4096 * (68 + 14));
      bench.expect({ 'ip4-rewrite/too_big': 256, 'ip4-frag/fragments': 8192, [counter]: 4096 });
    });
  }
});

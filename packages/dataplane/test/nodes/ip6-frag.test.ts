import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { ethernet, pattern, viewOf } from '../support/packets.js';
import { icmp6, reassemble6 } from '../support/packets6.js';
import { HOST_MAC, HOST6, LAN6, site6, WAN6 } from '../support/site.js';

describeNode('ip6-frag', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  const withMtu = (mtu: number, more = {}): Bench =>
    site6({
      ...more,
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24', address6: `${LAN6}/64`, mtu },
        { name: 'wan', address: '192.0.2.1/24', address6: `${WAN6}/64` },
      ],
    });
  /** Echoes: the one packet that the box itself makes as large as it is asked to. */
  const echo = (type: number, size: number, more = {}): Uint8Array =>
    icmp6({
      src: type === 128 ? HOST6 : LAN6,
      dst: type === 128 ? LAN6 : HOST6,
      type,
      body: pattern(size - 48, size),
      ...more,
    });

  for (const [mtu, size, count] of [
    [1280, 1281, 2],
    [1280, 1780, 2],
    [1500, 1501, 2],
    [1500, 1504, 2],
    [1281, 1700, 2],
    [1287, 1700, 2],
    [600, 1701, 4],
  ] as const) {
    it(`cuts ${size} octets into ${count} for an MTU of ${mtu}`, () => {
      bench = withMtu(mtu);
      bench.pushIp6('lan', echo(128, size, { trafficClass: 0x28 }));
      bench.run();
      const frames = bench.sent('lan');
      assert.equal(frames.length, count);
      const packets = frames.map((frame) => {
        assert.deepEqual(
          frame.subarray(0, 14),
          ethernet(HOST_MAC, bench.mac('lan'), 0x86dd, new Uint8Array()),
        );
        const packet = frame.subarray(14);
        assert.ok(packet.length <= mtu);
        assert.equal(packet.length, 40 + viewOf(packet).getUint16(4));
        return packet;
      });
      // All but the last are as large as they can be.
      for (const packet of packets.slice(0, -1)) assert.equal(packet.length, 48 + ((mtu - 48) & ~7));
      assert.equal(packets[0]![41], 0, 'reserved');
      assert.deepEqual(reassemble6(packets), echo(129, size, { trafficClass: 0x28 }));
      bench.expect({
        'ip6-icmp-echo/replies': 1,
        'ip6-rewrite/own_too_big': 1,
        'ip6-frag/fragments': count,
      });
    });
  }

  it('gives each packet another identification, which the one before does not tell', () => {
    bench = withMtu(1280);
    bench.pushIp6('lan', ...Array.from({ length: 200 }, (_, i) => echo(128, 1300 + i)));
    bench.run();
    const ids = bench.sentIp6('lan').map((packet) => viewOf(packet).getUint32(44));
    const each = ids.filter((_, i) => i % 2 === 0);
    assert.deepEqual(
      each,
      ids.filter((_, i) => i % 2 === 1),
    );
    assert.equal(new Set(each).size, 200);
    const steps = new Set(each.slice(1).map((id, i) => id - each[i]!));
    assert.ok(steps.size > 190, 'the distance is another each time');
    bench.expect({
      'ip6-icmp-echo/replies': 200,
      'ip6-rewrite/own_too_big': 200,
      'ip6-frag/fragments': 400,
    });
  });

  for (const mtu of [40, 48, 55]) {
    it(`drops what leaves no room for a fragment: MTU ${mtu}`, () => {
      bench = withMtu(mtu);
      bench.pushIp6('lan', echo(128, 100));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({
        'ip6-icmp-echo/replies': 1,
        'ip6-rewrite/own_too_big': 1,
        'ip6-frag/mtu_too_small': 1,
      });
    });
  }

  it('drops what would make more fragments than any packet has', () => {
    bench = withMtu(56);
    bench.pushIp6('lan', echo(128, 40 + 8 * 65));
    bench.run();
    bench.expect({
      'ip6-icmp-echo/replies': 1,
      'ip6-rewrite/own_too_big': 1,
      'ip6-frag/mtu_too_small': 1,
    });
  });

  it('drops a packet whole when the pool has no frames for its fragments', () => {
    bench = withMtu(1280);
    bench.pushIp6('lan', echo(128, 1300));
    const taken: number[] = [];
    for (let frame = bench.pool.alloc(); frame >= 0; frame = bench.pool.alloc()) taken.push(frame);
    bench.run();
    for (const frame of taken) bench.pool.free(frame);
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'ip6-icmp-echo/replies': 1, 'ip6-rewrite/own_too_big': 1, 'ip6-frag/no_frames': 1 });
  });
});

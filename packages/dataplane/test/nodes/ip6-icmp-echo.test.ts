import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { concat, ethernet, hex, pattern } from '../support/packets.js';
import { icmp6 } from '../support/packets6.js';
import { FAR6, HOST_MAC, HOST6, LAN6, ROUTER_MAC, site6, WAN6 } from '../support/site.js';

describeNode('ip6-icmp-echo', () => {
  let bench: Bench;
  before(() => {
    bench = site6();
  });
  after(() => bench.close());

  const echo = (type: number, src: string, dst: string, more = {}): Uint8Array =>
    icmp6({ src, dst, type, word: 0x12340007, ...more });

  for (const size of [0, 1, 2, 55, 56, 1231, 1232, 1452]) {
    it(`answers ${size} octets with the same`, () => {
      const body = pattern(size, 7);
      bench.push(
        'lan',
        ethernet(bench.mac('lan'), HOST_MAC, 0x86dd, concat(echo(128, HOST6, LAN6, { body }), pattern(3))),
      );
      bench.run();
      const reply = echo(129, LAN6, HOST6, { body });
      assert.deepEqual(bench.sent('lan'), [ethernet(HOST_MAC, bench.mac('lan'), 0x86dd, reply)]);
      bench.expect({ 'ip6-icmp-echo/replies': 1 });
    });
  }

  it('keeps the traffic class, has a flow label and a hop limit of its own', () => {
    bench.pushIp6('lan', echo(128, HOST6, LAN6, { trafficClass: 0xb9, flowLabel: 0xabcde, hopLimit: 1 }));
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [echo(129, LAN6, HOST6, { trafficClass: 0xb9 })]);
    bench.expect({ 'ip6-icmp-echo/replies': 1 });
  });

  it('answers for any of its addresses, to wherever the asker is', () => {
    bench.pushIp6('lan', echo(128, HOST6, WAN6));
    bench.pushIp6('wan', echo(128, FAR6, LAN6));
    bench.run();
    assert.deepEqual(bench.sentIp6('lan'), [echo(129, WAN6, HOST6)]);
    assert.deepEqual(bench.sent('wan'), [
      ethernet(ROUTER_MAC, bench.mac('wan'), 0x86dd, echo(129, LAN6, FAR6)),
    ]);
    bench.expect({ 'ip6-icmp-echo/replies': 2 });
  });

  it('leaves the right checksum whatever the sum was', () => {
    for (let first = 0; first < 0x10000; first += 0x1100) {
      const bodies = Array.from({ length: 256 }, (_, i) => Uint8Array.of(first >> 8, i));
      bench.pushIp6('lan', ...bodies.map((body) => echo(128, HOST6, LAN6, { body })));
      bench.run();
      const replies = bodies.map((body) => echo(129, LAN6, HOST6, { body }));
      assert.deepEqual(bench.sentIp6('lan').map(hex), replies.map(hex));
      bench.expect({ 'ip6-icmp-echo/replies': 256 });
    }
  });

  for (const [what, checksum] of [
    ['none', 0],
    ['a wrong one', 0x1234],
  ] as const) {
    it(`drops a request whose checksum is ${what}`, () => {
      bench.pushIp6('lan', echo(128, HOST6, LAN6, { checksum, body: pattern(8) }));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'ip6-icmp-echo/bad_checksum': 1 });
    });
  }

  it('drops a request of another destination: the checksum covers it', () => {
    const request = echo(128, HOST6, LAN6);
    bench.pushIp6(
      'wan',
      concat(request.subarray(0, 24), echo(128, HOST6, WAN6).subarray(24, 40), request.subarray(40)),
    );
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'ip6-icmp-echo/bad_checksum': 1 });
  });
});

import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import {
  ethernet,
  forwarded,
  icmp,
  ip4,
  pattern,
  reassemble,
  slowChecksum,
  viewOf,
} from '../support/packets.js';
import { FAR, HOST, HOST_MAC, LAN, ROUTER, site, WAN } from '../support/site.js';

describeNode('ip4-icmp-echo', () => {
  let bench: Bench;
  before(() => {
    bench = site();
  });
  after(() => bench.close());

  const request = (payload: Uint8Array, word = 0x00070001): Uint8Array =>
    ip4({ src: HOST, dst: LAN, protocol: 1, tos: 0x28, ttl: 3, payload: icmp(8, 0, word, payload) });
  const reply = (payload: Uint8Array, word = 0x00070001): Uint8Array =>
    ip4({ src: LAN, dst: HOST, protocol: 1, tos: 0x28, ttl: 64, payload: icmp(0, 0, word, payload) });

  for (const size of [0, 1, 2, 3, 55, 56, 57, 1471, 1472]) {
    it(`answers ${size} octets, header and checksum as computed elsewhere`, () => {
      bench.pushIp('lan', request(pattern(size)));
      bench.run();
      const frame = ethernet(HOST_MAC, bench.mac('lan'), 0x0800, reply(pattern(size)));
      assert.deepEqual(bench.sent('lan'), [frame]);
      bench.expect({ 'ip4-icmp-echo/replies': 1 });
    });
  }

  it('has a checksum that verifies for every one that a request can have', () => {
    for (let word = 0; word <= 0xffff; word += 5) {
      bench.pushIp('lan', request(new Uint8Array(), word));
      if (word % 1275 === 0 || word > 0xfff0) {
        bench.run();
        for (const out of bench.sentIp('lan')) {
          assert.equal(slowChecksum(out.subarray(20)), 0);
          const message = out.slice(20);
          viewOf(message).setUint16(2, 0);
          const got = viewOf(out).getUint16(22);
          assert.equal(got % 0xffff, slowChecksum(message) % 0xffff, 'one zero is as good as the other');
        }
      }
    }
    bench.run();
    bench.sent('lan');
    assert.deepEqual(Object.keys(bench.moved()), ['ip4-icmp-echo/replies']);
  });

  it('answers a message of zeros with one whose checksum verifies (RFC 1624 section 3)', () => {
    bench.pushIp('lan', request(new Uint8Array(20), 0));
    bench.run();
    const [out] = bench.sentIp('lan');
    // A receiver sums the message with its checksum: the sum must be all ones, and zeros are not.
    assert.equal(viewOf(out!).getUint16(22), 0xffff);
    assert.equal(slowChecksum(out!.subarray(20)), 0);
    bench.expect({ 'ip4-icmp-echo/replies': 1 });
  });

  it('answers by any of its addresses, through any interface', () => {
    const packet = ip4({ src: FAR, dst: LAN, protocol: 1, payload: icmp(8, 0, 1, pattern(4)) });
    bench.pushIp('wan', packet);
    bench.run();
    const expected = ip4({ src: LAN, dst: FAR, protocol: 1, payload: icmp(0, 0, 1, pattern(4)) });
    assert.deepEqual(bench.sentIp('wan'), [expected]);
    bench.expect({ 'ip4-icmp-echo/replies': 1 });
  });

  it('clears DF, keeps options', () => {
    const options = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0);
    const message = icmp(8, 0, 1, pattern(4));
    bench.pushIp('lan', ip4({ src: HOST, dst: LAN, protocol: 1, df: true, options, payload: message }));
    bench.run();
    const answer = icmp(0, 0, 1, pattern(4));
    assert.deepEqual(bench.sentIp('lan'), [
      ip4({ src: LAN, dst: HOST, protocol: 1, options, payload: answer }),
    ]);
    bench.expect({ 'ip4-icmp-echo/replies': 1 });
  });

  it('fragments a reply that is larger than the way back', () => {
    const small = site({
      interfaces: [
        { name: 'lan', address: `${LAN}/24`, mtu: 576 },
        { name: 'wan', address: `${WAN}/24` },
      ],
    });
    try {
      small.pushIp('lan', request(pattern(1400)));
      small.run();
      assert.deepEqual(reassemble(small.sentIp('lan')), reply(pattern(1400)));
      small.expect({ 'ip4-icmp-echo/replies': 1, 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 3 });
    } finally {
      small.close();
    }
  });

  for (const [what, at] of [
    ['its payload', 40],
    ['its checksum', 22],
    ['its code', 21],
  ] as const) {
    it(`drops a request with a flipped bit in ${what}`, () => {
      const packet = request(pattern(31));
      packet[at]! ^= 0x10;
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'ip4-icmp-echo/bad_checksum': 1 });
    });
  }

  it('forwards a request for somebody else', () => {
    const packet = ip4({ src: HOST, dst: ROUTER, protocol: 1, payload: icmp(8, 0, 1, pattern(4)) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
    bench.expect({});
  });
});

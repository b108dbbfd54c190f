import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { concat, fixChecksum, forwarded, ip4, pattern, udp, viewOf } from '../support/packets.js';
import { FAR, HOST, site } from '../support/site.js';

describeNode('ip4-input', () => {
  let bench: Bench;
  before(() => {
    bench = site();
  });
  after(() => bench.close());

  const good = { src: HOST, dst: FAR, payload: pattern(60) };

  const accepted: [string, Uint8Array][] = [
    ['a plain packet', ip4(good)],
    ['a bare header', ip4({ src: HOST, dst: FAR })],
    ['an odd length', ip4({ ...good, payload: pattern(61) })],
    ['40 octets of options', ip4({ ...good, options: new Uint8Array(40).fill(1) })],
    ['an option whose length is a lie', ip4({ ...good, options: Uint8Array.of(68, 0, 0, 0) })],
    ['an option that runs over the end', ip4({ ...good, options: Uint8Array.of(1, 1, 68, 40) })],
    ['a source route behind the end of options', ip4({ ...good, options: Uint8Array.of(0, 131, 3, 4) })],
    ['a source of class A at its edges', ip4({ ...good, src: '126.255.255.255' })],
    ['the highest unicast source', ip4({ ...good, src: '223.255.255.255' })],
  ];
  for (const [what, packet] of accepted) {
    it(`accepts ${what}`, () => {
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
      bench.expect({});
    });
  }

  it('cuts off what the link added behind the packet', () => {
    const packet = ip4({ ...good, payload: pattern(5) });
    bench.pushIp('lan', concat(packet, new Uint8Array(21).fill(0xee)));
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
    bench.expect({});
  });

  const flipped = (bit: number): Uint8Array => {
    const packet = ip4(good);
    packet[bit >> 3]! ^= 1 << (bit & 7);
    return packet;
  };
  const refused: [string, Uint8Array, string][] = [
    ['19 octets', ip4(good).subarray(0, 19), 'truncated'],
    ['IP version 6', ip4({ ...good, version: 6 }), 'bad_version'],
    ['IP version 0', ip4({ ...good, version: 0 }), 'bad_version'],
    ['a header of 16 octets', ip4({ ...good, headerWords: 4 }), 'bad_header_length'],
    ['a header of 0 octets', ip4({ ...good, headerWords: 0 }), 'bad_header_length'],
    [
      'a header longer than the packet',
      ip4({ src: HOST, dst: FAR, payload: pattern(8), headerWords: 8 }),
      'bad_header_length',
    ],
    ['a total length under the header', ip4({ ...good, totalLength: 19 }), 'bad_total_length'],
    ['a total length of 0', ip4({ ...good, totalLength: 0 }), 'bad_total_length'],
    ['a total length over the frame by one', ip4({ ...good, totalLength: 81 }), 'bad_total_length'],
    ['a packet cut short by one', ip4(good).subarray(0, 79), 'bad_total_length'],
    ['a checksum of 0', ip4({ ...good, checksum: 0 }), 'bad_checksum'],
    ['a flipped bit in the TTL', flipped(8 * 8), 'bad_checksum'],
    ['a flipped bit in the destination', flipped(19 * 8 + 7), 'bad_checksum'],
    ['a loopback source', ip4({ ...good, src: '127.0.0.1' }), 'martian_source'],
    ['a group as source', ip4({ ...good, src: '224.0.0.1' }), 'martian_source'],
    ['a broadcast source', ip4({ ...good, src: '255.255.255.255' }), 'martian_source'],
    ['a source of class E', ip4({ ...good, src: '240.0.0.1' }), 'martian_source'],
    ['a source without address to one host', ip4({ ...good, src: '0.0.0.0' }), 'martian_source'],
    ['a loopback destination', ip4({ ...good, dst: '127.8.9.10' }), 'martian_destination'],
    ['a zero destination', ip4({ ...good, dst: '0.0.0.0' }), 'martian_destination'],
    [
      'a loose source route',
      ip4({ ...good, options: Uint8Array.of(131, 7, 4, 1, 2, 3, 4, 0) }),
      'source_route',
    ],
    [
      'a strict source route behind others',
      ip4({ ...good, options: Uint8Array.of(1, 7, 3, 4, 137, 3, 4, 0) }),
      'source_route',
    ],
  ];
  for (const [what, packet, counter] of refused) {
    it(`refuses ${what}`, () => {
      bench.pushIp('lan', packet);
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect({ [`ip4-input/${counter}`]: 1 });
    });
  }

  it('lets a DHCP client without address speak to everyone', () => {
    const discover = ip4({
      src: '0.0.0.0',
      dst: '255.255.255.255',
      protocol: 17,
      payload: udp(68, 67, pattern(9)),
    });
    bench.pushIp('lan', discover);
    bench.run();
    assert.deepEqual(bench.punted(), [
      { interface: bench.row('lan'), bytes: bench.toInterface('lan', discover) },
    ]);
    bench.expect({});
  });

  it('refuses every single-bit error in the header', () => {
    let refusedBits = 0;
    for (let bit = 0; bit < 20 * 8; bit++) {
      bench.pushIp('lan', flipped(bit));
      bench.run();
      refusedBits += Object.entries(bench.moved()).filter(([path]) => path.startsWith('ip4-input/')).length;
    }
    assert.equal(refusedBits, 160);
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({});
  });

  it('sorts a vector of good and bad packets, and keeps the order of the good ones', () => {
    const packets = Array.from({ length: 256 }, (_, i) => {
      const packet = ip4({ ...good, id: i });
      if (i % 3 === 0) viewOf(packet).setUint16(2, 4000);
      return i % 3 === 0 ? fixChecksum(packet) : packet;
    });
    bench.pushIp('lan', ...packets);
    bench.run();
    const expected = packets.filter((_, i) => i % 3 !== 0).map(forwarded);
    assert.deepEqual(bench.sentIp('wan'), expected);
    bench.expect({ 'ip4-input/bad_total_length': 86 });
  });
});

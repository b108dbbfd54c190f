import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { concat, ethernet, pattern } from '../support/packets.js';
import { extension, forwarded6, fragmentHeader, type Ip6Options, ip6 } from '../support/packets6.js';
import { FAR6, HOST_MAC, HOST6, site6 } from '../support/site.js';

describeNode('ip6-input', () => {
  let bench: Bench;
  before(() => {
    bench = site6();
  });
  after(() => bench.close());

  const through = (options: Partial<Ip6Options> = {}): Uint8Array =>
    ip6({ src: HOST6, dst: FAR6, payload: pattern(24), ...options });

  it('forwards what is right, and cuts link padding off', () => {
    const packet = through({ payload: new Uint8Array() });
    bench.push('lan', ethernet(bench.mac('lan'), HOST_MAC, 0x86dd, concat(packet, pattern(6))));
    bench.run();
    assert.deepEqual(bench.sentIp6('wan'), [forwarded6(packet)]);
    bench.expect({});
  });

  it('keeps traffic class and flow label, whatever they are', () => {
    const packets = [0, 1, 0x80, 0xff].map((trafficClass) =>
      through({ trafficClass, flowLabel: 0xf1234 ^ trafficClass }),
    );
    bench.pushIp6('lan', ...packets);
    bench.run();
    assert.deepEqual(bench.sentIp6('wan'), packets.map(forwarded6));
    bench.expect({});
  });

  const options = (next: number, octets = 6): Uint8Array => extension(next, new Uint8Array(octets));
  const times = (count: number): Uint8Array =>
    concat(...Array.from({ length: count }, (_, i) => options(i === count - 1 ? 253 : 60)));
  const chained = (first: number, ...parts: Uint8Array[]): Uint8Array =>
    through({ nextHeader: first, payload: concat(...parts, pattern(8)) });
  const routing = (type: number, segments: number): Uint8Array =>
    Uint8Array.of(253, 2, type, segments, ...new Uint8Array(20));

  const passed: [string, Uint8Array][] = [
    ['hop-by-hop options', chained(0, options(253))],
    ['eight extension headers', chained(60, times(8))],
    ['512 octets of them', chained(60, options(60, 254), options(253, 254))],
    ['a routing header of type 4', chained(43, routing(4, 1))],
    ['a routing header of type 2', chained(43, routing(2, 0))],
    ['a first fragment', chained(44, fragmentHeader(253, 0, true))],
    ['a later fragment, whatever it begins with', chained(44, fragmentHeader(60, 8, true), pattern(9, 255))],
    ['an authentication header', chained(51, Uint8Array.of(253, 4, ...new Uint8Array(22)))],
    ['no next header', through({ nextHeader: 59, payload: new Uint8Array() })],
    ['hop-by-hop options that are not first: the destination answers', chained(60, options(0), options(253))],
  ];
  for (const [what, packet] of passed) {
    it(`forwards ${what}`, () => {
      bench.pushIp6('lan', packet);
      bench.run();
      assert.deepEqual(bench.sentIp6('wan'), [forwarded6(packet)]);
      bench.expect({});
    });
  }

  const refused: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(), 'truncated'],
    ['39 octets', through().subarray(0, 39), 'truncated'],
    ['IP version 4', through({ version: 4 }), 'bad_version'],
    ['IP version 7', through({ version: 7 }), 'bad_version'],
    ['a payload beyond the frame', through({ payloadLength: 25 }), 'bad_payload_length'],
    ['a payload of 65,535 octets', through({ payloadLength: 65_535 }), 'bad_payload_length'],
    [
      'a jumbo payload option',
      through({
        nextHeader: 0,
        payloadLength: 0,
        payload: Uint8Array.of(253, 0, 0xc2, 4, 0, 1, 0, 0, ...pattern(40)),
      }),
      'jumbo',
    ],
    ['a group as source', through({ src: 'ff02::1' }), 'martian_source'],
    ['the loopback address as source', through({ src: '::1' }), 'martian_source'],
    ['an IPv4-mapped source', through({ src: '::ffff:10.1.0.10' }), 'martian_source'],
    ['an IPv4-compatible source', through({ src: '::10.1.0.10' }), 'martian_source'],
    ['no source, to one host', through({ src: '::' }), 'martian_source'],
    ['a loopback source to a group', through({ src: '::1', dst: 'ff02::1' }), 'martian_source'],
    ['the loopback address', through({ dst: '::1' }), 'martian_destination'],
    ['no destination', through({ dst: '::' }), 'martian_destination'],
    ['an IPv4-mapped destination', through({ dst: '::ffff:198.51.100.7' }), 'martian_destination'],
    ['a group inside one node', through({ dst: 'ff01::1' }), 'martian_destination'],
    ['a group of the reserved scope', through({ dst: 'ff10::1' }), 'martian_destination'],
    [
      'an options header cut short',
      through({ nextHeader: 60, payload: options(253).subarray(0, 7) }),
      'chain_truncated',
    ],
    [
      'an options header that says too much',
      through({ nextHeader: 0, payload: Uint8Array.of(253, 1, 1, 4, 0, 0, 0, 0) }),
      'chain_truncated',
    ],
    ['a fragment header cut short', through({ nextHeader: 44, payload: pattern(7) }), 'chain_truncated'],
    [
      'no room for the header that is named',
      through({ nextHeader: 60, payload: options(43) }),
      'chain_truncated',
    ],
    ['nine extension headers', chained(60, times(9)), 'chain_too_long'],
    ['520 octets of them', chained(60, options(60, 254), options(60, 254), options(253)), 'chain_too_long'],
    ['a routing header of type 0', chained(43, routing(0, 1)), 'routing_type_0'],
    ['one that is used up', chained(43, routing(0, 0)), 'routing_type_0'],
    ['one behind options', chained(0, options(60), options(43), routing(0, 2)), 'routing_type_0'],
  ];
  for (const [what, packet, counter] of refused) {
    it(`refuses ${what}`, () => {
      bench.pushIp6('lan', packet);
      bench.run();
      for (const name of ['lan', 'wan']) assert.deepEqual(bench.sent(name), []);
      assert.deepEqual(bench.punted(), []);
      bench.expect({ [`ip6-input/${counter}`]: 1 });
    });
  }

  it('forwards addresses next to the refused ones', () => {
    const packets = ['::1:0:0:1', '::fffe:0:1', '1::', '::1:0:0'].map((src) => through({ src }));
    bench.pushIp6('lan', ...packets);
    bench.run();
    assert.deepEqual(bench.sentIp6('wan'), packets.map(forwarded6));
    bench.expect({});
  });
});

import assert from 'node:assert/strict';
import type { TraceFilter } from '@sluice/shared';
import { describePacket } from '../../src/graph/describe-packet.js';
import type { Tracer, WorkerTraces } from '../../src/graph/tracer.js';
import { PROTOCOL_ICMP } from '../../src/wire/ip4.js';
import type { Bench } from '../support/bench.js';
import { arp, concat, ethernet, hex, icmp, ip4, pattern } from '../support/packets.js';
import { fragmentHeader, icmp6, ip6 } from '../support/packets6.js';
import {
  FAR,
  HOST,
  HOST_MAC,
  HOST6,
  LAN,
  LAN6,
  REMOTE_HOST,
  site,
  siteWithTunnel,
  tunnelTo,
} from '../support/site.js';
import { startTrace } from '../support/trace.js';

const kept = (tracer: Tracer): WorkerTraces[] =>
  tracer.read(
    tracer
      .progress()
      .filter((progress) => progress.kept)
      .map(({ id }) => id),
  );

describe('tracer', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  const to = (dst: string, ttl = 64): Uint8Array => ip4({ src: HOST, dst, ttl, payload: pattern(30) });
  /** Each traced packet's way, as `node>next`. */
  const ways = (worker = 0): string[][] =>
    kept(bench.forwarders[worker]!.tracer).map(({ steps }) =>
      steps.map((step) => `${step.node}>${step.next}`),
    );

  it('follows as many packets as asked for, with what they were at each node', () => {
    bench = site();
    startTrace(bench.forwarders[0]!.tracer, { count: 2 }, -1);
    bench.pushIp('lan', to(FAR), to(FAR), to(FAR));
    bench.run();
    const way = [
      'ethernet-input>ip4-input',
      'ip4-input>ip4-lookup',
      'ip4-lookup>ip4-rewrite',
      'ip4-rewrite>interface-output',
      'interface-output>sent',
    ];
    assert.deepEqual(ways(), [way, way]);
    const [trace] = kept(bench.forwarders[0]!.tracer);
    const [first] = trace!.steps;
    assert.equal(first!.bytes_hex, hex(bench.toInterface('lan', to(FAR))));
    assert.equal(first!.length, 64);
    assert.equal(first!.summary, `${HOST} > ${FAR} protocol 253 ttl 64 length 50`);
    assert.equal(trace!.steps.at(-1)!.summary, `${HOST} > ${FAR} protocol 253 ttl 63 length 50`);
    assert.equal(bench.sent('wan').length, 3);
    bench.expect({});
  });

  it('names the reason of a drop', () => {
    bench = site();
    startTrace(bench.forwarders[0]!.tracer, { count: 9 }, -1);
    const wrong = to(FAR);
    wrong[10]! ^= 1;
    bench.pushIp('lan', wrong);
    bench.run();
    assert.deepEqual(ways(), [['ethernet-input>ip4-input', 'ip4-input>drop: bad_checksum']]);
    bench.expect({ 'ip4-input/bad_checksum': 1 });
  });

  it('keeps only packets that meet a node, or are dropped for a reason', () => {
    bench = site();
    const { tracer } = bench.forwarders[0]!;
    const wrong = to(FAR);
    wrong[10]! ^= 1;
    const traced = (filter: Partial<TraceFilter>, sets = 1): string[] => {
      startTrace(tracer, { count: 3, ...filter }, -1);
      for (let i = 0; i < sets; i++) {
        bench.pushIp('lan', to(FAR), wrong, to(FAR, 1));
        bench.run();
      }
      return kept(tracer).map(({ steps }) => steps.map(({ node }) => node).join(' '));
    };
    assert.deepEqual(traced({ drop: 'bad_checksum' }), ['ethernet-input ip4-input']);
    assert.deepEqual(traced({ drop: 'ip4-input/bad_checksum' }, 9).length, 3, 'as many as asked for');
    assert.deepEqual(traced({ drop: 'ip4-lookup/bad_checksum' }), []);
    const [expired, ...more] = traced({ node: 'ip4-icmp-error' });
    assert.match(expired!, /^ethernet-input ip4-input ip4-lookup ip4-rewrite ip4-icmp-error ip4-lookup /);
    assert.deepEqual(more, []);
    // Few of many are kept: the others give way.
    startTrace(tracer, { count: 1, node: 'ip4-frag' }, -1);
    for (let i = 0; i < 30; i++) {
      for (let k = 0; k < 50; k++) bench.pushIp('lan', to(FAR));
      bench.run();
      bench.sent('wan');
    }
    bench.pushIp('lan', ip4({ src: HOST, dst: FAR, payload: pattern(1600) }));
    bench.run();
    assert.equal(kept(tracer).length, 1);
    bench.sent('wan');
    bench.sent('lan');
    bench.expect({
      'ip4-input/bad_checksum': 12,
      'ip4-rewrite/ttl_expired': 12,
      'ip4-icmp-error/sent': 12,
      'ip4-rewrite/too_big': 1,
      'ip4-frag/fragments': 2,
    });
  });

  it('chooses by interface, prefix and protocol', () => {
    bench = site();
    const { tracer } = bench.forwarders[0]!;
    const push = (): void => {
      bench.pushIp(
        'lan',
        to(FAR),
        ip4({ src: HOST, dst: LAN, protocol: 1, payload: icmp(8, 0, 1, pattern(8)) }),
      );
      bench.pushIp('wan', ip4({ src: FAR, dst: HOST, payload: pattern(8) }));
      bench.push(
        'lan',
        arp({ operation: 1, senderMac: HOST_MAC, senderIp: HOST, targetIp: LAN }),
        pattern(13),
      );
      bench.run();
    };
    const chosen = (filter: TraceFilter, row: number): number => {
      startTrace(tracer, filter, row);
      push();
      return kept(tracer).length;
    };
    assert.equal(chosen({ count: 100 }, -1), 5);
    assert.equal(chosen({ count: 100 }, bench.row('wan')), 1);
    assert.equal(chosen({ count: 100, protocol: PROTOCOL_ICMP }, -1), 1);
    assert.equal(chosen({ count: 100, prefix: '198.51.100.0/24' }, -1), 2);
    assert.equal(chosen({ count: 100, prefix: `${FAR}/32`, protocol: PROTOCOL_ICMP }, -1), 0);
    assert.equal(chosen({ count: 0 }, -1), 0);
  });

  it('follows a packet through encryption on another worker', () => {
    bench = siteWithTunnel({}, { workers: 2, tunnels: [tunnelTo({}, { workerOut: 1 })] });
    for (const { tracer } of bench.forwarders) startTrace(tracer, { count: 1 }, -1);
    bench.pushIp('lan', to(REMOTE_HOST));
    bench.run();
    assert.deepEqual(ways(0)[0]!.slice(-2), ['hand-off>worker 1', 'interface-output>sent']);
    assert.deepEqual(ways(1)[0], [
      'esp-encrypt>ip4-lookup',
      'ip4-lookup>ip4-rewrite',
      'ip4-rewrite>interface-output',
      'hand-off>worker 0',
    ]);
  });

  it('follows each fragment', () => {
    bench = site();
    startTrace(bench.forwarders[0]!.tracer, { count: 1 }, -1);
    bench.pushIp('lan', ip4({ src: HOST, dst: FAR, payload: pattern(1481) }));
    bench.run();
    const steps = ways()[0]!;
    assert.deepEqual(steps.slice(3), [
      'ip4-rewrite>ip4-frag',
      'ip4-frag>interface-output',
      'ip4-frag>interface-output',
      'interface-output>sent',
      'interface-output>sent',
    ]);
  });
});

describe('describePacket', () => {
  let bench: Bench;
  before(() => {
    bench = siteWithTunnel();
  });
  after(() => bench.close());

  const cases: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(), 'empty'],
    ['13 octets', pattern(13), '13 octets'],
    ['an unknown type', ethernet(HOST_MAC, HOST_MAC, 0x88cc, pattern(3)), 'ethertype 0x88cc'],
    [
      'ARP',
      arp({ operation: 1, senderMac: HOST_MAC, senderIp: HOST, targetIp: LAN }),
      `ARP who has ${LAN} from ${HOST}`,
    ],
    [
      'ARP cut short',
      arp({ operation: 1, senderMac: HOST_MAC, senderIp: HOST, targetIp: LAN }).subarray(0, 41),
      'ethertype 0x0806',
    ],
    ['IPv4 cut short', ethernet(HOST_MAC, HOST_MAC, 0x0800, pattern(19)), 'IPv4, cut off at 19 octets'],
    [
      'ESP',
      ethernet(
        HOST_MAC,
        HOST_MAC,
        0x0800,
        ip4({ src: HOST, dst: LAN, protocol: 50, payload: pattern(8, 1) }),
      ),
      `${HOST} > ${LAN} ESP ttl 64 length 28 spi 01020304 seq 84281096`,
    ],
    [
      'ESP cut short',
      ethernet(HOST_MAC, HOST_MAC, 0x0800, ip4({ src: HOST, dst: LAN, protocol: 50, payload: pattern(7) })),
      `${HOST} > ${LAN} ESP ttl 64 length 27`,
    ],
    [
      'a fragment',
      ethernet(
        HOST_MAC,
        HOST_MAC,
        0x0800,
        ip4({ src: HOST, dst: LAN, protocol: 17, df: true, mf: true, fragmentOffset: 16 }),
      ),
      `${HOST} > ${LAN} UDP ttl 64 length 20 DF fragment at 16+`,
    ],
    [
      'a header that says it is longer than all',
      ethernet(HOST_MAC, HOST_MAC, 0x0800, ip4({ src: HOST, dst: LAN, protocol: 50, headerWords: 15 })),
      `${HOST} > ${LAN} ESP ttl 64 length 20`,
    ],
    ['IPv6 cut short', ethernet(HOST_MAC, HOST_MAC, 0x86dd, pattern(39)), 'IPv6, cut off at 39 octets'],
    [
      'ICMPv6',
      ethernet(HOST_MAC, HOST_MAC, 0x86dd, icmp6({ src: HOST6, dst: LAN6, type: 128 })),
      `${HOST6} > ${LAN6} ICMPv6 hop limit 64 length 48`,
    ],
    [
      'ESP behind a fragment header',
      ethernet(
        HOST_MAC,
        HOST_MAC,
        0x86dd,
        ip6({
          src: HOST6,
          dst: LAN6,
          nextHeader: 44,
          payload: concat(fragmentHeader(50, 0, true), pattern(8, 1)),
        }),
      ),
      `${HOST6} > ${LAN6} ESP hop limit 64 length 56 fragment at 0+ spi 01020304 seq 84281096`,
    ],
    [
      'a later fragment of it',
      ethernet(
        HOST_MAC,
        HOST_MAC,
        0x86dd,
        ip6({
          src: HOST6,
          dst: LAN6,
          nextHeader: 44,
          payload: concat(fragmentHeader(50, 64, false), pattern(8, 1)),
        }),
      ),
      `${HOST6} > ${LAN6} ESP hop limit 64 length 56 fragment at 64`,
    ],
  ];
  for (const [what, bytes, expected] of cases) {
    it(`says what is known of ${what}`, () => {
      const frame = bench.frameOf(bytes);
      bench.pool.l3[frame] = 0;
      assert.equal(describePacket(bench.pool, frame), expected);
      bench.pool.free(frame);
    });
  }

  it('describes every cut of every packet', () => {
    for (const [, packet] of cases) describeCuts(concat(packet, pattern(20)));
  });

  function describeCuts(whole: Uint8Array): void {
    for (let length = 0; length <= whole.length; length++) {
      const frame = bench.frameOf(whole.subarray(0, length));
      assert.ok(describePacket(bench.pool, frame).length > 0);
      bench.pool.l3[frame] = bench.pool.offset[frame]!;
      assert.ok(describePacket(bench.pool, frame).length > 0);
      bench.pool.free(frame);
    }
  }
});

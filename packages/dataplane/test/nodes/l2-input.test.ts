import assert from 'node:assert/strict';
import { RECORD_STATION } from '../../src/workers/shared-memory.js';
import { type Bench, testBench } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import { arp, BROADCAST, ethernet, forwarded, ip, ip4, pattern } from '../support/packets.js';
import { FAR, ROUTER, ROUTER_MAC } from '../support/site.js';
import { tagged } from '../support/vlan.js';

const A = '02:00:00:00:0a:01';
const B = '02:00:00:00:0b:01';
const C = '02:00:00:00:0c:01';
const NOBODY = '02:00:00:00:ee:ee';

describeNode('l2-input', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = testBench({
      workers: 2,
      interfaces: [
        { name: 'a', worker: 0 },
        { name: 'b', worker: 1 },
        { name: 'c', mtu: 1400 },
        { name: 'trunk' },
        { name: 'wan', address: '192.0.2.1/24' },
      ],
      vlans: [
        { name: 'v5', parent: 'trunk', vlan: 5 },
        { name: 'a9', parent: 'a', vlan: 9, address: '10.9.0.1/24' },
        { name: 'br6', parent: 'br', vlan: 6, address: '10.6.0.1/24' },
      ],
      bridges: [{ name: 'br', members: ['a', 'b', 'c', 'v5'], address: '10.1.0.1/24' }],
      neighbours: [{ interface: 'wan', address: ROUTER, mac: ROUTER_MAC }],
      routes: [{ prefix: '0.0.0.0/0', via: ROUTER }],
    });
    const { two } = bench.control;
    for (const [member, mac] of [
      ['a', A],
      ['b', B],
      ['c', C],
    ] as const)
      two.learn('br', member, mac);
  });
  afterEach(() => bench.close());

  const data = pattern(60);

  it('sends a frame to the member behind which its destination is, unchanged, on the worker of its port', () => {
    const frame = ethernet(B, A, 0x88b5, data);
    bench.push('a', frame);
    bench.run();
    assert.deepEqual(bench.sent('b'), [frame]);
    for (const other of ['a', 'c', 'trunk', 'wan']) assert.deepEqual(bench.sent(other), []);
    assert.deepEqual(bench.records(), []);
    assert.equal(bench.interface('br').rxPackets, 0, 'the bridge counts what is for the box');
    bench.expect({});
  });

  it("keeps tags that are nobody's, and frames of any protocol", () => {
    const frames = [
      tagged(ethernet(B, A, 0x0800, data), { vid: 77, priority: 9 }),
      tagged(ethernet(B, A, 0x0800, data), { vid: 0, priority: 4 }),
      tagged(ethernet(B, A, 0x0800, data), { vid: 77, type: 0x88a8 }, { vid: 5 }),
      ethernet(B, A, 46, pattern(46)),
    ];
    bench.push('a', ...frames);
    bench.run();
    // Those with a tag pass through one node more.
    assert.deepEqual(new Set(bench.sent('b').map(String)), new Set(frames.map(String)));
    bench.expect({});
  });

  it('gives the box what is for its own address, routed from there, untagged or tagged', () => {
    const packet = ip4({ src: '10.1.0.9', dst: FAR, payload: data });
    bench.push('a', bench.toInterface('br', packet, A));
    bench.push('a', tagged(bench.toInterface('br', packet, A), { vid: 0, priority: 3 }));
    bench.push('trunk', tagged(bench.toInterface('br', packet, NOBODY), { vid: 5, priority: 3 }));
    bench.run();
    assert.deepEqual(
      bench.sentIp('wan'),
      [1, 2, 3].map(() => forwarded(packet)),
    );
    assert.equal(bench.interface('br').rxPackets, 3);
    assert.equal(bench.interface('br').rxBytes, 3 * (14 + packet.length) + 4);
    assert.equal(bench.records().length, 1);
    bench.expect({ 'l2-input/learnt': 1 });
  });

  it('has VLANs of a member apart from the bridge, and VLANs of the bridge', () => {
    const packet = ip4({ src: '10.9.0.9', dst: FAR, payload: data });
    bench.push('a', tagged(bench.toInterface('a9', packet, A), { vid: 9 }));
    bench.push('b', tagged(ethernet(bench.mac('br'), B, 0x0800, packet), { vid: 6 }));
    bench.run();
    // The sub-interface of the bridge has an address of its own on the bench.
    assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
    assert.equal(bench.interface('a9').rxPackets, 1);
    assert.equal(bench.interface('br6').rxPackets, 1);
    bench.expect({ 'ethernet-input/other_host': 1 });
  });

  it('answers ARP of the bridge by the member that asked', () => {
    const request = arp({ operation: 1, senderMac: B, senderIp: '10.1.0.9', targetIp: '10.1.0.1' });
    bench.push('b', request);
    bench.run();
    const reply = arp({
      operation: 2,
      senderMac: bench.mac('br'),
      senderIp: '10.1.0.1',
      targetMac: B,
      targetIp: '10.1.0.9',
      to: B,
    });
    assert.deepEqual(bench.sent('b'), [reply]);
    assert.deepEqual(bench.sent('a'), [request]);
    assert.deepEqual(bench.sent('c'), [request]);
    assert.deepEqual(bench.sent('trunk'), [tagged(request, { vid: 5 })]);
    const [record] = bench.records(1);
    assert.equal(record!.interface, bench.row('br'));
    assert.equal(record!.address, ip('10.1.0.9'));
    bench.expect({ 'arp-input/answered': 1, 'l2-flood/copies': 3 });
  });

  describe('learning', () => {
    const tell = (member: string, mac: string): void => {
      bench.push(member, ethernet(C, mac, 0x88b5, data));
      bench.run();
      bench.sent('c');
    };

    it('tells of an address that is new, once within a short time, and again when nothing came of it', () => {
      tell('a', NOBODY);
      tell('a', NOBODY);
      assert.deepEqual(
        bench.records().map(({ kind, interface: row, mac0, mac2 }) => ({ kind, row, mac0, mac2 })),
        [{ kind: RECORD_STATION, row: bench.row('a'), mac0: 2, mac2: 0xeeee0000 | 0 }],
      );
      bench.expect({ 'l2-input/learnt': 1 });
      bench.now += 60;
      tell('a', NOBODY);
      assert.equal(bench.records().length, 1);
      bench.expect({ 'l2-input/learnt': 1 });
    });

    it('tells of an address that moved', () => {
      tell('a', B);
      assert.equal(bench.records()[0]!.interface, bench.row('a'));
      tell('b', B);
      assert.deepEqual(bench.records(1), []);
      bench.expect({ 'l2-input/learnt': 1 });
    });

    it('sets the flag of an address that is where it was', () => {
      const { macs } = bench.control.two;
      const heardAt = (): number[] => macs.list().map((entry) => entry.heardAt);
      macs.tick(1000);
      assert.deepEqual(heardAt(), [0, 0, 0]);
      tell('b', B);
      macs.tick(2000);
      assert.deepEqual(heardAt(), [0, 2000, 0]);
    });

    it('tells at a bounded rate', () => {
      const frames = Array.from({ length: 300 }, (_, i) =>
        ethernet(C, `02:01:00:00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`, 0x88b5, data),
      );
      bench.push('a', ...frames);
      bench.run();
      bench.sent('c');
      assert.equal(bench.records().length, 256);
      bench.expect({ 'l2-input/learnt': 256, 'l2-input/not_learnt': 44 });
      bench.now += 1000;
      tell('a', NOBODY);
      assert.equal(bench.records().length, 1);
    });
  });

  const refused: [string, string, () => Uint8Array, Moved][] = [
    [
      'the address of its own member',
      'a',
      () => ethernet(A, NOBODY, 0x88b5, data),
      { 'l2-input/same_member': 1 },
    ],
    [
      'a source that is a group',
      'a',
      () => ethernet(B, BROADCAST, 0x88b5, data),
      { 'l2-input/bad_source': 1 },
    ],
    [
      'a source of zeros',
      'a',
      () => ethernet(B, '00:00:00:00:00:00', 0x88b5, data),
      { 'l2-input/bad_source': 1 },
    ],
    [
      'its own address as source',
      'b',
      () => ethernet(B, bench.mac('br'), 0x88b5, data),
      { 'l2-input/own_source': 1 },
    ],
    [
      'spanning tree',
      'a',
      () => ethernet('01:80:c2:00:00:00', A, 38, data),
      { 'l2-input/reserved_group': 1 },
    ],
    ['LLDP', 'a', () => ethernet('01:80:c2:00:00:0e', A, 0x88cc, data), { 'l2-input/reserved_group': 1 }],
    [
      'the last reserved group',
      'a',
      () => ethernet('01:80:c2:00:00:0f', A, 0x88cc, data),
      { 'l2-input/reserved_group': 1 },
    ],
    [
      'a frame larger than the MTU',
      'a',
      () => ethernet(C, A, 0x88b5, pattern(1401)),
      { 'l2-input/too_big': 1 },
    ],
    [
      'a tagged frame larger than the MTU',
      'a',
      () => tagged(ethernet(C, A, 0x88b5, pattern(1401)), { vid: 80 }),
      { 'l2-input/too_big': 1 },
    ],
    ['13 octets', 'a', () => pattern(13), { 'ethernet-input/runt': 1 }],
  ];
  for (const [what, member, frame, moved] of refused) {
    it(`refuses ${what}`, () => {
      bench.push(member, frame());
      bench.run();
      for (const other of ['a', 'b', 'c', 'trunk', 'wan']) assert.deepEqual(bench.sent(other), []);
      bench.records();
      if (what.startsWith('the address')) Object.assign(moved, { 'l2-input/learnt': 1 });
      bench.expect(moved);
      assert.equal(bench.interface(member).drops, 1);
    });
  }

  it('takes frames of exactly the MTU, whatever tags they have', () => {
    const frame = ethernet(C, A, 0x88b5, pattern(1400));
    bench.push('a', frame, tagged(frame, { vid: 80 }), tagged(frame, { vid: 80, type: 0x88a8 }, { vid: 1 }));
    bench.run();
    assert.deepEqual(
      bench.sent('c').map(({ length }) => length),
      [1414, 1418, 1422],
    );
    bench.expect({});
  });

  it('forwards the group behind the reserved ones', () => {
    const frame = ethernet('01:80:c2:00:00:10', A, 0x88b5, data);
    bench.push('a', frame);
    bench.run();
    assert.deepEqual(bench.sent('b'), [frame]);
    bench.sent('c');
    bench.sent('trunk');
    bench.expect({ 'l2-flood/copies': 3, 'ethernet-input/unknown_type': 1 });
  });

  it('takes nothing while the bridge is disabled, or to a member that is', () => {
    const { state } = bench.control.interfaces;
    const frame = ethernet(B, A, 0x88b5, data);
    state[bench.row('br')] = 0;
    bench.push('a', frame);
    bench.run();
    bench.expect({ 'l2-input/bridge_down': 1 });
    state[bench.row('br')] = 1;
    state[bench.row('b')] = 0;
    bench.push('a', frame);
    bench.run();
    bench.expect({ 'interface-output/interface_down': 1 });
  });
});

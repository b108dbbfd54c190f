import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { ethernet, forwarded, ip4, pattern } from '../support/packets.js';
import { FAR, site } from '../support/site.js';
import { type Tag, tagged } from '../support/vlan.js';

const MACS = { v7: '02:00:00:00:cc:07', s7c30: '02:00:00:00:cc:73', s9: '02:00:00:00:cc:09' };

describeNode('vlan-output', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site({
      workers: 2,
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24', worker: 1 },
        { name: 'wan', address: '192.0.2.1/24', worker: 0 },
        { name: 'a', worker: 0 },
      ],
      vlans: [
        { name: 'v7', parent: 'lan', vlan: 7, address: '10.7.0.1/24', worker: 1 },
        { name: 's7c30', parent: 'lan', vlan: 7, inner: 30, qinq: true, address: '10.73.0.1/24', worker: 1 },
        { name: 's9', parent: 'lan', vlan: 4094, qinq: true, address: '10.9.0.1/24', worker: 1 },
        { name: 'b20', parent: 'wan', vlan: 20 },
        { name: 'b21', parent: 'wan', vlan: 21, inner: 22 },
      ],
      bridges: [{ name: 'br', members: ['a', 'b20', 'b21'] }],
      neighbours: [
        { interface: 'v7', address: '10.7.0.9', mac: MACS.v7 },
        { interface: 's7c30', address: '10.73.0.9', mac: MACS.s7c30 },
        { interface: 's9', address: '10.9.0.9', mac: MACS.s9 },
      ],
    });
  });
  afterEach(() => bench.close());

  const routed: [keyof typeof MACS, string, Tag[]][] = [
    ['v7', '10.7.0.9', [{ vid: 7 }]],
    ['s9', '10.9.0.9', [{ vid: 4094, type: 0x88a8 }]],
    ['s7c30', '10.73.0.9', [{ vid: 7, type: 0x88a8 }, { vid: 30 }]],
  ];
  for (const [name, dst, tags] of routed) {
    it(`tags what is routed out of ${name}, on the worker of its parent's port`, () => {
      const packet = ip4({ src: FAR, dst, tos: 0xb8, payload: pattern(60) });
      bench.pushIp('wan', packet);
      bench.run();
      const frame = ethernet(MACS[name], bench.mac(name), 0x0800, forwarded(packet));
      assert.deepEqual(bench.sent('lan'), [tagged(frame, ...tags)]);
      assert.equal(bench.interface(name).txPackets, 1);
      assert.equal(bench.interface(name).txBytes, frame.length);
      assert.equal(bench.interface('lan').txBytes, frame.length + 4 * tags.length);
      bench.expect({});
    });
  }

  it('takes whole packets of the MTU: tags do not count', () => {
    const packet = ip4({ src: FAR, dst: '10.73.0.9', df: true, payload: pattern(1480) });
    bench.pushIp('wan', packet);
    bench.run();
    assert.equal(bench.sent('lan')[0]!.length, 14 + 8 + 1500);
    bench.expect({});
  });

  it('tags what Linux sends to the twin', () => {
    const frame = ethernet(MACS.v7, bench.mac('v7'), 0x88b5, pattern(50));
    bench.inject('v7', frame, 1);
    bench.run();
    assert.deepEqual(bench.sent('lan'), [tagged(frame, { vid: 7 })]);
    bench.expect({});
  });

  const station = '02:00:00:00:cc:01';
  const group = '01:00:5e:01:02:03';
  const frame = ethernet(group, station, 0x0800, ip4({ src: '10.0.0.1', dst: '239.1.2.3' }));

  it('keeps the priority of a bridged frame, from tag to tag, to two tags, and to none', () => {
    bench.push('wan', tagged(frame, { vid: 20, priority: 11 }));
    bench.run();
    assert.deepEqual(bench.sent('wan'), [
      tagged(frame, { vid: 21, priority: 11 }, { vid: 22, priority: 11 }),
    ]);
    assert.deepEqual(bench.sent('a'), [frame]);
    bench.moved();
  });

  it('puts the VID into a tag that had a priority only', () => {
    bench.push('a', tagged(frame, { vid: 0, priority: 5 }));
    bench.run();
    assert.deepEqual(
      bench.sent('wan').sort((a, b) => a.length - b.length),
      [
        tagged(frame, { vid: 20, priority: 5 }),
        tagged(frame, { vid: 21, priority: 5 }, { vid: 22, priority: 5 }),
      ],
    );
    bench.moved();
  });

  it("puts its tag before one that is not the bridge's", () => {
    const other = tagged(frame, { vid: 99, priority: 2 });
    bench.push('a', other);
    bench.run();
    const [one] = bench.sent('wan').sort((a, b) => a.length - b.length);
    assert.deepEqual(one, tagged(other, { vid: 20 }));
    bench.moved();
  });

  it('drops what has no room for a tag before it', () => {
    const { state } = bench.control.interfaces;
    state[bench.row('b20')] = 0;
    bench.control.two.learn('br', 'b21', '02:00:00:00:cc:02');
    const known = ethernet('02:00:00:00:cc:02', station, 0x0800, pattern(46));
    bench.port('a').toPort.push(bench.frameOf(known, 2));
    bench.port('a').toPort.push(bench.frameOf(known, 10));
    bench.run();
    assert.deepEqual(bench.sent('wan'), [tagged(known, { vid: 21 }, { vid: 22 })]);
    bench.records();
    bench.expect({ 'vlan-output/no_room': 1, 'l2-input/learnt': 1 });
  });
});

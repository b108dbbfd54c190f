import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import { arp, BROADCAST, ethernet, forwarded, ip4, pattern } from '../support/packets.js';
import { FAR, HOST_MAC, site } from '../support/site.js';
import { type Tag, tagged } from '../support/vlan.js';

const STATION = '10.7.0.9';
const STATION_MAC = '02:00:00:00:cc:09';

describeNode('vlan-input', () => {
  let bench: Bench;
  before(() => {
    bench = site({
      vlans: [
        { name: 'v7', parent: 'lan', vlan: 7, address: '10.7.0.1/24' },
        { name: 'v8', parent: 'lan', vlan: 8, address: '10.8.0.1/24' },
        { name: 'inner', parent: 'lan', vlan: 7, inner: 30, address: '10.30.0.1/24' },
        { name: 's7', parent: 'lan', vlan: 7, qinq: true, address: '10.77.0.1/24' },
        { name: 's7c30', parent: 'lan', vlan: 7, inner: 30, qinq: true, address: '10.73.0.1/24' },
        { name: 'top', parent: 'lan', vlan: 4094, address: '10.94.0.1/24' },
      ],
      neighbours: [{ interface: 'v7', address: STATION, mac: STATION_MAC }],
    });
  });
  after(() => bench.close());

  const packet = ip4({ src: STATION, dst: FAR, payload: pattern(40) });
  const S = 0x88a8;

  const accepted: [string, string, Tag[]][] = [
    ['a tag', 'v7', [{ vid: 7 }]],
    ['a tag with a priority and DEI', 'v7', [{ vid: 7, priority: 15 }]],
    ['the largest VID', 'top', [{ vid: 4094 }]],
    ['two tags', 'inner', [{ vid: 7 }, { vid: 30 }]],
    ['an S-TAG', 's7', [{ vid: 7, type: S }]],
    ['an S-TAG and a C-TAG', 's7c30', [{ vid: 7, type: S }, { vid: 30 }]],
    ['a priority tag within the tag', 'v7', [{ vid: 7 }, { vid: 0, priority: 3 }]],
    ['a priority tag within the S-TAG', 's7', [{ vid: 7, type: S }, { vid: 0 }]],
    ['a priority tag before the tag', 'v7', [{ vid: 0, priority: 5 }, { vid: 7 }]],
  ];
  for (const [what, name, tags] of accepted) {
    it(`takes ${what} to ${name}, and counts the untagged octets there`, () => {
      const before = bench.interface(name);
      bench.push('lan', tagged(bench.toInterface(name, packet, STATION_MAC), ...tags));
      bench.run();
      assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
      const after = bench.interface(name);
      assert.equal(after.rxPackets - before.rxPackets, 1);
      const priority = tags.at(-1)!.vid === 0 ? 4 : 0;
      assert.equal(after.rxBytes - before.rxBytes, 14 + packet.length + priority);
      bench.expect({});
    });
  }

  it('takes a tag with a priority only as no tag', () => {
    bench.push('lan', tagged(bench.toInterface('lan', packet), { vid: 0, priority: 7 }));
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
    bench.expect({});
  });

  it('leaves the padding of a short frame behind', () => {
    const short = ip4({ src: STATION, dst: FAR, payload: pattern(3) });
    const frame = tagged(bench.toInterface('v7', short), { vid: 7 });
    const padded = new Uint8Array(60).fill(0xee);
    padded.set(frame);
    bench.push('lan', padded);
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [forwarded(short)]);
    bench.expect({});
  });

  it('hears ARP on the sub-interface, and answers with its tag', () => {
    const request = arp({ operation: 1, senderMac: STATION_MAC, senderIp: STATION, targetIp: '10.7.0.1' });
    bench.push('lan', tagged(request, { vid: 7, priority: 6 }));
    bench.run();
    const [record] = bench.records();
    assert.equal(record!.interface, bench.row('v7'));
    const reply = arp({
      operation: 2,
      senderMac: bench.mac('v7'),
      senderIp: '10.7.0.1',
      targetMac: STATION_MAC,
      targetIp: STATION,
      to: STATION_MAC,
    });
    assert.deepEqual(bench.sent('lan'), [tagged(reply, { vid: 7 })]);
    bench.expect({ 'arp-input/answered': 1 });
  });

  const refused: [string, () => Uint8Array, Moved][] = [
    ['an unknown VID', () => tagged(toV7(), { vid: 9 }), { 'vlan-input/unknown_vlan': 1 }],
    [
      'an unknown VID of an S-TAG',
      () => tagged(toV7(), { vid: 8, type: S }),
      { 'vlan-input/unknown_vlan': 1 },
    ],
    ['the reserved VID', () => tagged(toV7(), { vid: 4095 }), { 'vlan-input/unknown_vlan': 1 }],
    [
      'a second tag that nobody has',
      () => tagged(toV7(), { vid: 8 }, { vid: 31 }),
      { 'vlan-input/unknown_vlan': 1 },
    ],
    [
      'a frame that ends in its tag',
      () => tagged(toV7(), { vid: 7 }).subarray(0, 17),
      { 'vlan-input/truncated': 1 },
    ],
    [
      'nothing behind the tag',
      () => tagged(toV7(), { vid: 7 }).subarray(0, 18),
      { 'ip4-input/truncated': 1 },
    ],
    [
      'a third tag',
      () => tagged(toV7(), { vid: 7 }, { vid: 30 }, { vid: 1 }),
      { 'vlan-input/unknown_vlan': 1 },
    ],
    [
      "another station's frame",
      () => tagged(ethernet('02:00:00:00:dd:dd', STATION_MAC, 0x0800, packet), { vid: 7 }),
      { 'ethernet-input/other_host': 1 },
    ],
    [
      'a type that nobody knows',
      () => tagged(ethernet(BROADCAST, HOST_MAC, 0x88b5, pattern(46)), { vid: 7 }),
      { 'ethernet-input/unknown_type': 1 },
    ],
  ];
  const toV7 = (): Uint8Array => bench.toInterface('v7', packet);
  for (const [what, frame, moved] of refused) {
    it(`refuses ${what}`, () => {
      bench.push('lan', frame());
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      bench.expect(moved);
    });
  }

  it('refuses a VLAN of another port', () => {
    bench.push('wan', tagged(bench.toInterface('v7', packet), { vid: 7 }));
    bench.run();
    bench.expect({ 'vlan-input/unknown_vlan': 1 });
  });

  it('takes nothing to a sub-interface that is down, while others go on', () => {
    const { state } = bench.control.interfaces;
    state[bench.row('v7')] = 0;
    bench.push('lan', tagged(bench.toInterface('v7', packet), { vid: 7 }));
    bench.push('lan', tagged(bench.toInterface('v8', packet), { vid: 8 }));
    bench.run();
    state[bench.row('v7')] = 1;
    assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
    bench.expect({ 'ethernet-input/interface_down': 1 });
  });
});

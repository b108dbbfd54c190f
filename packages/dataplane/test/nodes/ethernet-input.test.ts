import assert from 'node:assert/strict';
import { INTERFACE_DOWN, INTERFACE_UP } from '../../src/tables/interfaces.js';
import type { Bench } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import { BROADCAST, ethernet, forwarded, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, HOST_MAC, site } from '../support/site.js';

describeNode('ethernet-input', () => {
  let bench: Bench;
  before(() => {
    bench = site();
  });
  after(() => bench.close());

  const packet = ip4({ src: HOST, dst: FAR, payload: pattern(40) });

  it('passes IPv4 on to ip4-input, and counts the octets of the frame', () => {
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
    bench.expect({});
    assert.deepEqual(bench.interface('lan'), {
      rxPackets: 1,
      rxBytes: 14 + packet.length,
      txPackets: 0,
      txBytes: 0,
      drops: 0,
      punted: 0,
      injected: 0,
    });
    assert.deepEqual(bench.interface('wan').txBytes, 14 + packet.length);
  });

  const refused: [string, () => Uint8Array, Moved][] = [
    ['an empty frame', () => new Uint8Array(), { 'ethernet-input/runt': 1 }],
    ['13 octets', () => bench.toInterface('lan', packet).subarray(0, 13), { 'ethernet-input/runt': 1 }],
    [
      'nothing behind the header',
      () => bench.toInterface('lan', new Uint8Array()),
      { 'ip4-input/truncated': 1 },
    ],
    [
      "another station's frame",
      () => ethernet('02:00:00:00:01:02', HOST_MAC, 0x0800, packet),
      { 'ethernet-input/other_host': 1 },
    ],
    [
      'a MAC that differs in its first octets only',
      () => ethernet('06:00:00:00:01:01', HOST_MAC, 0x0800, packet),
      { 'ethernet-input/other_host': 1 },
    ],
    [
      'LLDP',
      () => ethernet(bench.mac('lan'), HOST_MAC, 0x88cc, pattern(60)),
      { 'ethernet-input/unknown_type': 1 },
    ],
    [
      'an 802.3 length',
      () => ethernet(BROADCAST, HOST_MAC, 46, pattern(46)),
      { 'ethernet-input/unknown_type': 1 },
    ],
  ];
  for (const [what, frame, moved] of refused) {
    it(`refuses ${what}`, () => {
      const before = bench.interface('lan').drops;
      bench.push('lan', frame());
      bench.run();
      assert.deepEqual(bench.sent('wan'), []);
      assert.equal(bench.interface('lan').drops, before + 1);
      bench.expect(moved);
    });
  }

  it('takes nothing from an interface that is down', () => {
    bench.control.interfaces.state[bench.row('lan')] = INTERFACE_DOWN;
    bench.pushIp('lan', packet);
    bench.run();
    bench.control.interfaces.state[bench.row('lan')] = INTERFACE_UP;
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'ethernet-input/interface_down': 1 });
  });
});

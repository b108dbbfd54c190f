import assert from 'node:assert/strict';
import { setMembers } from '../../src/control/bridge-members.js';
import { type Bench, testBench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { BROADCAST, ethernet, icmp, ip4, pattern } from '../support/packets.js';

const A = '02:00:00:00:0a:01';
const NOBODY = '02:00:00:00:ee:ee';

describeNode('l2-flood', () => {
  let bench: Bench;
  const make = (frames = 2048): void => {
    bench = testBench({
      frames,
      interfaces: ['a', 'b', 'c', 'd', 'other'].map((name) => ({ name, mtu: name === 'd' ? 1400 : 1500 })),
      bridges: [
        { name: 'br', members: ['a', 'b', 'c', 'd'], address: '10.1.0.1/24' },
        { name: 'br2', members: ['other'] },
      ],
    });
    bench.control.two.learn('br', 'a', A);
  };
  afterEach(() => bench.close());

  const unknown = ethernet(NOBODY, A, 0x88b5, pattern(60));
  const group = ethernet('01:00:5e:00:00:05', A, 0x88b5, pattern(60));
  const rows = (...names: string[]): number[] => names.map((name) => bench.row(name));

  it('sends to every other member, and to nobody else, what nobody has heard of', () => {
    make();
    bench.push('a', unknown);
    bench.run();
    for (const member of ['b', 'c', 'd']) assert.deepEqual(bench.sent(member), [unknown]);
    for (const other of ['a', 'other']) assert.deepEqual(bench.sent(other), []);
    assert.equal(bench.interface('br').rxPackets, 0);
    bench.expect({ 'l2-flood/copies': 2 });
  });

  it('gives groups to the box as well', () => {
    make();
    const ping = ip4({ src: '10.1.0.9', dst: '10.1.0.255', protocol: 1, payload: icmp(8, 0, 1, pattern(8)) });
    const frame = ethernet(BROADCAST, A, 0x0800, ping);
    bench.push('a', frame);
    bench.run();
    for (const member of ['b', 'c', 'd']) assert.deepEqual(bench.sent(member), [frame]);
    assert.deepEqual(bench.punted(), [{ interface: bench.row('br'), bytes: frame }]);
    assert.equal(bench.interface('br').rxPackets, 1);
    assert.equal(bench.interface('br').rxBytes, frame.length);
    assert.equal(bench.interface('br').punted, 1);
    bench.expect({ 'l2-flood/copies': 3 });
  });

  it('leaves out members that are down, and those whose MTU is smaller', () => {
    make();
    bench.control.interfaces.state[bench.row('b')] = 0;
    const large = ethernet(NOBODY, A, 0x88b5, pattern(1401));
    bench.push('a', large);
    bench.run();
    assert.deepEqual(bench.sent('c'), [large]);
    for (const other of ['b', 'd']) assert.deepEqual(bench.sent(other), []);
    bench.expect({ 'l2-flood/too_big': 1 });
  });

  it('drops what has nowhere to go', () => {
    make();
    bench.push('other', ethernet(NOBODY, '02:00:00:00:0f:01', 0x88b5, pattern(60)));
    bench.run();
    bench.records();
    assert.equal(bench.interface('other').drops, 1);
    bench.expect({ 'l2-flood/no_member': 1, 'l2-input/learnt': 1 });
  });

  it('reaches those behind a member that is leaving just now', () => {
    make();
    // As control/bridge-members.ts has it for a moment: out of the bridge, and still in its list.
    bench.control.interfaces.bridge[bench.row('b')] = 0;
    bench.push('a', unknown);
    bench.run();
    for (const member of ['c', 'd']) assert.deepEqual(bench.sent(member), [unknown]);
    assert.deepEqual(bench.sent('b'), []);
    bench.expect({ 'l2-flood/copies': 1 });
  });

  it('goes on with those who stay when members change', () => {
    make();
    const { interfaces } = bench.control;
    setMembers(interfaces, bench.row('br'), rows('a', 'd', 'b'));
    setMembers(interfaces, bench.row('br2'), rows('other', 'c'));
    bench.push('a', unknown);
    bench.run();
    for (const member of ['b', 'd']) assert.deepEqual(bench.sent(member), [unknown]);
    for (const other of ['c', 'other']) assert.deepEqual(bench.sent(other), []);
    bench.expect({ 'l2-flood/copies': 1 });
    setMembers(interfaces, bench.row('br'), []);
    setMembers(interfaces, bench.row('br2'), rows('c', 'b', 'other'));
    bench.push('c', unknown);
    bench.run();
    for (const member of ['b', 'other']) assert.deepEqual(bench.sent(member), [unknown]);
    bench.records();
    bench.moved();
  });

  it('does without copies when no frame is free, and loses nothing else', () => {
    make(1024);
    // The pool's other frames are elsewhere; the forwarder's cache is empty.
    const kept: number[] = [];
    const [forwarder] = bench.forwarders;
    bench.push('a', group, unknown);
    for (let frame = bench.pool.alloc(); frame >= 0; frame = bench.pool.alloc()) kept.push(frame);
    for (let frame = forwarder!.pool.alloc(); frame >= 0; frame = forwarder!.pool.alloc()) kept.push(frame);
    bench.run();
    const out = ['b', 'c', 'd'].flatMap((member) => bench.sent(member));
    assert.deepEqual(out, [unknown]);
    for (const frame of kept) bench.pool.free(frame);
    bench.expect({ 'l2-flood/no_frames': 5, 'ethernet-input/unknown_type': 1 });
  });

  it('floods at a bounded rate; the box still gets its groups', () => {
    make(16_384);
    const burst = (frame: Uint8Array, count: number): number => {
      let flooded = 0;
      for (let i = 0; i < count; i += 200) {
        bench.push('a', ...new Array<Uint8Array>(200).fill(frame));
        bench.run();
        flooded += bench.sent('b').length;
        bench.sent('c');
        bench.sent('d');
      }
      return flooded;
    };
    assert.equal(burst(unknown, 1800), 1800);
    bench.moved();
    assert.equal(burst(unknown, 400), 200);
    bench.expect({ 'l2-flood/copies': 400, 'l2-flood/rate_limited': 200 });
    assert.equal(burst(group, 200), 0);
    bench.expect({ 'l2-flood/suppressed': 200, 'ethernet-input/unknown_type': 200 });
    bench.push('other', ethernet(BROADCAST, A, 0x88b5, pattern(60)));
    bench.run();
    bench.records();
    bench.expect({ 'ethernet-input/unknown_type': 1, 'l2-input/learnt': 1 });
    bench.now += 10;
    assert.equal(burst(unknown, 400), 200);
    bench.moved();
  });
});

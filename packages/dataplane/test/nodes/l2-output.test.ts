import assert from 'node:assert/strict';
import { type Bench, testBench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { BROADCAST, ethernet, forwarded, ip4, pattern } from '../support/packets.js';
import { FAR } from '../support/site.js';

const HOST = '10.1.0.9';
const HOST_MAC = '02:00:00:00:0b:09';

describeNode('l2-output', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = testBench({
      interfaces: [{ name: 'a' }, { name: 'b', mtu: 1400 }, { name: 'wan', address: '192.0.2.1/24' }],
      bridges: [{ name: 'br', members: ['a', 'b'], address: '10.1.0.1/24' }],
      neighbours: [{ interface: 'br', address: HOST, mac: HOST_MAC }],
    });
  });
  afterEach(() => bench.close());

  const packet = ip4({ src: FAR, dst: HOST, payload: pattern(60) });
  const routed = (): Uint8Array => ethernet(HOST_MAC, bench.mac('br'), 0x0800, forwarded(packet));

  it('sends what is routed by the member behind which the neighbour is', () => {
    bench.control.two.learn('br', 'b', HOST_MAC);
    bench.pushIp('wan', packet);
    bench.run();
    assert.deepEqual(bench.sent('b'), [routed()]);
    assert.deepEqual(bench.sent('a'), []);
    assert.equal(bench.interface('br').txPackets, 1);
    assert.equal(bench.interface('br').txBytes, routed().length);
    bench.expect({});
  });

  it('floods to a neighbour whose member is not known', () => {
    bench.pushIp('wan', packet);
    bench.run();
    assert.deepEqual(bench.sent('a'), [routed()]);
    assert.deepEqual(bench.sent('b'), [routed()]);
    assert.equal(bench.interface('br').txPackets, 1);
    bench.expect({ 'l2-flood/copies': 1 });
  });

  it('sends what Linux sends, to a station or to all of them', () => {
    bench.control.two.learn('br', 'a', HOST_MAC);
    const one = ethernet(HOST_MAC, bench.mac('br'), 0x88b5, pattern(50));
    const all = ethernet(BROADCAST, bench.mac('br'), 0x88b5, pattern(50));
    bench.inject('br', one);
    bench.inject('br', all);
    bench.run();
    assert.deepEqual(bench.sent('a').sort(), [one, all].sort());
    assert.deepEqual(bench.sent('b'), [all]);
    bench.expect({ 'l2-flood/copies': 1 });
  });

  it('drops what is larger than the MTU of its member', () => {
    bench.control.two.learn('br', 'b', HOST_MAC);
    bench.pushIp('wan', ip4({ src: FAR, dst: HOST, payload: pattern(1381) }));
    bench.run();
    assert.deepEqual(bench.sent('b'), []);
    bench.expect({ 'l2-output/too_big': 1 });
  });

  it('sends nothing while the bridge is down', () => {
    bench.control.interfaces.state[bench.row('br')] = 0;
    bench.pushIp('wan', packet);
    bench.run();
    bench.expect({ 'interface-output/interface_down': 1 });
  });
});

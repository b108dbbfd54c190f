import assert from 'node:assert/strict';
import type { Bench } from '../support/bench.js';
import { describeNode, type Moved } from '../support/counters.js';
import { ethernet, forwarded, icmpError, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, HOST_MAC, LAN, ROUTER_MAC, site } from '../support/site.js';

describeNode('ip4-rewrite', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site();
  });
  afterEach(() => bench.close());

  it('writes the whole link header of the neighbour', () => {
    const packet = ip4({ src: HOST, dst: FAR, payload: pattern(11) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sent('wan'), [ethernet(ROUTER_MAC, bench.mac('wan'), 0x0800, forwarded(packet))]);
    bench.expect({});
  });

  it('says that a neighbour is used, when the control side wants to know', () => {
    const { adjacencies } = bench.control;
    const row = [...bench.control.fib.routes(0)].find(({ length }) => length === 0)!.adjacency;
    adjacencies.watch(row);
    assert.equal(adjacencies.wasUsed(row), false);
    bench.pushIp('lan', ip4({ src: HOST, dst: FAR, payload: pattern(11) }));
    bench.run();
    assert.equal(adjacencies.wasUsed(row), true);
    assert.equal(bench.sent('wan').length, 1);
    bench.expect({});
  });

  for (const ttl of [0, 1]) {
    it(`answers TTL ${ttl} with time exceeded`, () => {
      const packet = ip4({ src: HOST, dst: FAR, ttl, payload: pattern(30) });
      bench.pushIp('lan', packet);
      bench.run();
      const error = icmpError(LAN, packet, 11, 0);
      assert.deepEqual(bench.sent('lan'), [ethernet(HOST_MAC, bench.mac('lan'), 0x0800, error)]);
      assert.deepEqual(bench.sent('wan'), []);
      assert.equal(bench.interface('lan').drops, 1);
      bench.expect({ 'ip4-rewrite/ttl_expired': 1, 'ip4-icmp-error/sent': 1 });
    });
  }

  for (const ttl of [2, 3, 128, 255]) {
    it(`forwards TTL ${ttl} as ${ttl - 1}`, () => {
      const packet = ip4({ src: HOST, dst: FAR, ttl, payload: pattern(30) });
      bench.pushIp('lan', packet);
      bench.run();
      const [out] = bench.sentIp('wan');
      assert.equal(out![8], ttl - 1);
      assert.deepEqual(out, forwarded(packet));
      bench.expect({});
    });
  }

  const sizes: [string, number, boolean, number, Moved][] = [
    ['exactly the MTU', 1480, false, 1, {}],
    ['exactly the MTU, DF', 1480, true, 1, {}],
    ['one over the MTU', 1481, false, 2, { 'ip4-rewrite/too_big': 1, 'ip4-frag/fragments': 2 }],
    ['one over the MTU, DF', 1481, true, 0, { 'ip4-rewrite/df_too_big': 1, 'ip4-icmp-error/sent': 1 }],
  ];
  for (const [what, payload, df, packets, moved] of sizes) {
    it(`${what}: ${packets} packets leave`, () => {
      const packet = ip4({ src: HOST, dst: FAR, df, payload: pattern(payload) });
      bench.pushIp('lan', packet);
      bench.run();
      assert.equal(bench.sentIp('wan').length, packets);
      const errors = packets === 0 ? [icmpError(LAN, packet, 3, 4, 1500)] : [];
      assert.deepEqual(bench.sentIp('lan'), errors);
      bench.expect(moved);
    });
  }

  it('tells the TTL before the MTU: a packet that ends here needs no fragments', () => {
    const packet = ip4({ src: HOST, dst: FAR, df: true, ttl: 1, payload: pattern(1481) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [icmpError(LAN, packet, 11, 0)]);
    bench.expect({ 'ip4-rewrite/ttl_expired': 1, 'ip4-icmp-error/sent': 1 });
  });
});

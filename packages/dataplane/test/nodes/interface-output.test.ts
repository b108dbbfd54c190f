import assert from 'node:assert/strict';
import { INTERFACE_DOWN, INTERFACE_UP } from '../../src/tables/interfaces.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { forwarded, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, site } from '../support/site.js';

describeNode('interface-output', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  const packet = ip4({ src: HOST, dst: FAR, payload: pattern(20) });
  const numbered = (count: number, from = 0): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => ip4({ src: HOST, dst: FAR, id: from + i, payload: pattern(8) }));

  it('drops what would leave by an interface that is down, and sends when it is up again', () => {
    bench = site();
    bench.control.interfaces.state[bench.row('wan')] = INTERFACE_DOWN;
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sent('wan'), []);
    bench.expect({ 'interface-output/interface_down': 1 });
    bench.control.interfaces.state[bench.row('wan')] = INTERFACE_UP;
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [forwarded(packet)]);
    bench.expect({});
  });

  it('keeps what a busy port does not take at once, in order, and drops only what is too much', () => {
    bench = site({ frames: 8192, ring: 256 });
    const packets = numbered(256 + 4096 + 10);
    for (let at = 0; at < packets.length; at += 256) {
      bench.pushIp('lan', ...packets.slice(at, at + 256));
      bench.run();
    }
    const out: Uint8Array[] = [];
    for (let more = bench.sentIp('wan'); more.length > 0; more = bench.sentIp('wan')) {
      out.push(...more);
      bench.run();
    }
    assert.deepEqual(out, packets.slice(0, 256 + 4096).map(forwarded));
    assert.equal(bench.interface('wan').txPackets, 256 + 4096);
    assert.equal(bench.interface('lan').drops, 10);
    bench.expect({ 'interface-output/tx_queue_full': 10 });
  });

  it('drops what has no port', () => {
    bench = site();
    bench.forwarders[0]!.removePort(bench.row('wan'));
    bench.pushIp('lan', packet);
    bench.run();
    bench.expect({ 'interface-output/tx_queue_full': 1 });
  });

  it("hands over to the worker that owns the port's transmit queue, in order", () => {
    bench = site({
      workers: 2,
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24', worker: 0 },
        { name: 'wan', address: '192.0.2.1/24', worker: 1 },
      ],
    });
    const packets = numbered(700);
    bench.pushIp('lan', ...packets);
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), packets.map(forwarded));
    assert.equal(bench.interface('wan').txPackets, 700);
    bench.expect({});
  });

  it('drops what does not fit into the ring to the other worker', () => {
    bench = site({
      workers: 2,
      frames: 8192,
      interfaces: [
        { name: 'lan', address: '10.1.0.1/24', worker: 0 },
        { name: 'wan', address: '192.0.2.1/24', worker: 1 },
      ],
    });
    const packets = numbered(4096 + 5);
    for (let at = 0; at < packets.length; at += 256) {
      bench.pushIp('lan', ...packets.slice(at, at + 256));
      while (bench.forwarders[0]!.round() > 0);
    }
    const out: Uint8Array[] = [];
    do {
      bench.run();
      out.push(...bench.sentIp('wan'));
    } while (out.length < 4096);
    assert.deepEqual(out, packets.slice(0, 4096).map(forwarded));
    bench.expect({ 'interface-output/tx_queue_full': 5 });
  });
});

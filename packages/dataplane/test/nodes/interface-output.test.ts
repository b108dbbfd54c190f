import assert from 'node:assert/strict';
import { LARGE_FRAMES } from '../../src/memory/packet-pool.js';
import { INTERFACE_DOWN, INTERFACE_UP } from '../../src/tables/interfaces.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { fromPeer, gre, siteOfKind } from '../support/gre-site.js';
import { forwarded, fragmentsAt, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, LAN, REMOTE_HOST, site } from '../support/site.js';

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

  describe('what lies in a large frame', () => {
    const wide = (): Bench =>
      siteOfKind({ kind: 'gre', protect: 'none' }, true, {
        interfaces: [
          { name: 'lan', address: '10.1.0.1/24', mtu: 1700 },
          { name: 'wan', address: '192.0.2.1/24', mtu: 1700 },
        ],
      });
    const largeFor = (name: string, octets: Uint8Array): number => {
      const frame = bench.frameOf(bench.toInterface(name, octets), undefined, true);
      bench.pool.txInterface[frame] = bench.row(name);
      bench.pool.rxInterface[frame] = bench.row(name);
      return frame;
    };
    const long = ip4({ src: REMOTE_HOST, dst: HOST, payload: pattern(1640) });
    const outer = fragmentsAt(fromPeer(47, gre({ payload: long })), [808]);

    it('leaves in one of the usual size when it was put together here', () => {
      bench = wide();
      bench.pushIp('wan', ...outer);
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(long)]);
      assert.deepEqual([bench.interface('lan').txPackets, bench.interface('lan').txBytes], [1, 1674]);
      bench.expect({ 'ip4-reassembly/reassembled': 1, 'ip4-reassembly/fragments': 2 });
    });

    it('likewise when it came from Linux by the twin of a tunnel', () => {
      bench = wide();
      const packet = ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(1636) });
      bench.control.adjacencies.setMtu(bench.control.interfaces.tunnelAdjacency[bench.row('tun')]!, 1676);
      bench.inject('tun', packet);
      bench.run();
      const [sent] = bench.sentIp('wan');
      assert.deepEqual(sent?.subarray(24), packet);
      bench.expect({});
    });

    it('is dropped by name, and its frame is free, when there is none of the usual size', () => {
      bench = wide();
      const queue = bench.forwarders[0]!.services.ports[bench.row('lan')]!;
      const frame = largeFor('lan', long);
      const hoard: number[] = [];
      for (let free = bench.pool.alloc(); free >= 0; free = bench.pool.alloc()) hoard.push(free);
      bench.handOver('interface-output', frame);
      bench.run();
      bench.pool.freeMany(Int32Array.from(hoard), 0, hoard.length);
      assert.deepEqual(bench.sent('lan'), []);
      assert.deepEqual([queue.noFrame, queue.failed, bench.interface('lan').txPackets], [1, 0, 0]);
      assert.equal(bench.interface('lan').drops, 1);
      bench.expect({});
    });

    it('is given up when it fits no frame of the usual size: a twin whose MTU somebody raised', () => {
      bench = wide();
      const queue = bench.forwarders[0]!.services.ports[bench.row('lan')]!;
      bench.inject('lan', bench.toInterface('lan', ip4({ src: LAN, dst: HOST, payload: pattern(4000) })));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.deepEqual([queue.noFrame, queue.failed, bench.interface('lan').txPackets], [0, 1, 0]);
      bench.expect({});
    });

    it('is dropped like others when the port takes no more', () => {
      bench = site({ frames: 8192, ring: 256 });
      for (let at = 0; at < 256 + 4096; at += 256) {
        bench.pushIp('lan', ...numbered(256, at));
        bench.run();
      }
      bench.handOver('interface-output', largeFor('wan', packet));
      bench.run();
      assert.equal(bench.interface('wan').txPackets, 256 + 4096);
      assert.deepEqual(bench.moved(), { 'interface-output/tx_queue_full': 1 });
      assert.equal(bench.pool.large, LARGE_FRAMES);
    });
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

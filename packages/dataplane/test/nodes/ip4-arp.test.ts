import assert from 'node:assert/strict';
import { RECORD_RESOLVE, RECORD_WORDS } from '../../src/workers/shared-memory.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { ethernet, forwarded, icmpError, ip, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, LAN, REMOTE_HOST, ROUTER, STRANGER, site, siteWithTunnel } from '../support/site.js';

const STRANGER_MAC = '02:00:00:00:dd:77';
const PER_NEIGHBOUR = 16;
const IN_ALL = 256;
const PATIENCE_MS = 3000;

describeNode('ip4-arp', () => {
  let bench: Bench;
  afterEach(() => bench.close());

  const to = (dst: string, id: number): Uint8Array => ip4({ src: FAR, dst, id, payload: pattern(25) });

  it('keeps packets until the neighbour is there, then sends them in order', () => {
    bench = site();
    const packets = [1, 2, 3].map((id) => to(STRANGER, id));
    bench.pushIp('wan', ...packets);
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    const [asked] = bench.records();
    assert.deepEqual(asked, {
      kind: RECORD_RESOLVE,
      interface: bench.row('lan'),
      flags: 0,
      address: ip(STRANGER),
      mac0: 0,
      mac2: 0,
    });
    bench.expect({ 'ip4-arp/waiting': 3 }, 3);

    bench.run();
    assert.deepEqual(bench.sent('lan'), [], 'nothing has changed');
    bench.control.resolve({ interface: 'lan', address: STRANGER, mac: STRANGER_MAC });
    bench.run();
    const link = (packet: Uint8Array): Uint8Array =>
      ethernet(STRANGER_MAC, bench.mac('lan'), 0x0800, forwarded(packet));
    assert.deepEqual(bench.sent('lan'), packets.map(link));
    bench.expect({});
  });

  it('asks for the gateway of a route, not for the destination', () => {
    bench = site({ routes: [{ prefix: '203.0.113.0/24', via: '192.0.2.99' }] });
    const packet = ip4({ src: HOST, dst: '203.0.113.5', payload: pattern(5) });
    bench.pushIp('lan', packet);
    bench.run();
    assert.deepEqual(
      bench.records().map(({ interface: row, address }) => [row, address]),
      [[bench.row('wan'), ip('192.0.2.99')]],
    );
    bench.control.resolve({ interface: 'wan', address: '192.0.2.99', mac: STRANGER_MAC });
    bench.run();
    assert.deepEqual(bench.sent('wan'), [
      ethernet(STRANGER_MAC, bench.mac('wan'), 0x0800, forwarded(packet)),
    ]);
    bench.expect({ 'ip4-arp/waiting': 1 });
  });

  it('lets the others wait when one neighbour is there', () => {
    bench = site();
    bench.pushIp('wan', to(STRANGER, 1), to('10.1.0.78', 2), to(STRANGER, 3));
    bench.run();
    bench.control.resolve({ interface: 'lan', address: STRANGER, mac: STRANGER_MAC });
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(to(STRANGER, 1)), forwarded(to(STRANGER, 3))]);
    bench.expect({ 'ip4-arp/waiting': 3 }, 1);
    bench.control.resolve({ interface: 'lan', address: '10.1.0.78', mac: STRANGER_MAC });
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(to('10.1.0.78', 2))]);
    bench.expect({});
  });

  it('goes another way when the route changes meanwhile', () => {
    bench = site();
    bench.pushIp('wan', to(STRANGER, 1));
    bench.run();
    bench.control.addRoute({ prefix: `${STRANGER}/32`, via: HOST });
    bench.now += 100;
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(to(STRANGER, 1))], 'without a signal, at the next tick');
    bench.expect({ 'ip4-arp/waiting': 1 });
  });

  it(`keeps ${PER_NEIGHBOUR} packets for one neighbour and ${IN_ALL} in all`, () => {
    bench = site();
    bench.pushIp('wan', ...Array.from({ length: PER_NEIGHBOUR + 3 }, (_, i) => to(STRANGER, i)));
    bench.run();
    bench.expect({ 'ip4-arp/waiting': PER_NEIGHBOUR, 'ip4-arp/queue_full': 3 }, PER_NEIGHBOUR);
    const scan = Array.from({ length: IN_ALL }, (_, i) => to(`10.1.0.${100 + (i % 150)}`, i));
    bench.pushIp('wan', ...scan);
    bench.run();
    bench.expect({ 'ip4-arp/waiting': IN_ALL - PER_NEIGHBOUR, 'ip4-arp/queue_full': PER_NEIGHBOUR }, IN_ALL);
  });

  it('drops when the control side takes no more requests', () => {
    bench = site();
    for (let i = 0; i < (2 * 4096) / RECORD_WORDS; i++) {
      bench.forwarders[0]!.services.heard(bench.row('lan'), 0, i, 0, 0, 0, 0, 0);
    }
    bench.pushIp('wan', to(STRANGER, 1));
    bench.run();
    bench.expect({ 'ip4-arp/queue_full': 1 });
  });

  it('gives up in time, with host unreachable to the sender', () => {
    bench = site();
    const packet = to(STRANGER, 9);
    bench.pushIp('wan', packet);
    bench.run();
    bench.now += PATIENCE_MS - 1;
    bench.run();
    bench.expect({ 'ip4-arp/waiting': 1 }, 1);
    bench.now += 100;
    bench.run();
    assert.deepEqual(bench.sentIp('wan'), [icmpError('192.0.2.1', packet, 3, 1)]);
    assert.deepEqual(bench.sent('lan'), []);
    assert.equal(bench.interface('wan').drops, 1);
    bench.expect({ 'ip4-arp/unresolved': 1, 'ip4-icmp-error/sent': 1 });
  });

  it("gives up the box's own packets without an error to itself", () => {
    bench = siteWithTunnel();
    bench.control.forget('wan', ROUTER);
    bench.pushIp('lan', ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(30) }));
    bench.run();
    assert.equal(bench.records()[0]!.address, ip(ROUTER));
    bench.now += PATIENCE_MS;
    bench.run();
    assert.deepEqual(bench.punted(), []);
    assert.deepEqual(bench.sent('lan'), []);
    assert.equal(bench.interface('lan').drops, 1);
    bench.expect({ 'ip4-arp/waiting': 1, 'ip4-arp/unresolved_for_own': 1 });
  });

  it('gives its frames back when the worker ends', () => {
    bench = site();
    bench.pushIp('wan', to(STRANGER, 1), to(LAN, 2));
    bench.run();
    bench.punted();
    bench.close();
    assert.equal(bench.framesMissing(), 0);
  });
});

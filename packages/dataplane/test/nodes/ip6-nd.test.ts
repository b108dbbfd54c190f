import assert from 'node:assert/strict';
import { HEARD_IP6 } from '../../src/tables/neighbour-records.js';
import { RECORD_RESOLVE } from '../../src/workers/shared-memory.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { ethernet, pattern } from '../support/packets.js';
import { checksum6, forwarded6, icmp6Error, ip6 } from '../support/packets6.js';
import { FAR6, HOST6, LAN6, ROUTER6, STRANGER6, site6, WAN6 } from '../support/site.js';

const STRANGER_MAC = '02:00:00:00:dd:77';
const PER_NEIGHBOUR = 16;
const PATIENCE_MS = 3000;

describeNode('ip6-nd', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site6();
  });
  afterEach(() => bench.close());

  const to = (dst: string, flowLabel: number): Uint8Array =>
    ip6({ src: FAR6, dst, flowLabel, payload: pattern(20) });
  const asked = (): unknown[] =>
    bench.records().map(({ kind, interface: row, flags, address }) => [kind, row, flags, address]);

  it('keeps packets until the neighbour is there, then sends them in order', () => {
    const packets = [1, 2, 3].map((flow) => to(STRANGER6, flow));
    bench.pushIp6('wan', ...packets);
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    assert.deepEqual(asked(), new Array(3).fill([RECORD_RESOLVE, bench.row('lan'), HEARD_IP6, STRANGER6]));
    bench.expect({ 'ip6-nd/waiting': 3 }, 3);
    bench.control.resolve({ interface: 'lan', address: STRANGER6, mac: STRANGER_MAC });
    bench.run();
    assert.deepEqual(
      bench.sent('lan'),
      packets.map((packet) => ethernet(STRANGER_MAC, bench.mac('lan'), 0x86dd, forwarded6(packet))),
    );
    bench.expect({});
  });

  it('asks for the gateway of a route, not for the destination', () => {
    bench.control.forget('wan', ROUTER6);
    const packet = ip6({ src: HOST6, dst: FAR6, payload: pattern(5) });
    bench.pushIp6('lan', packet);
    bench.run();
    assert.deepEqual(asked(), [[RECORD_RESOLVE, bench.row('wan'), HEARD_IP6, ROUTER6]]);
    bench.control.resolve({ interface: 'wan', address: ROUTER6, mac: STRANGER_MAC });
    bench.run();
    assert.deepEqual(bench.sent('wan'), [
      ethernet(STRANGER_MAC, bench.mac('wan'), 0x86dd, forwarded6(packet)),
    ]);
    bench.expect({ 'ip6-nd/waiting': 1 });
  });

  it(`keeps ${PER_NEIGHBOUR} packets for one neighbour`, () => {
    bench.pushIp6('wan', ...Array.from({ length: PER_NEIGHBOUR + 3 }, (_, i) => to(STRANGER6, i)));
    bench.pushIp6('wan', to('2001:db8:1::78', 0));
    bench.run();
    bench.expect({ 'ip6-nd/waiting': PER_NEIGHBOUR + 1, 'ip6-nd/queue_full': 3 }, PER_NEIGHBOUR + 1);
  });

  it('gives up in time, with address unreachable to the sender', () => {
    const packet = to(STRANGER6, 9);
    bench.pushIp6('wan', packet);
    bench.run();
    bench.now += PATIENCE_MS - 1;
    bench.run();
    bench.expect({ 'ip6-nd/waiting': 1 }, 1);
    bench.now += 100;
    bench.run();
    assert.deepEqual(
      bench.sent('wan').map((frame) => frame.subarray(14)),
      [icmp6Error(WAN6, packet, 1, 3)],
    );
    assert.deepEqual(bench.sent('lan'), []);
    assert.equal(bench.interface('wan').drops, 1);
    bench.expect({ 'ip6-nd/unresolved': 1, 'ip6-icmp-error/sent': 1 });
  });

  it("gives up the box's own packets without an error to itself", () => {
    // Its reply to an echo request from a host that nobody knows.
    const echo = ip6({
      src: STRANGER6,
      dst: LAN6,
      nextHeader: 58,
      payload: Uint8Array.of(128, 0, 0, 0, 0, 1, 0, 1),
    });
    fixIcmp6(echo);
    bench.pushIp6('lan', echo);
    bench.run();
    assert.deepEqual(asked(), [[RECORD_RESOLVE, bench.row('lan'), HEARD_IP6, STRANGER6]]);
    bench.now += PATIENCE_MS;
    bench.run();
    assert.deepEqual(bench.sent('lan'), []);
    bench.expect({ 'ip6-icmp-echo/replies': 1, 'ip6-nd/waiting': 1, 'ip6-nd/unresolved_for_own': 1 });
  });
});

function fixIcmp6(packet: Uint8Array): void {
  const message = packet.subarray(40);
  const sum = checksum6(packet.subarray(8, 24), packet.subarray(24, 40), 58, message);
  message[2] = sum >> 8;
  message[3] = sum & 255;
}

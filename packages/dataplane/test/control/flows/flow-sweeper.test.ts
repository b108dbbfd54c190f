import assert from 'node:assert/strict';
import {
  END_ACTIVE,
  END_DETECTED,
  END_FORCED,
  END_IDLE,
  FlowSweeper,
} from '../../../src/control/flows/flow-sweeper.js';
import { FLOW_METER_BIT } from '../../../src/graph/idle-features.js';
import { EpochControl } from '../../../src/memory/epoch.js';
import { FLOW_DOUBLES, FLOW_OCTETS, FLOW_PORTS, FLOW_WORDS } from '../../../src/tables/flows.js';
import type { Bench } from '../../support/bench.js';
import { meteredFlows } from '../../support/flows.js';
import { ip4, pattern, udp } from '../../support/packets.js';
import { FAR, HOST, site } from '../../support/site.js';

const TIMEOUTS = { activeMs: 60_000, idleMs: 15_000 };

describe('the end of flows', () => {
  let bench: Bench;
  let epoch: EpochControl;
  let sweeper: FlowSweeper;
  /** Source port, reason and octets of each that was taken. */
  let taken: [number, number, number][];
  let harvests: number;

  beforeEach(() => {
    bench = site();
    bench.control.interfaces.features4[bench.row('lan')] = 1 << FLOW_METER_BIT;
    epoch = new EpochControl(bench.shared.epoch);
    taken = [];
    harvests = 0;
    sweeper = new FlowSweeper(
      bench.flows,
      (done) => epoch.retire(done),
      (table, slot, reason) =>
        taken.push([
          table.words[slot * FLOW_WORDS + FLOW_PORTS]! >>> 16,
          reason,
          table.doubles[slot * FLOW_DOUBLES + FLOW_OCTETS]!,
        ]),
      () => harvests++,
    );
  });
  afterEach(() => bench.close());

  const datagram = (port: number): Uint8Array =>
    ip4({ src: HOST, dst: FAR, protocol: 17, payload: udp(port, 53, pattern(8)) });
  const give = (...packets: Uint8Array[]): void => {
    bench.pushIp('lan', ...packets);
    bench.run();
    bench.sent('wan');
  };
  const OCTETS = 36;
  /** Every slot is looked at once, workers pass a quiescent point, and what has ended is taken. */
  const sweep = (): void => {
    for (let i = 0; i < 10; i++) sweeper.tick(bench.now, TIMEOUTS);
    epoch.reclaim();
    bench.run();
    epoch.reclaim();
  };

  it('comes when a flow has been idle, and not before', () => {
    give(datagram(1), datagram(2));
    bench.now += 14_999;
    give(datagram(2));
    sweep();
    assert.deepEqual(taken, []);
    bench.now += 1;
    sweep();
    assert.deepEqual(taken, [[1, END_IDLE, OCTETS]]);
    assert.equal(bench.flows[0]!.used, 1);
    bench.now += 14_999;
    sweep();
    assert.deepEqual(taken.slice(1), [[2, END_IDLE, 2 * OCTETS]]);
    assert.equal(bench.flows[0]!.used, 0);
  });

  it('comes when a flow has been active for long, and a new one takes its place', () => {
    for (let second = 0; second <= 70; second += 10) {
      give(datagram(1));
      sweep();
      bench.now += 10_000;
    }
    assert.deepEqual(taken, [[1, END_ACTIVE, 7 * OCTETS]]);
    bench.now += 15_000;
    sweep();
    assert.deepEqual(taken.slice(1), [[1, END_IDLE, OCTETS]]);
  });

  it('comes soon after a TCP connection has said its end', () => {
    const segment = pattern(20);
    segment.set([0, 9, 0, 80], 0);
    segment.set([0x50, 0x11], 12);
    give(ip4({ src: HOST, dst: FAR, protocol: 6, payload: segment }), datagram(1));
    bench.now += 2_000;
    sweep();
    assert.deepEqual(taken, [[9, END_DETECTED, 40]]);
  });

  it('waits for the worker: what comes in the round in which a row is closed is counted in it, or in another', () => {
    give(datagram(1));
    bench.now += 60_000;
    bench.pushIp('lan', datagram(1));
    for (let i = 0; i < 10; i++) sweeper.tick(bench.now, TIMEOUTS);
    // No worker has passed a quiescent point since.
    epoch.reclaim();
    assert.deepEqual([taken, harvests], [[], 0]);
    bench.run();
    epoch.reclaim();
    assert.deepEqual([taken, harvests], [[[1, END_IDLE, OCTETS]], 1]);
    assert.deepEqual(
      meteredFlows(bench).map(({ octets }) => octets),
      [OCTETS],
    );
    bench.sent('wan');
  });

  it('comes for all flows at once', async () => {
    give(datagram(1), datagram(2), datagram(3));
    const ended = sweeper.endAll();
    epoch.reclaim();
    bench.run();
    epoch.reclaim();
    await ended;
    assert.deepEqual(
      taken.sort(([a], [b]) => a - b),
      [1, 2, 3].map((port) => [port, END_FORCED, OCTETS]),
    );
    assert.deepEqual(meteredFlows(bench), []);
  });

  it('comes when the clock has been set back behind a flow', () => {
    give(datagram(1));
    bench.now -= 3_600_000;
    sweep();
    assert.deepEqual(taken, [[1, END_ACTIVE, OCTETS]]);
  });
});

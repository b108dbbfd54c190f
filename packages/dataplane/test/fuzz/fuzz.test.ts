import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { FLOW_METER_BIT, MSS_CLAMP_BIT, VIRTUAL_REASSEMBLY_BIT } from '../../src/graph/idle-features.js';
import type { Bench } from '../support/bench.js';
import type { Moved } from '../support/counters.js';
import { espOpen } from '../support/esp.js';
import { forwarded, icmp, ip4, pattern } from '../support/packets.js';
import { forwarded6, icmp6, ip6 } from '../support/packets6.js';
import {
  FAR,
  FAR6,
  HOST,
  HOST6,
  LAN,
  LAN6,
  REMOTE_HOST,
  ROUTER,
  ROUTER_MAC,
  ROUTER6,
  SPI_OUT,
  saOf,
  site6,
  tunnelTo,
  WAN6,
} from '../support/site.js';
import { startTrace } from '../support/trace.js';
import { xorshift } from '../tables/random.js';
import { account, lostByPorts } from './account.js';
import { Mutator } from './mutate.js';

/** SLUICE_FUZZ_SECONDS makes a longer run, SLUICE_SEED the same one. */
const SECONDS = Number(process.env.SLUICE_FUZZ_SECONDS ?? 8);
const BATCH = 128;
/** Optional nodes, all on. */
const FEATURES = (1 << VIRTUAL_REASSEMBLY_BIT) | (1 << MSS_CLAMP_BIT);

class Fuzzer {
  readonly random = xorshift(seed);
  readonly bench: Bench;
  readonly totals: Moved = {};
  packets = 0;
  private readonly mutator: Mutator;
  private parked = 0;
  private dropsBefore = 0;
  private lost = 0;

  constructor() {
    this.bench = site6({
      workers: 2,
      engine: 'native',
      frames: 8192,
      ring: 8192,
      tunnels: [tunnelTo({ window: 256 }, { workerIn: 1, workerOut: 0, address6: '2001:db8:cafe::1/64' })],
      interfaces: [
        { name: 'lan', address: `${LAN}/24`, address6: `${LAN6}/64`, worker: 0 },
        { name: 'wan', address: '192.0.2.1/24', address6: `${WAN6}/64`, worker: 1, mtu: 1400 },
      ],
    });
    const { interfaces, adjacencies } = this.bench.control;
    for (const name of ['lan', 'wan', 'tun']) {
      const row = this.bench.row(name);
      interfaces.mss4[row] = 1300;
      interfaces.mss6[row] = 1200;
      // With the meter no packet passes features by: what comes in elsewhere does.
      const features = name === 'lan' ? FEATURES | (1 << FLOW_METER_BIT) : FEATURES;
      interfaces.features4[row] = features;
      interfaces.features6[row] = features;
      adjacencies.setFeatures(row, 1 << MSS_CLAMP_BIT, 1 << MSS_CLAMP_BIT);
    }
    this.mutator = new Mutator(this.random, { lan: this.bench.mac('lan'), wan: this.bench.mac('wan') });
  }

  batch(): void {
    const { bench, mutator } = this;
    this.disturb();
    let injected = 0;
    for (let i = 0; i < BATCH; i++) {
      const choice = mutator.below(20);
      if (choice === 0) {
        const packet = mutator.below(2) === 0 ? mutator.packet() : mutator.packet6();
        bench.inject('tun', packet.subarray(0, 1700), mutator.below(2));
      }
      if (choice === 1) bench.inject('lan', mutator.frame('lan'), mutator.below(2));
      if (choice > 1) bench.push(choice < 11 ? 'lan' : 'wan', mutator.frame(choice < 11 ? 'lan' : 'wan'));
      injected++;
    }
    bench.run();
    this.check(injected);
  }

  /** The tables change as they do in a real network. */
  private disturb(): void {
    const { bench, mutator } = this;
    bench.now += mutator.below(40);
    switch (mutator.below(60)) {
      case 0:
        bench.control.forget('wan', ROUTER);
        bench.control.forget('wan', ROUTER6);
        break;
      case 1:
        bench.now += 4000;
        break;
      case 7:
        bench.now += 11_000;
        break;
      case 2:
        for (const { tracer } of bench.forwarders) startTrace(tracer, { count: 100 }, -1);
        break;
      case 3:
        for (const { tracer } of bench.forwarders) tracer.active = false;
        break;
      case 4:
      case 5:
      case 6:
        this.resolve();
        break;
      default:
    }
  }

  private resolve(): void {
    for (const address of [ROUTER, ROUTER6]) {
      this.bench.control.resolve({ interface: 'wan', address, mac: ROUTER_MAC });
    }
  }

  private check(received: number): void {
    const { bench } = this;
    const sent = bench.sent('lan').length + bench.sent('wan').length;
    const punted = bench.punted(0).length + bench.punted(1).length;
    for (const worker of [0, 1]) bench.records(worker);
    const moved = bench.moved();
    const { drops: inGraph, made, errors } = account(moved);
    const lost = lostByPorts(bench.forwarders);
    const drops = inGraph + lost - this.lost;
    this.lost = lost;
    const parked = this.parkedNow();
    assert.equal(
      sent + punted + drops + parked - this.parked,
      received + made,
      `of ${received}: ${JSON.stringify(moved)}`,
    );
    assert.equal(bench.framesMissing(), parked, 'frames');
    const interfaceDrops = ['lan', 'wan', 'tun'].reduce((sum, name) => sum + bench.interface(name).drops, 0);
    assert.equal(interfaceDrops - this.dropsBefore, drops + errors, 'drops by interface');
    this.parked = parked;
    this.dropsBefore = interfaceDrops;
    this.packets += received;
    for (const [path, by] of Object.entries(moved)) this.totals[path] = (this.totals[path] ?? 0) + by;
  }

  private parkedNow(): number {
    return this.bench.forwarders.reduce(
      (sum, { services, fragmentsHeld }) => sum + services.parked.length + fragmentsHeld,
      0,
    );
  }

  /** Good packets of each kind still pass. */
  checkGoodTraffic(): void {
    const { bench } = this;
    this.resolve();
    bench.now += 10_000;
    bench.run();
    for (const name of ['lan', 'wan']) bench.sent(name);
    for (const worker of [0, 1]) bench.punted(worker);
    bench.moved();
    this.endFlows();
    const out = ip4({ src: HOST, dst: FAR, payload: pattern(100) });
    const inside = ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(100) });
    const echo = (type: number, src: string, dst: string): Uint8Array =>
      ip4({ src, dst, protocol: 1, payload: icmp(type, 0, 1, pattern(56)) });
    bench.pushIp('lan', out, inside, echo(8, HOST, LAN));
    bench.pushIp('wan', ip4({ src: FAR, dst: HOST, payload: pattern(100) }));
    bench.run();
    const [plain, sealed] = bench.sentIp('wan').sort((a, b) => a.length - b.length);
    assert.deepEqual(plain, forwarded(out));
    assert.deepEqual(espOpen(saOf(SPI_OUT), sealed!.subarray(20)).inner, forwarded(inside));
    const toLan = bench.sentIp('lan').sort((a, b) => a.length - b.length);
    assert.deepEqual(toLan, [
      echo(0, LAN, HOST),
      forwarded(ip4({ src: FAR, dst: HOST, payload: pattern(100) })),
    ]);
    bench.expect({ 'ip4-icmp-echo/replies': 1, 'ip4-flow-meter/flows': 3 }, this.parkedNow());
    const out6 = ip6({ src: HOST6, dst: FAR6, payload: pattern(100) });
    bench.pushIp6('lan', out6, icmp6({ src: HOST6, dst: LAN6, type: 128, body: pattern(9) }));
    bench.run();
    assert.deepEqual(bench.sentIp6('wan'), [forwarded6(out6)]);
    assert.deepEqual(bench.sentIp6('lan'), [icmp6({ src: LAN6, dst: HOST6, type: 129, body: pattern(9) })]);
    bench.expect({ 'ip6-icmp-echo/replies': 1, 'ip6-flow-meter/flows': 2 }, this.parkedNow());
  }

  /** No worker runs: rows can be used again at once. */
  private endFlows(): void {
    for (const table of this.bench.flows) {
      for (let slot = 0; slot < table.slots; slot++) {
        if (!table.isOpen(slot)) continue;
        table.close(slot);
        table.free(slot);
      }
    }
  }
}

/** Counters that random packets find sooner or later. */
const MUST_MOVE = [
  ...['reassembled', 'overlap', 'timeout', 'duplicate'].map((name) => `ip4-reassembly/${name}`),
  ...['told', 'waited', 'timeout', 'handed_over'].map((name) => `ip4-virtual-reassembly/${name}`),
  'esp-decrypt/integrity_failed',
];

describe('fuzz', function () {
  this.timeout(SECONDS * 1000 + 60_000);

  it(`every spoilt packet is somewhere, none stops the worker (seed ${seed}, ${SECONDS} s)`, () => {
    const fuzzer = new Fuzzer();
    try {
      const end = performance.now() + SECONDS * 1000;
      let batches = 0;
      // Beyond its time while something has not been met: a busy machine gets through fewer packets.
      const met = (): boolean => MUST_MOVE.every((path) => (fuzzer.totals[path] ?? 0) > 0);
      const last = end + 30_000;
      while (performance.now() < end || batches < 100 || (!met() && performance.now() < last)) {
        fuzzer.batch();
        batches++;
      }
      fuzzer.checkGoodTraffic();
      // The packets have to get everywhere: refused in many ways, and many of them not at all.
      const reached = Object.keys(fuzzer.totals);
      assert.ok(reached.length >= 60, `${fuzzer.packets} packets moved only ${reached.join(', ')}`);
      assert.deepEqual(
        MUST_MOVE.filter((path) => fuzzer.totals[path] === undefined),
        [],
      );
      assert.ok(fuzzer.bench.interface('tun').rxPackets > 0);
    } finally {
      fuzzer.bench.close();
    }
  });
});

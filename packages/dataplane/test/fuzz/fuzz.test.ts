import assert from 'node:assert/strict';
import { seed } from '../memory/seed.js';
import type { Bench } from '../support/bench.js';
import { isDrop, type Moved } from '../support/counters.js';
import { espOpen } from '../support/esp.js';
import { forwarded, icmp, ip4, pattern } from '../support/packets.js';
import {
  FAR,
  HOST,
  LAN,
  REMOTE_HOST,
  ROUTER,
  ROUTER_MAC,
  SPI_OUT,
  saOf,
  siteWithTunnel,
  tunnelTo,
} from '../support/site.js';
import { xorshift } from '../tables/random.js';
import { Mutator } from './mutate.js';

/** SLUICE_FUZZ_SECONDS makes a longer run, SLUICE_SEED the same one. */
const SECONDS = Number(process.env.SLUICE_FUZZ_SECONDS ?? 8);
const BATCH = 128;

/** Where packets went, from the counters: every one that came in, or was made of one, is somewhere. */
function account(moved: Moved): { drops: number; made: number; errors: number } {
  const of = (path: string): number => moved[path] ?? 0;
  const drops = Object.entries(moved).reduce((sum, [path, by]) => sum + (isDrop(path) ? by : 0), 0);
  const uncut = of('ip4-frag/no_frames') + of('ip4-frag/mtu_too_small') + of('ip4-frag/bad_offset');
  return {
    drops,
    made:
      of('ip4-frag/fragments') -
      (of('ip4-rewrite/too_big') - uncut) -
      (of('ip4-reassembly/fragments') - of('ip4-reassembly/reassembled')),
    errors: of('ip4-icmp-error/sent'),
  };
}

class Fuzzer {
  readonly random = xorshift(seed);
  readonly bench: Bench;
  readonly totals: Moved = {};
  packets = 0;
  private readonly mutator: Mutator;
  private parked = 0;
  private dropsBefore = 0;

  constructor() {
    this.bench = siteWithTunnel(
      {},
      {
        workers: 2,
        engine: 'native',
        frames: 8192,
        ring: 8192,
        tunnels: [tunnelTo({ window: 256 }, { workerIn: 1, workerOut: 0 })],
        interfaces: [
          { name: 'lan', address: `${LAN}/24`, worker: 0 },
          { name: 'wan', address: '192.0.2.1/24', worker: 1, mtu: 1400 },
        ],
      },
    );
    this.mutator = new Mutator(this.random, { lan: this.bench.mac('lan'), wan: this.bench.mac('wan') });
  }

  batch(): void {
    const { bench, mutator } = this;
    this.disturb();
    let injected = 0;
    for (let i = 0; i < BATCH; i++) {
      const choice = mutator.below(20);
      if (choice === 0) bench.inject('tun', mutator.packet().subarray(0, 1700), mutator.below(2));
      else if (choice === 1) bench.inject('lan', mutator.frame('lan'), mutator.below(2));
      else bench.push(choice < 11 ? 'lan' : 'wan', mutator.frame(choice < 11 ? 'lan' : 'wan'));
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
        break;
      case 1:
        bench.now += 4000;
        break;
      case 7:
        bench.now += 11_000;
        break;
      case 2:
        for (const { tracer } of bench.forwarders) tracer.start({ count: 100 }, -1);
        break;
      case 3:
        for (const { tracer } of bench.forwarders) tracer.active = false;
        break;
      case 4:
      case 5:
      case 6:
        bench.control.resolve({ interface: 'wan', address: ROUTER, mac: ROUTER_MAC });
        break;
      default:
    }
  }

  private check(received: number): void {
    const { bench } = this;
    const sent = bench.sent('lan').length + bench.sent('wan').length;
    const punted = bench.punted(0).length + bench.punted(1).length;
    for (const worker of [0, 1]) bench.records(worker);
    const moved = bench.moved();
    const { drops, made, errors } = account(moved);
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
    bench.control.resolve({ interface: 'wan', address: ROUTER, mac: ROUTER_MAC });
    bench.now += 10_000;
    bench.run();
    for (const name of ['lan', 'wan']) bench.sent(name);
    for (const worker of [0, 1]) bench.punted(worker);
    bench.moved();
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
    bench.expect({ 'ip4-icmp-echo/replies': 1 }, this.parkedNow());
  }
}

describe('fuzz', function () {
  this.timeout(SECONDS * 1000 + 60_000);

  it(`every spoilt packet is somewhere, none stops the worker (seed ${seed}, ${SECONDS} s)`, () => {
    const fuzzer = new Fuzzer();
    try {
      const end = performance.now() + SECONDS * 1000;
      let batches = 0;
      while (performance.now() < end || batches < 100) {
        fuzzer.batch();
        batches++;
      }
      fuzzer.checkGoodTraffic();
      // The packets have to get everywhere: refused in many ways, and many of them not at all.
      const reached = Object.keys(fuzzer.totals);
      assert.ok(reached.length >= 30, `${fuzzer.packets} packets moved only ${reached.join(', ')}`);
      for (const counter of ['reassembled', 'overlap', 'timeout', 'duplicate', 'handed_over'])
        assert.ok((fuzzer.totals[`ip4-reassembly/${counter}`] ?? 0) > 0, counter);
      const gone = fuzzer.totals['esp-decrypt/integrity_failed'] ?? 0;
      assert.ok(gone > 0 && fuzzer.bench.interface('tun').rxPackets > 0);
    } finally {
      fuzzer.bench.close();
    }
  });
});

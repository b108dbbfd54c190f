import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { removeMember, setMembers } from '../../src/control/bridge-members.js';
import { RECORD_STATION } from '../../src/workers/shared-memory.js';
import { type Bench, testBench } from '../support/bench.js';
import type { Moved } from '../support/counters.js';
import { BROADCAST, ethernet, forwarded, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, LAN, ROUTER, ROUTER_MAC } from '../support/site.js';
import { tagged } from '../support/vlan.js';
import { xorshift } from '../tables/random.js';
import { account, lostByPorts } from './account.js';
import { Mutator } from './mutate.js';

/** A share of what the whole fuzz test may take; see fuzz.test.ts. */
const SECONDS = Number(process.env.SLUICE_FUZZ_SECONDS ?? 8) / 2;
const BATCH = 96;
const PORTS = ['a', 'b', 'trunk', 'wan'];
const MEMBERS = ['a', 'b', 't5', 't6'];
const ALL = [...PORTS, 't5', 't6', 't7', 'c7', 'br', 'br9', 'loop'];

/** Two ports and two VLANs of a trunk in a bridge, VLANs of ports and of the bridge, on two workers. */
class Fuzzer {
  readonly random = xorshift(seed);
  readonly bench: Bench;
  readonly totals: Moved = {};
  private readonly mutator: Mutator;
  private parked = 0;
  private dropsBefore = 0;
  private lost = 0;

  constructor() {
    this.bench = testBench({
      workers: 2,
      frames: 8192,
      ring: 8192,
      interfaces: [
        { name: 'a', worker: 0 },
        { name: 'b', worker: 1, mtu: 1400 },
        { name: 'trunk', worker: 1 },
        { name: 'wan', worker: 0, address: '192.0.2.1/24' },
      ],
      vlans: [
        { name: 't5', parent: 'trunk', vlan: 5, worker: 1 },
        { name: 't6', parent: 'trunk', vlan: 6, inner: 60, qinq: true, worker: 1 },
        { name: 't7', parent: 'trunk', vlan: 7, worker: 1, address: '10.7.0.1/24' },
        { name: 'c7', parent: 'wan', vlan: 7, inner: 8, address: '10.8.0.1/24' },
        { name: 'br9', parent: 'br', vlan: 9, address: '10.9.0.1/24' },
      ],
      bridges: [{ name: 'br', members: MEMBERS, address: `${LAN}/24` }],
      loopbacks: [{ name: 'loop', address: '10.255.0.1/32' }],
      neighbours: [
        { interface: 'wan', address: ROUTER, mac: ROUTER_MAC },
        { interface: 'br', address: HOST, mac: station(1) },
        { interface: 't7', address: '10.7.0.9', mac: station(2) },
        { interface: 'c7', address: '10.8.0.9', mac: station(3) },
        { interface: 'br9', address: '10.9.0.9', mac: station(4) },
      ],
      routes: [{ prefix: '0.0.0.0/0', via: ROUTER }],
    });
    this.mutator = new Mutator(this.random, { lan: this.bench.mac('br'), wan: this.bench.mac('wan') });
  }

  batch(): void {
    const { bench, mutator } = this;
    this.disturb();
    for (let i = 0; i < BATCH; i++) {
      const choice = mutator.below(20);
      if (choice === 0) bench.inject('loop', mutator.packet().subarray(0, 1700), mutator.below(2));
      else if (choice < 3)
        bench.inject(mutator.pick('br', 't7', 'c7', 'br9'), this.frame(), mutator.below(2));
      else bench.push(mutator.pick(...PORTS), this.frame());
    }
    bench.run();
    this.check(BATCH);
  }

  /** A frame for somebody, with tags or without, right or spoilt. */
  private frame(): Uint8Array {
    const { mutator, bench } = this;
    const frame = mutator.below(2) === 0 ? mutator.frame(mutator.pick('lan', 'wan')).slice() : this.routed();
    if (frame.length < 14) return frame;
    if (mutator.below(2) === 0) {
      const to = mutator.pick(station(mutator.below(6)), ...ALL.map((name) => bench.mac(name)), BROADCAST);
      const from = mutator.pick(station(mutator.below(6)), station(mutator.random() & 255), bench.mac('br'));
      frame.set(ethernet(to, from, 0, new Uint8Array()).subarray(0, 12));
    }
    const tags = Array.from({ length: mutator.pick(0, 0, 1, 1, 2, 3) }, () => ({
      vid: mutator.pick(0, 5, 6, 7, 8, 9, 60, 4095, mutator.below(4096)),
      priority: mutator.below(16),
      type: mutator.pick(0x8100, 0x8100, 0x88a8),
    }));
    const whole = tagged(frame, ...tags).subarray(0, 1780);
    return mutator.below(10) === 0 ? whole.subarray(0, mutator.below(whole.length + 1)) : whole;
  }

  private routed(): Uint8Array {
    const { mutator, bench } = this;
    const [name, src] = mutator.pick(
      ['br', HOST],
      ['t7', '10.7.0.9'],
      ['c7', '10.8.0.9'],
      ['br9', '10.9.0.9'],
    );
    const dst = mutator.pick(HOST, FAR, '10.7.0.9', '10.8.0.9', '10.9.0.9', '10.255.0.1');
    return bench.toInterface(name!, ip4({ src: src!, dst, payload: mutator.payload() }), station(1));
  }

  private disturb(): void {
    const { bench, mutator } = this;
    const { interfaces, two } = bench.control;
    bench.now += mutator.below(100);
    const member = mutator.pick(...MEMBERS);
    switch (mutator.below(40)) {
      case 0:
        interfaces.state[bench.row(mutator.pick(...ALL))] = 0;
        break;
      case 1:
      case 2:
        for (const name of ALL) interfaces.state[bench.row(name)] = 1;
        break;
      case 3:
        removeMember(interfaces, bench.row(member));
        two.macs.forgetMember(bench.row(member));
        break;
      case 4:
        setMembers(
          interfaces,
          bench.row('br'),
          MEMBERS.map((name) => bench.row(name)),
        );
        break;
      case 5:
        two.macs.tick(bench.now);
        break;
      default:
    }
  }

  private check(received: number): void {
    const { bench } = this;
    const sent = PORTS.reduce((sum, name) => sum + bench.sent(name).length, 0);
    const punted = bench.punted(0).length + bench.punted(1).length;
    for (const worker of [0, 1]) {
      for (const { kind, interface: row, mac0, mac2 } of bench.records(worker)) {
        if (kind === RECORD_STATION) {
          const bridge = bench.control.interfaces.bridge[row]!;
          bench.control.two.macs.heard(bridge, row, mac0, mac2, bench.now);
        }
      }
    }
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
    const interfaceDrops = ALL.reduce((sum, name) => sum + bench.interface(name).drops, 0);
    assert.equal(interfaceDrops - this.dropsBefore, drops + errors, 'drops by interface');
    this.parked = parked;
    this.dropsBefore = interfaceDrops;
    for (const [path, by] of Object.entries(moved)) this.totals[path] = (this.totals[path] ?? 0) + by;
  }

  private parkedNow(): number {
    return this.bench.forwarders.reduce(
      (sum, { services, fragmentsHeld }) => sum + services.parked.length + fragmentsHeld,
      0,
    );
  }

  /** Good frames still pass. */
  checkGoodTraffic(): void {
    const { bench } = this;
    const { interfaces, two } = bench.control;
    for (const name of ALL) interfaces.state[bench.row(name)] = 1;
    setMembers(
      interfaces,
      bench.row('br'),
      MEMBERS.map((name) => bench.row(name)),
    );
    two.learn('br', 't6', station(1));
    bench.now += 20_000;
    bench.run();
    for (const name of PORTS) bench.sent(name);
    for (const worker of [0, 1]) bench.punted(worker);
    const out = ip4({ src: HOST, dst: '10.8.0.9', payload: pattern(100) });
    const back = ip4({ src: '10.8.0.9', dst: HOST, payload: pattern(100) });
    bench.push('a', bench.toInterface('br', out, station(5)));
    bench.push('wan', tagged(bench.toInterface('c7', back, station(3)), { vid: 7 }, { vid: 8 }));
    bench.run();
    const frame = ethernet(station(3), bench.mac('c7'), 0x0800, forwarded(out));
    assert.deepEqual(bench.sent('wan'), [tagged(frame, { vid: 7 }, { vid: 8 })]);
    const reply = ethernet(station(1), bench.mac('br'), 0x0800, forwarded(back));
    assert.deepEqual(bench.sent('trunk'), [tagged(reply, { vid: 6, type: 0x88a8 }, { vid: 60 })]);
  }
}

function station(index: number): string {
  return `02:00:00:00:dd:${index.toString(16).padStart(2, '0')}`;
}

describe('fuzz of VLANs and bridges', function () {
  this.timeout(SECONDS * 1000 + 60_000);

  it(`every spoilt frame is somewhere (seed ${seed}, ${SECONDS} s)`, () => {
    const fuzzer = new Fuzzer();
    try {
      const end = performance.now() + SECONDS * 1000;
      let batches = 0;
      while (performance.now() < end || batches < 100) {
        fuzzer.batch();
        batches++;
      }
      fuzzer.checkGoodTraffic();
      const { totals } = fuzzer;
      for (const path of [
        'l2-flood/copies',
        'l2-input/same_member',
        'l2-input/learnt',
        'vlan-input/unknown_vlan',
      ]) {
        assert.ok((totals[path] ?? 0) > 0, `nothing moved ${path}: ${Object.keys(totals).join(', ')}`);
      }
    } finally {
      fuzzer.bench.close();
    }
  });
});

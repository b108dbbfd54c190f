// Packets that pass idle features by come out as from the nodes themselves, which each of them meets while it is traced.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MSS_CLAMP_BIT, VIRTUAL_REASSEMBLY_BIT } from '../../src/graph/idle-features.js';
import type { Bench } from '../support/bench.js';
import { concat, hex, ip4, pattern } from '../support/packets.js';
import { extension, fragmentHeader, ip6 } from '../support/packets6.js';
import { FAR, FAR6, HOST, HOST6, site6 } from '../support/site.js';

const MSS = MSS_CLAMP_BIT;
const ALL = (1 << MSS) | (1 << VIRTUAL_REASSEMBLY_BIT);

/** A TCP header with an MSS option, or part of it. */
const segment = fc
  .record({
    flags: fc.nat(255),
    mss: fc.integer({ min: 500, max: 9000 }),
    octets: fc.integer({ min: 8, max: 40 }),
  })
  .map(({ flags, mss, octets }) => {
    const tcp = pattern(40);
    tcp.set([0x30, 0x39, 0x01, 0xbb], 0);
    tcp.set([0x60, flags], 12);
    tcp.set([2, 4, mss >> 8, mss & 255], 20);
    return tcp.subarray(0, octets);
  });

const plan = fc.record({
  protocol: fc.constantFrom(6, 6, 6, 17, 50, 1, 253),
  body: segment,
  id: fc.nat(3),
  /** Whole, or one of three fragments. */
  part: fc.constantFrom(-1, -1, -1, 0, 1, 2),
  special: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

function packet4({ protocol, body, id, part, special }: Plan): Uint8Array {
  // A fragment with options would fall behind those of its vector that are plain.
  const options = special && part < 0 ? { options: Uint8Array.of(1, 1, 1, 1) } : {};
  const fragment = part < 0 ? {} : { fragmentOffset: part * 40, mf: part < 2 };
  const payload = part < 0 ? body : concat(body, pattern(40)).subarray(0, 40);
  return ip4({ src: HOST, dst: FAR, protocol, id, payload, ...options, ...fragment });
}

function packet6({ protocol, body, id, part, special }: Plan): Uint8Array {
  const head = { src: HOST6, dst: FAR6 };
  if (part >= 0) {
    const payload = concat(
      fragmentHeader(protocol, part * 40, part < 2, id),
      concat(body, pattern(40)).subarray(0, 40),
    );
    return ip6({ ...head, nextHeader: 44, payload });
  }
  if (special) {
    const payload = concat(extension(protocol, Uint8Array.of(1, 4, 0, 0, 0, 0)), body);
    return ip6({ ...head, nextHeader: 60, payload });
  }
  return ip6({ ...head, nextHeader: protocol, payload: body });
}

/** With these features of what comes in by lan and leaves by wan. */
function benchWith(unicast: number, output: number): Bench {
  const bench = site6();
  const { interfaces, adjacencies } = bench.control;
  const [lan, wan] = [bench.row('lan'), bench.row('wan')];
  for (const row of [lan, wan]) {
    interfaces.mss4[row] = 1360;
    interfaces.mss6[row] = 1340;
  }
  interfaces.features4[lan] = unicast;
  interfaces.features6[lan] = unicast;
  adjacencies.setFeatures(wan, output, output);
  return bench;
}

describe('features that most packets pass by', () => {
  let plain: Bench;
  let traced: Bench;
  afterEach(() => {
    plain.close();
    traced.close();
  });

  for (const [what, unicast, output] of [
    ['MSS clamping on the way out', 0, 1 << MSS],
    ['MSS clamping on the way in', 1 << MSS, 0],
    ['virtual reassembly', 1 << VIRTUAL_REASSEMBLY_BIT, 0],
    ['all of them', ALL, 1 << MSS],
  ] as const) {
    it(`${what}: the same comes out as when every packet meets every node`, () => {
      plain = benchWith(unicast, output);
      traced = benchWith(unicast, output);
      traced.forwarders[0]!.tracer.prepare({ count: 1 }, -1);
      let sent = 0;
      fc.assert(
        fc.property(fc.array(plan, { minLength: 1, maxLength: 20 }), (plans) => {
          for (const bench of [plain, traced]) {
            bench.pushIp('lan', ...plans.map(packet4));
            bench.pushIp6('lan', ...plans.map(packet6));
            bench.run();
          }
          const outcome = outcomeOf(plain);
          assert.deepEqual(outcome, outcomeOf(traced));
          sent += outcome.sent.length;
        }),
        { numRuns: 60 },
      );
      assert.ok(sent > 0);
    });
  }
});

function outcomeOf(bench: Bench): { sent: string[]; moved: object; held: number } {
  // Fragments that wait for their first one leave behind others.
  const sent = bench.sent('wan').map(hex).sort();
  const moved = bench.moved();
  const held = bench.framesMissing();
  // Nothing waits for the next packets.
  bench.now += 120_000;
  bench.run();
  bench.moved();
  return { sent, moved, held };
}

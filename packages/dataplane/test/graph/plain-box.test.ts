// What is for the box comes to it in every vector, whichever of its addresses the one before was for.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Bench } from '../support/bench.js';
import { hex, ip, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, LAN, ROUTER, site, WAN } from '../support/site.js';

const packet = fc
  .record({
    dst: fc.constantFrom(LAN, LAN, WAN, FAR, '10.1.0.255', '10.1.0.2'),
    protocol: fc.constantFrom(6, 17, 253),
    id: fc.nat(3),
    part: fc.constantFrom(-1, -1, 0, 1),
  })
  .map(({ dst, protocol, id, part }) => {
    const fragment = part < 0 ? {} : { fragmentOffset: part * 24, mf: part === 0 };
    return ip4({ src: HOST, dst, protocol, id, payload: pattern(24), ...fragment });
  });
const vectors = fc.array(fc.array(packet, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });

describe('packets for the box', () => {
  let plain: Bench;
  let traced: Bench;
  beforeEach(() => {
    plain = site();
    traced = site();
  });
  afterEach(() => {
    plain.close();
    traced.close();
  });

  const outcomeOf = (bench: Bench): object => {
    const punted = bench.punted().map(({ bytes }) => hex(bytes));
    return { punted: punted.sort(), sent: bench.sent('wan').map(hex).sort(), moved: bench.moved() };
  };

  it('are the same when every packet meets every node', () => {
    traced.forwarders[0]!.tracer.prepare({ count: 1 }, -1);
    let forBox = 0;
    fc.assert(
      fc.property(vectors, (list) => {
        for (const packets of list) {
          for (const bench of [plain, traced]) {
            bench.pushIp('lan', ...packets);
            bench.run();
          }
          const outcome = outcomeOf(plain) as { punted: string[] };
          assert.deepEqual(outcome, outcomeOf(traced));
          forBox += outcome.punted.length;
        }
        for (const bench of [plain, traced]) {
          bench.now += 120_000;
          bench.run();
        }
        assert.deepEqual(outcomeOf(plain), outcomeOf(traced));
      }),
      { numRuns: 40 },
    );
    assert.ok(forBox > 0);
  });

  it('are none any more when the address has gone', () => {
    const give = (): void => {
      plain.pushIp('lan', ip4({ src: HOST, dst: LAN, protocol: 253, payload: pattern(24) }));
      plain.run();
    };
    give();
    give();
    assert.equal(plain.punted().length, 2);
    const { fib } = plain.control;
    fib.add(0, ip(LAN), 32, plain.control.adjacencyOf(ROUTER, 0));
    give();
    assert.equal(plain.punted().length, 0);
    assert.equal(plain.sentIp('wan').length, 1);
    plain.expect({});
  });
});

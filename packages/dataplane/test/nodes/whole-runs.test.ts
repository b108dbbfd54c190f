// Whatever vectors fragments come in, what becomes of them is the same: a vector of its own for each takes every one of
// them through the table, where consecutive ones of a datagram otherwise never are.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Bench } from '../support/bench.js';
import { concat, fixChecksum, hex, ip4, pattern } from '../support/packets.js';
import { extension, fragmentHeader, ip6 } from '../support/packets6.js';
import { HOST, HOST6, LAN, LAN6, site, site6 } from '../support/site.js';

interface Cut {
  from: number;
  octets: number;
  more: boolean;
  ecn: number;
  /** With options, or another extension header before that of the fragment. */
  special: boolean;
}

interface Datagram {
  id: number;
  protocol: number;
  parts: Cut[];
}

/** Of every 16 codepoints most say that nothing was marked. */
const ecn = fc.constantFrom(...new Array<number>(13).fill(2), 0, 1, 3);

const datagram = (fault: fc.Arbitrary<string>): fc.Arbitrary<Datagram> =>
  fc
    .record({
      id: fc.integer({ min: 0, max: 2 }),
      protocol: fc.constantFrom(253, 253, 6, 17),
      size: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 4000 })),
      room: fc.constantFrom(8, 16, 64, 552, 1480),
      codepoints: fc.array(ecn, { minLength: 20, maxLength: 20 }),
      fault,
      at: fc.nat(19),
    })
    .map(({ id, protocol, size, room, codepoints, fault, at }) => {
      const least = Math.max(room, Math.ceil(size / 160) * 8);
      const count = Math.ceil(size / least);
      const parts = Array.from({ length: count }, (_, i): Cut => {
        const octets = Math.min(least, size - i * least);
        return { from: i * least, octets, more: i < count - 1, ecn: codepoints[i]!, special: false };
      });
      const one = parts[at % count]!;
      if (fault === 'again') parts.splice(at % count, 0, { ...one });
      if (fault === 'missing') parts.splice(at % count, 1);
      if (fault === 'backwards') parts.reverse();
      if (fault === 'overlap') one.octets += 8;
      if (fault === 'odd') one.octets += 3;
      if (fault === 'special') one.special = true;
      return { id, protocol, parts };
    });

/** One datagram after the other, or two in turn. */
const fragments = (fault: fc.Arbitrary<string>): fc.Arbitrary<Fragment[]> =>
  fc
    .tuple(fc.array(datagram(fault), { minLength: 1, maxLength: 6 }), fc.boolean())
    .map(([datagrams, inTurn]) => {
      const list = datagrams.map((one, index) => {
        // What is no plain packet falls behind those of its vector that are: nobody else has its identification.
        const id = one.parts.some(({ special }) => special) ? 10 + index : one.id;
        return one.parts.map((part) => ({ ...one, id, part }));
      });
      if (inTurn && list.length > 1) {
        const [a, b] = [list.shift()!, list.shift()!];
        list.unshift(
          Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]])
            .flat()
            .filter((x) => x !== undefined),
        );
      }
      return list.flat();
    });

type Fragment = Omit<Datagram, 'parts'> & { part: Cut };

function packet4({
  id,
  protocol,
  part: { from, octets, more, ecn: codepoint, special },
}: Fragment): Uint8Array {
  const options = special ? { options: Uint8Array.of(1, 1, 1, 1) } : {};
  const packet = ip4({
    src: HOST,
    dst: LAN,
    id,
    protocol,
    fragmentOffset: from,
    mf: more,
    payload: pattern(octets, from),
    ...options,
  });
  packet[1] = codepoint;
  return fixChecksum(packet);
}

function packet6({
  id,
  protocol,
  part: { from, octets, more, ecn: codepoint, special },
}: Fragment): Uint8Array {
  const upper = protocol === 17 ? 17 : 253;
  const body = concat(fragmentHeader(upper, from, more, id), pattern(octets, from));
  const packet = special
    ? ip6({
        src: HOST6,
        dst: LAN6,
        nextHeader: 60,
        payload: concat(extension(44, Uint8Array.of(1, 4, 0, 0, 0, 0)), body),
      })
    : ip6({ src: HOST6, dst: LAN6, nextHeader: 44, payload: body });
  packet[1] = codepoint << 4;
  return packet;
}

const FAULTS = fc.constantFrom('none', 'none', 'none', 'again', 'missing', 'backwards', 'overlap', 'odd');
const LIMITS = [{}, { reassembly: { datagrams: 2, fragments: 6, frames: 12, timeoutMs: 1000 } }];
/** Behind all that waits. */
const LATER_MS = 120_000;

describe('fragments in vectors of any size', () => {
  let together: Bench;
  let apart: Bench;
  afterEach(() => {
    together.close();
    apart.close();
  });

  for (const { name, make, push, packet } of [
    { name: 'IPv4', make: site, push: 'pushIp', packet: packet4 },
    { name: 'IPv6', make: site6, push: 'pushIp6', packet: packet6 },
  ] as const) {
    for (const limits of LIMITS) {
      it(`${name}: come to the same${'reassembly' in limits ? ', with little room' : ''}`, () => {
        together = make(limits);
        apart = make(limits);
        let wholes = 0;
        fc.assert(
          fc.property(
            fragments('reassembly' in limits ? FAULTS : fc.oneof(FAULTS, fc.constant('special'))),
            (list) => {
              const packets = list.map(packet);
              together[push]('lan', ...packets);
              together.run();
              for (const one of packets) {
                apart[push]('lan', one);
                apart.run();
              }
              const outcome = outcomeOf(together);
              assert.deepEqual(outcome, outcomeOf(apart));
              wholes += outcome.punted.length;
            },
          ),
          { numRuns: 60 },
        );
        assert.ok(wholes > 0);
      });
    }
  }
});

/** What has come of the packets so far, and what does when nothing comes any more. */
function outcomeOf(bench: Bench): { punted: string[]; sent: string[]; moved: object; later: object } {
  // What is whole already overtakes others of its vector.
  const punted = bench
    .punted()
    .map(({ bytes }) => hex(bytes))
    .sort();
  const moved = { ...bench.moved(), held: bench.framesMissing() };
  bench.now += LATER_MS;
  bench.run();
  const later = { ...bench.moved(), held: bench.framesMissing() };
  return { punted, sent: bench.sent('lan').map(hex), moved, later };
}

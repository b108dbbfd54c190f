// The wire parsers on structured nonsense: headers whose lengths and types nearly fit, cut anywhere.
//
// Each parser is given the same octets twice, once among zeros and once among ones: an answer that differs was read from
// beyond the packet. SLUICE_FUZZ_SECONDS makes a longer run, SLUICE_SEED the same one.
import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import fc from 'fast-check';
import { isArpForIp4 } from '../../src/wire/arp.js';
import { classifyUdp } from '../../src/wire/esp-in-udp.js';
import { CHAIN_GOOD, checkOptions, findIp6Upper, ip6Upper } from '../../src/wire/ip6-extensions.js';
import { findLinkAddress, RA_BYTES } from '../../src/wire/nd.js';
import { readRouterAdvertisement } from '../../src/wire/ra.js';
import { clampMss } from '../../src/wire/tcp.js';
import { readUpper, upper } from '../../src/wire/upper-layer.js';

const SECONDS = Number(process.env.SLUICE_FUZZ_SECONDS ?? 1);
/** Where the packet begins among the other octets; IP headers are 4-byte aligned. */
const AT = 64;
const AROUND = 512;

const octet = fc.integer({ min: 0, max: 255 });
const octets = (max: number): fc.Arbitrary<number[]> => fc.array(octet, { maxLength: max });

/** A type, a length that is right, nearly right or anything, and a value. `unit` octets to one of the length. */
function option(unit: number, fixed: number, kinds: number[]): fc.Arbitrary<number[]> {
  return fc
    .tuple(
      fc.oneof(fc.constantFrom(...kinds), octet),
      octets(3 * unit + 8),
      fc.constantFrom(0, 0, 0, 0, 1, -1, 100),
    )
    .map(([kind, value, slip]) => {
      const size = Math.max(0, Math.ceil((value.length + 2) / unit) - fixed + slip) & 255;
      return [kind, size, ...value];
    });
}

/** Any octets with some of the kind that a parser looks for. */
const cut = (parts: fc.Arbitrary<number[]>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(parts, fc.nat(2000))
    .map(([list, keep]) => Uint8Array.from(keep % 4 === 0 ? list.slice(0, keep % (list.length + 1)) : list));

const many = (one: fc.Arbitrary<number[]>, most: number): fc.Arbitrary<number[]> =>
  fc.array(one, { maxLength: most }).map((list) => list.flat());

/** An IPv6 header of sane first fields, then a chain of extension headers. */
const ip6Chain = fc
  .tuple(
    fc.constantFrom(0, 43, 44, 51, 60, 6, 17, 58, 59),
    octets(0),
    many(option(8, 1, [0, 43, 44, 51, 60, 6, 17, 58, 59]), 10),
    octets(24),
  )
  .map(([next, , chain, rest]) => {
    const header = new Array<number>(40).fill(0);
    header[0] = 0x60;
    header[6] = next;
    return [...header, ...chain, ...rest];
  });

const ip4Packet = fc
  .tuple(fc.constantFrom(5, 6, 15), fc.constantFrom(1, 6, 17, 33, 132, 136, 50), octets(80))
  .map(([words, protocol, rest]) => {
    const header = new Array<number>(words * 4).fill(1);
    header[0] = 0x40 | words;
    header[6] = 0;
    header[7] = 0;
    header[9] = protocol;
    return [...header, ...rest];
  });

const tcp = fc
  .tuple(octets(0), fc.integer({ min: 0, max: 15 }), many(option(1, 0, [0, 1, 2, 2, 2, 3, 8]), 12))
  .map(([, words, options]) => {
    const header = new Array<number>(20).fill(7);
    header[12] = words << 4;
    header[13] = 2;
    return [...header, ...options];
  });

interface Parser {
  name: string;
  input: fc.Arbitrary<Uint8Array>;
  /** Octets that the caller has checked to be there. */
  least: number;
  run(bytes: Uint8Array, at: number, end: number): unknown;
}

const PARSERS: Parser[] = [
  {
    name: 'the chain of IPv6 extension headers',
    input: cut(ip6Chain),
    least: 40,
    run: (bytes, at, end) => [findIp6Upper(bytes, at, end), { ...ip6Upper }],
  },
  {
    name: 'the options of a hop-by-hop header',
    input: cut(ip6Chain),
    least: 48,
    // A header that findIp6Upper has found good.
    run: (bytes, at, end) =>
      bytes[at + 6] === 0 && findIp6Upper(bytes, at, end) === CHAIN_GOOD && checkOptions(bytes, at, at + 40),
  },
  {
    name: 'ports of an IPv6 packet',
    input: cut(ip6Chain),
    least: 40,
    run: (bytes, at, end) => {
      if (findIp6Upper(bytes, at, end) !== CHAIN_GOOD) return null;
      readUpper(bytes, at, end, 0, 0);
      return { ...upper };
    },
  },
  {
    name: 'ports of an IPv4 packet',
    input: cut(ip4Packet),
    least: 60,
    run: (bytes, at, end) => {
      readUpper(bytes, at, end, 0, 0);
      return { ...upper };
    },
  },
  {
    name: 'TCP options',
    input: cut(tcp),
    least: 0,
    run: (bytes, at, end) => [clampMss(bytes, at, end, 1200), [...bytes.subarray(at, end)]],
  },
  {
    name: 'options of neighbour discovery',
    input: cut(many(option(8, 0, [1, 2, 3, 5]), 6)),
    least: 0,
    run: (bytes, at, end) => findLinkAddress(bytes, at, end, 1),
  },
  {
    name: 'router advertisements',
    input: cut(
      fc
        .tuple(octets(0), many(option(8, 0, [1, 3, 5, 24]), 6))
        .map(([, list]) => [...new Array<number>(16).fill(9), ...list]),
    ),
    least: RA_BYTES,
    run: (bytes, at, end) => readRouterAdvertisement(bytes.subarray(at, end)),
  },
  {
    name: 'ARP',
    input: cut(octets(60)),
    least: 0,
    run: (bytes, at, end) => isArpForIp4(bytes, at, end - at),
  },
  {
    name: 'UDP of IKE and ESP',
    input: cut(octets(40)),
    least: 8,
    run: (bytes, at, end) => classifyUdp(bytes, at, end - at),
  },
];

describe(`wire parsers on nonsense (seed ${seed})`, function () {
  this.timeout((SECONDS + 20) * 1000);
  for (const { name, input, least, run } of PARSERS) {
    it(`read ${name} within the packet, and write nothing beyond it`, () => {
      let tried = 0;
      fc.assert(
        fc.property(input, (packet) => {
          if (packet.length < least) return;
          tried++;
          const answers = [0x00, 0xff].map((around) => {
            const bytes = new Uint8Array(AT + packet.length + AROUND).fill(around);
            bytes.set(packet, AT);
            const answer = run(bytes, AT, AT + packet.length);
            const outside = [...bytes.subarray(0, AT), ...bytes.subarray(AT + packet.length)];
            assert.ok(
              outside.every((one) => one === around),
              'octets beyond the packet were written',
            );
            return answer;
          });
          assert.deepEqual(answers[0], answers[1]);
        }),
        { seed, numRuns: Infinity, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false },
      );
      assert.ok(tried > 100, `only ${tried} packets were long enough`);
    });
  }
});

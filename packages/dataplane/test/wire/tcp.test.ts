import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { clampMss } from '../../src/wire/tcp.js';
import { concat, slowChecksum, viewOf } from '../support/packets.js';
import { xorshift } from '../tables/random.js';

const SYN = 2;
const AT = 32;
/** What the checksum covers besides the segment is the same before and after. */
const PSEUDO = Uint8Array.of(10, 1, 0, 10, 10, 2, 0, 20, 0, 6, 0, 40);

/** A segment whose options are these octets, padded with zeros; right checksum. */
function segment(options: Uint8Array, flags = SYN, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const header = new Uint8Array(20);
  const words = 5 + Math.ceil(options.length / 4);
  header.set([0x12, 0x34, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, words << 4, flags, 0xff, 0xff]);
  const bytes = concat(header, options, new Uint8Array(words * 4 - 20 - options.length), payload);
  viewOf(bytes).setUint16(16, slowChecksum(concat(PSEUDO, bytes)));
  return bytes;
}

function clamp(bytes: Uint8Array, most: number): { clamped: boolean; out: Uint8Array } {
  const memory = new Uint8Array(AT + bytes.length + 64).fill(0xa5);
  memory.set(bytes, AT);
  const clamped = clampMss(memory, AT, AT + bytes.length, most);
  assert.ok(memory.subarray(0, AT).every((octet) => octet === 0xa5));
  assert.ok(
    memory.subarray(AT + bytes.length).every((octet) => octet === 0xa5),
    'nothing behind the packet',
  );
  return { clamped, out: memory.slice(AT, AT + bytes.length) };
}

const mss = (value: number): Uint8Array => Uint8Array.of(2, 4, value >> 8, value & 255);
const NOP = Uint8Array.of(1);

describe('clamping of the MSS', () => {
  const cases: [string, (value: number) => Uint8Array][] = [
    ['alone', mss],
    ['behind a NOP, at an odd offset', (value) => concat(NOP, mss(value))],
    [
      'behind window scale and timestamps',
      (value) => concat(Uint8Array.of(3, 3, 7, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0), mss(value)),
    ],
    ['before SACK permitted', (value) => concat(mss(value), Uint8Array.of(4, 2))],
    ['twice', (value) => concat(mss(value), NOP, mss(value))],
  ];
  for (const [what, options] of cases) {
    for (const [from, to] of [
      [1460, 1360],
      [1361, 1360],
      [65_535, 536],
      [0xff00, 0x00ff],
    ] as const) {
      it(`lowers ${from} to ${to}: ${what}`, () => {
        const { clamped, out } = clamp(segment(options(from)), to);
        assert.equal(clamped, true);
        assert.deepEqual(out, segment(options(to)));
      });
    }
  }

  const untouched: [string, Uint8Array][] = [
    ['a smaller one', segment(mss(1200))],
    ['an equal one', segment(mss(1360))],
    ['a segment without SYN', segment(mss(1460), 0x10)],
    ['a SYN without options', segment(new Uint8Array())],
    ['what stands behind the end of options', segment(concat(Uint8Array.of(0), mss(1460)))],
    ['an MSS option of another length', segment(Uint8Array.of(2, 6, 5, 0xb4, 5, 0xb4))],
    ['what stands behind an option of length 0', segment(concat(Uint8Array.of(8, 0), mss(1460)))],
    ['what stands behind an option of length 1', segment(concat(Uint8Array.of(8, 1), mss(1460)))],
    ['an option that is cut off by the end of the header', segment(Uint8Array.of(1, 1, 2, 4))],
    ['one whose length octet is beyond the header', segment(Uint8Array.of(1, 1, 1, 2), SYN, mss(1460))],
    ['payload that looks like one', segment(new Uint8Array(), SYN, mss(1460))],
    [
      'a header that says it is shorter than 20 octets',
      (() => {
        const bytes = segment(mss(1460));
        bytes[12] = 0x40;
        return bytes;
      })(),
    ],
    ['a packet that ends in the header', segment(mss(1460)).subarray(0, 19)],
    ['a packet that ends in the option', segment(mss(1460)).subarray(0, 23)],
  ];
  for (const [what, bytes] of untouched) {
    it(`leaves ${what}`, () => {
      assert.deepEqual(clamp(bytes, 1360), { clamped: false, out: bytes });
    });
  }

  it(`keeps the checksum right for any octets as options (seed ${seed})`, () => {
    const random = xorshift(seed);
    let clamped = 0;
    for (let round = 0; round < 20_000; round++) {
      const options = Uint8Array.from(
        { length: random() % 41 },
        () => [0, 1, 2, 3, 4, 8, random()][random() % 7]!,
      );
      const at = random() % 40;
      if (random() % 2 === 0)
        options.set(
          mss(random() & 0xffff).subarray(0, Math.max(0, options.length - at)),
          Math.min(at, options.length),
        );
      const before = segment(options, SYN, Uint8Array.of(random(), random(), random()));
      const result = clamp(before, random() & 0xffff);
      assert.equal(slowChecksum(concat(PSEUDO, result.out)), 0, `options ${options}`);
      const changed = result.out.some((octet, i) => i !== 16 && i !== 17 && octet !== before[i]);
      assert.equal(result.clamped, changed);
      if (result.clamped) clamped++;
    }
    assert.ok(clamped > 100, `${clamped}`);
  });
});

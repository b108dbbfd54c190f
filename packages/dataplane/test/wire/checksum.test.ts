import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { foldSum, sumBytes, updateChecksum } from '../../src/wire/checksum.js';
import { slowChecksum, viewOf } from '../support/packets.js';
import { xorshift } from '../tables/random.js';
import { prefilled } from './buffer.js';

/** The checksum of these octets, as the packet path computes it, in network byte order. */
function fastChecksum(octets: Uint8Array, at = 14): number {
  const { bytes, u16 } = prefilled(2048);
  bytes.set(octets, at);
  const before = bytes.slice();
  const sum = sumBytes(u16, bytes, at, octets.length);
  assert.deepEqual(bytes, before, 'it only reads');
  const word = Uint16Array.of(~sum);
  return viewOf(new Uint8Array(word.buffer)).getUint16(0);
}

describe('checksum', () => {
  it('is that of the example in RFC 1071 section 3', () => {
    const octets = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    assert.equal(fastChecksum(octets), 0xffff - 0xddf2);
    assert.equal(slowChecksum(octets), 0xffff - 0xddf2);
  });

  const vectors: [string, number[], number][] = [
    ['nothing', [], 0xffff],
    ['zeros', [0, 0, 0, 0], 0xffff],
    ['ones', [0xff, 0xff, 0xff, 0xff], 0],
    ['an odd octet', [0x12], 0xffff - 0x1200],
    ['three octets', [0xff, 0xff, 0x01], 0xffff - 0x0100],
    ['a carry out of a carry', [0xff, 0xff, 0x00, 0x01, 0xff, 0xff], 0xffff - 0x0001],
    // The header of a packet of a well-known capture: 45 00 00 3c 1c 46 40 00 40 06 b1 e6 ac 10 0a 63 ac 10 0a 0c.
    [
      'an IPv4 header',
      [0x45, 0, 0, 0x3c, 0x1c, 0x46, 0x40, 0, 0x40, 6, 0, 0, 0xac, 0x10, 0x0a, 0x63, 0xac, 0x10, 0x0a, 0x0c],
      0xb1e6,
    ],
  ];
  for (const [what, octets, checksum] of vectors) {
    it(`of ${what}`, () => {
      assert.equal(fastChecksum(Uint8Array.from(octets)), checksum);
      assert.equal(slowChecksum(Uint8Array.from(octets)), checksum);
    });
  }

  it(`is that of the slow way for random octets of every length to 1600 (seed ${seed})`, () => {
    const random = xorshift(seed);
    for (let length = 0; length <= 1600; length++) {
      const bias = random() % 3;
      const octets = Uint8Array.from({ length }, () => (bias === 0 ? 0xff : random()));
      assert.equal(fastChecksum(octets, (random() % 200) * 2), slowChecksum(octets), `length ${length}`);
    }
  });

  it('folds the largest sum that a frame can make', () => {
    assert.equal(foldSum(0xffff * 0xffff), 0xffff);
    assert.equal(foldSum(0xffff * 0x10000), 0xffff);
    assert.equal(foldSum(0), 0);
    assert.equal(foldSum(0x1ffff), 1);
    assert.equal(foldSum(0xffff0000), 0xffff);
  });
});

describe('updateChecksum', () => {
  it('gives the example of RFC 1624 section 4', () => {
    // HC 0xdd2f, m 0x5555, m' 0x3285: equation 3 gives 0x0000, equation 2 of RFC 1141 would give 0xffff.
    assert.equal(updateChecksum(0xdd2f, 0x5555, 0x3285), 0x0000);
  });

  /** What is around the word: so that octets are never all zeros, as in an IPv4 header. */
  const around = Uint8Array.of(0x45, 0, 0, 84);

  it(`is the checksum anew for random changes and those to and from 0 and 0xffff (seed ${seed})`, () => {
    const random = xorshift(seed);
    const corners = [0, 1, 0xfffe, 0xffff, 0x8000, 0x00ff, 0xff00];
    for (let i = 0; i < 50_000; i++) {
      const pick = (): number =>
        random() % 4 === 0 ? corners[random() % corners.length]! : random() & 0xffff;
      const [before, after, other] = [pick(), pick(), pick()];
      const octets = Uint8Array.of(...around, before >> 8, before & 255, other >> 8, other & 255);
      const old = slowChecksum(octets);
      viewOf(octets).setUint16(4, after);
      assert.equal(updateChecksum(old, before, after), slowChecksum(octets), `${[before, after, other]}`);
    }
  });

  it('meets every old checksum with changes from and to both zeros', () => {
    for (let other = 0; other <= 0xffff; other++) {
      for (const [before, after] of [
        [0, 0xffff],
        [0xffff, 0],
        [0, 0],
        [0xffff, 0xffff],
        [1, 0],
      ] as const) {
        const sum = (word: number): number => {
          const total = 0x4500 + 84 + other + word;
          return 0xffff - foldSum(total);
        };
        assert.equal(updateChecksum(sum(before), before, after), sum(after));
      }
    }
  });
});

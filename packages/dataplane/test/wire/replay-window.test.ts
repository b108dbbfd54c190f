import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { accept, inferHigh, mayAccept } from '../../src/wire/replay-window.js';
import { xorshift } from '../tables/random.js';

/** The window as the SA's worker keeps it, over sequence numbers of 64 bits. */
class Window {
  highest: bigint;
  private readonly words: Int32Array;

  constructor(
    private readonly size: number,
    highest = 0n,
  ) {
    this.highest = highest;
    // Words on both sides, to see that no other SA's are touched.
    this.words = new Int32Array(size / 32 + 2).fill(0);
    this.words[0] = this.words[size / 32 + 1] = 0x5a5a5a5a;
  }

  /** What an authentic packet of this number meets: all that arrives is its low half. */
  take(number: bigint, esn: boolean): boolean {
    const low = Number(number & 0xffffffffn);
    const highLow = Number(this.highest & 0xffffffffn);
    const highHigh = Number(this.highest >> 32n);
    const high = esn ? inferHigh(low, highLow, highHigh, this.size) : 0;
    // With another high half than the sender's, the ICV is wrong.
    if (BigInt(high) !== number >> 32n) return false;
    const distance = (highHigh - high) * 2 ** 32 + (highLow - low);
    if (!mayAccept(this.words, 1, low, distance, this.size)) return false;
    accept(this.words, 1, low, distance, this.size);
    if (distance < 0) this.highest = number;
    assert.deepEqual([this.words[0], this.words[this.size / 32 + 1]], [0x5a5a5a5a, 0x5a5a5a5a]);
    return true;
  }
}

/** RFC 4303 section 3.4.3 with a set of all numbers seen. */
class Oracle {
  private readonly seen = new Set<bigint>();

  constructor(
    private readonly size: bigint,
    public highest = 0n,
  ) {}

  take(number: bigint): boolean {
    if (number <= this.highest - this.size || this.seen.has(number)) return false;
    this.seen.add(number);
    if (number > this.highest) this.highest = number;
    return true;
  }
}

describe('replay window', () => {
  for (let size = 32; size <= 4096; size *= 2) {
    for (const esn of [false, true]) {
      it(`of ${size} packets${esn ? ', ESN' : ''} does what a set of all numbers does (seed ${seed})`, () => {
        const random = xorshift(seed + size);
        // With ESN the numbers pass 2^32 and 2 * 2^32 during the test.
        const start = esn ? (1n << 32n) - BigInt(2 * size) : 1n;
        const window = new Window(size, start);
        const oracle = new Oracle(BigInt(size), start);
        // The start is taken as seen by both.
        window.take(start, esn);
        oracle.take(start);
        for (let i = 0; i < 20_000; i++) {
          const { highest } = oracle;
          const span = BigInt(random() % (size * 2));
          const kind = random() % 16;
          let number = highest + 1n;
          if (kind < 6) number = highest - span / 2n;
          else if (kind < 8) number = highest + span;
          else if (kind === 8) number = highest + BigInt(size) - 1n + (span % 3n);
          else if (kind === 9) number = highest - BigInt(size) + 1n - (span % 2n) + (span % 3n);
          // Far ahead, but so that its high half can be told: less than 2^32 less the window.
          else if (kind === 10 && i % 500 === 0) number = highest + (esn ? 0x7fff_0000n : 0x0010_0000n);
          if (number <= 0n || (!esn && number > 0xffffffffn)) continue;
          // A number further below the window than 2^32 cannot be told from one ahead; see RFC 4303 appendix A2.
          const expected = oracle.take(number);
          assert.equal(window.take(number, esn), expected, `number ${number}, highest ${highest}, step ${i}`);
          assert.equal(window.highest, oracle.highest);
        }
      });
    }
  }

  // RFC 4303 appendix A2.1: the cases of the low half of the highest number against the window.
  const highs: [string, number, number, number, number, number][] = [
    ['case A, inside the window', 950, 1000, 5, 64, 5],
    ['case A, at its bottom', 937, 1000, 5, 64, 5],
    ['case A, below: the next subspace', 936, 1000, 5, 64, 6],
    ['case A, above', 1001, 1000, 5, 64, 5],
    ['case A, far above', 0xffffffff, 1000, 5, 64, 5],
    ['case A, 0 after the last', 0, 0xffffffff, 5, 64, 6],
    ['case B, in the lower part of the window', 0xfffffff0, 10, 5, 64, 4],
    ['case B, at its bottom', 0xffffffcb, 10, 5, 64, 4],
    ['case B, below: this subspace', 0xffffffca, 10, 5, 64, 5],
    ['case B, in the upper part', 3, 10, 5, 64, 5],
    ['case B, above', 500, 10, 5, 64, 5],
    ['the edge of both cases: the window ends at 0', 0xffffffff, 63, 5, 64, 5],
    ['one before that edge', 0xffffffff, 62, 5, 64, 4],
    ['the last of all subspaces', 0, 0xffffffff, 0xffffffff, 64, 0],
    ['before the first of all subspaces', 0xffffffff, 0, 0, 64, 0xffffffff],
    ['the largest window', 0xfffff002, 0, 1, 4096, 0],
  ];
  for (const [what, low, highLow, highHigh, window, high] of highs) {
    it(`infers the high half: ${what}`, () => assert.equal(inferHigh(low, highLow, highHigh, window), high));
  }
});

// Options of two ends, whatever each of them wants: they come to rest, and agree.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DO, DONT, type Verb, WILL, WONT } from '../../src/telnet/codes.js';
import { Options } from '../../src/telnet/q-method.js';

type Said = [Verb, number];

describe('negotiation of options', () => {
  it('answers a request once, and what changes nothing never', () => {
    const options = new Options([1], [31]);
    assert.deepEqual(
      [options.heard(DO, 1), options.heard(DO, 1), options.heard(DONT, 1), options.heard(DONT, 1)],
      [WILL, null, WONT, null],
    );
    assert.deepEqual(
      [options.heard(DO, 99), options.heard(WILL, 98), options.heard(WONT, 98)],
      [WONT, DONT, null],
    );
  });

  it('does not answer an answer', () => {
    const options = new Options([1], [31]);
    assert.deepEqual([options.us.want(1), options.us.want(1), options.heard(DO, 1)], [WILL, null, null]);
    assert.deepEqual([options.him.want(31), options.heard(WONT, 31)], [DO, null]);
    assert.deepEqual([options.us.has(1), options.him.has(31)], [true, false]);
  });

  it('of two such ends ends, and both believe the same', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 4 }));
    const end = fc.record({ us: some, him: some, want: some, wantHim: some });
    fc.assert(
      fc.property(end, end, (a, b) => {
        const ends = [new Options(a.us, a.him), new Options(b.us, b.him)] as const;
        const to: [Said[], Said[]] = [[], []];
        [a, b].forEach(({ us, him, want, wantHim }, i) => {
          const out = to[1 - i]!;
          for (const option of want.filter((each) => us.includes(each)))
            out.push([ends[i]!.us.want(option)!, option]);
          for (const option of wantHim.filter((each) => him.includes(each)))
            out.push([ends[i]!.him.want(option)!, option]);
        });
        let steps = 0;
        while (to[0].length + to[1].length > 0) {
          assert.ok(++steps < 100, 'they go on for ever');
          const i = to[0].length > 0 ? 0 : 1;
          const [verb, option] = to[i]!.shift()!;
          const answer = ends[i]!.heard(verb, option);
          if (answer !== null) to[1 - i]!.push([answer, option]);
        }
        for (let option = 0; option <= 4; option++) {
          assert.equal(ends[0].us.has(option), ends[1].him.has(option));
          assert.equal(ends[1].us.has(option), ends[0].him.has(option));
        }
      }),
      { seed: 1143, numRuns: 500 },
    );
  });
});

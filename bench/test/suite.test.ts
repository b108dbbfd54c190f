// Every benchmark, once and tiny: what it gives are well-formed rows of the names that it promises.
import assert from 'node:assert/strict';
import type { Benchmark } from '../src/benchmark.js';
import { BENCHMARKS } from '../src/benchmarks/index.js';
import { isPart } from '../src/run/context.js';
import { runBenchmarks } from '../src/run/run.js';

describe('benchmarks', () => {
  it('have names of their own', () => {
    const names = BENCHMARKS.flatMap((benchmark) => benchmark.names);
    assert.deepEqual(names, [...new Set(names)]);
    for (const name of names) assert.match(name, /^[a-z0-9]+(\/[a-z0-9.-]+)+$/);
  });

  it('that fail take none of the others along', async () => {
    const benchmark: Benchmark = {
      names: ['group/one', 'group/two'],
      about: '',
      run: (context) =>
        context.each([{ name: 'group/one' }, { name: 'group/two' }], async ({ name }) => {
          if (name === 'group/one') throw new Error('it cannot');
          return { name, unit: 'ns', better: 'lower', values: [1] };
        }),
    };
    const broken: Benchmark = {
      names: ['other/one'],
      about: '',
      run: () => Promise.reject(new Error('nor can I')),
    };
    const options = { names: [], rounds: 1, quick: true, say: () => {} };
    const { rows, failures } = await runBenchmarks([broken, benchmark], options);
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['group/two'],
    );
    assert.deepEqual(failures, ['other/one: nor can I', 'group/one: it cannot']);
  });

  for (const benchmark of BENCHMARKS) {
    it(`${benchmark.names[0]} measures`, async function () {
      // Those on wires start whole gateways.
      this.timeout(180_000);
      // Of many that differ by a size or an algorithm two are enough.
      const names = [benchmark.names[0]!, benchmark.names.at(-1)!];
      const options = { names, rounds: 1, quick: true, say: () => {} };
      const { rows, failures } = await runBenchmarks([benchmark], options);
      assert.deepEqual(failures, []);
      for (const name of names) {
        assert.ok(
          rows.some((row) => isPart(row.name, name)),
          `${name} has no row`,
        );
      }
      for (const row of rows) {
        assert.ok(
          benchmark.names.some((name) => isPart(row.name, name)),
          row.name,
        );
        assert.ok(Number.isFinite(row.value) && row.value >= 0, `${row.name}: ${row.value}`);
        assert.ok(row.spread[0] <= row.value && row.value <= row.spread[1]);
        assert.equal(row.runs, 1);
        assert.equal(row.peer === null, row.peerValue === null);
        assert.equal(row.peer === null, row.ratio === null);
      }
    });
  }
});

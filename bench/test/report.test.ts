// Rows, ratios, targets, and how they are shown.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Benchmark, Figure } from '../src/benchmark.js';
import { writePerformance } from '../src/report/markdown.js';
import { mergeResults } from '../src/report/results.js';
import { printTable } from '../src/report/table.js';
import { type Conditions, conditionsNow } from '../src/run/conditions.js';
import { isPart } from '../src/run/context.js';
import { ROOT } from '../src/run/root.js';
import { rowOf } from '../src/run/row.js';
import { summarise } from '../src/run/statistics.js';

const CONDITIONS: Conditions = {
  date: '2030-01-01 00:00',
  cpu: 'a processor',
  cores: 2,
  core: 1,
  memoryGiB: 8,
  kernel: '6.1',
  node: 'v20',
  load: 0,
  commit: 'abc',
};

const figure = (values: number[], more: Partial<Figure> = {}): Figure => ({
  name: 'group/one',
  unit: 'ns',
  better: 'lower',
  values,
  ...more,
});

describe('rows', () => {
  it('have the median and the extremes of the rounds', () => {
    assert.deepEqual(summarise([5, 1, 3]), { median: 3, min: 1, max: 5 });
    assert.deepEqual(summarise([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
    assert.throws(() => summarise([]), RangeError);
  });

  it('have a ratio above 1 when ahead of the peer, whichever way is better', () => {
    const peer = { name: 'peer', values: [20] };
    assert.equal(rowOf(figure([10], { peer }), CONDITIONS).ratio, 2);
    assert.equal(rowOf(figure([10], { peer, better: 'higher' }), CONDITIONS).ratio, 0.5);
  });

  it('reach a target when every part of it is reached', () => {
    const peer = { name: 'peer', values: [10] };
    const reached = (value: number, target: Figure['target'], better: Figure['better'] = 'lower') =>
      rowOf(figure([value], { peer, better, ...(target === undefined ? {} : { target }) }), CONDITIONS)
        .reached;
    assert.equal(reached(10, undefined), null);
    assert.equal(reached(10, { value: 10 }), true);
    assert.equal(reached(10.1, { value: 10 }), false);
    assert.equal(reached(9.9, { value: 10 }, 'higher'), false);
    assert.equal(reached(12, { value: 20, ratio: 0.9 }), false);
    assert.equal(reached(11, { value: 20, ratio: 0.9 }), true);
  });

  it('are chosen by what their name begins with', () => {
    assert.ok(isPart('forward/ip4-1', 'forward'));
    assert.ok(isPart('forward', 'forward/ip4-1'));
    assert.ok(!isPart('forward/ip4-1', 'esp'));
  });

  it('are shown in a table, a line each', () => {
    const peer = { name: 'peer', values: [20] };
    const text = printTable([rowOf(figure([10], { peer, target: { value: 12, ratio: 3 } }), CONDITIONS)]);
    const lines = text.split('\n');
    assert.equal(lines.length, 2);
    assert.match(lines[1]!, /^group\/one +10 +10–10 +ns +peer +20 +20–20 +2\.00 +≤ 12, ratio ≥ 3 +missed$/);
  });

  it('take the place of those of their name, in the order of the benchmarks', () => {
    const row = (name: string, value: number) => rowOf(figure([value], { name }), CONDITIONS);
    const merged = mergeResults([row('b', 1), row('a', 1), row('gone', 1)], [row('b', 2)], ['a', 'b']);
    assert.deepEqual(
      merged.map(({ name, value }) => [name, value]),
      [
        ['a', 1],
        ['b', 2],
        ['gone', 1],
      ],
    );
  });

  it('know the machine that they were measured on', () => {
    const now = conditionsNow(ROOT, 1);
    assert.match(now.date, /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
    assert.equal(now.node, process.version);
    assert.ok(now.cores >= 1 && now.memoryGiB >= 1 && now.cpu.length > 0);
  });
});

describe('docs/performance.md', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(`${tmpdir()}/sluice-bench-test-`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const benchmark: Benchmark = { names: ['group/one'], about: 'one of the group.', run: async () => [] };
  const rows = [rowOf(figure([10], { note: 'a note' }), CONDITIONS)];

  it('is written between its markers, and nowhere else', () => {
    const file = `${folder}/performance.md`;
    const [before, rest] = readFileSync(`${ROOT}/docs/performance.md`, 'utf8').split('<!-- measured: npm');
    const after = rest!.slice(rest!.indexOf('<!-- measured: end -->'));
    writeFileSync(file, readFileSync(`${ROOT}/docs/performance.md`));
    writePerformance(file, rows, [benchmark]);
    const once = readFileSync(file, 'utf8');
    assert.ok(once.startsWith(before!) && once.endsWith(after));
    assert.match(once, /^- `group\/one`: one of the group\.$/m);
    assert.match(once, /^\| `group\/one` \| 10 \|/m);
    assert.match(once, /^- `group\/one`: a note$/m);
    writePerformance(file, rows, [benchmark]);
    assert.equal(readFileSync(file, 'utf8'), once);
  });

  it('is not written when its markers are lost', () => {
    const file = `${folder}/performance.md`;
    writeFileSync(file, 'nothing');
    assert.throws(() => writePerformance(file, rows, [benchmark]), /markers/);
    assert.equal(readFileSync(file, 'utf8'), 'nothing');
  });
});

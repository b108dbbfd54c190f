import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SequenceJournal } from '../../src/control/sequence-journal.js';

describe('sequence journal', () => {
  let dir: string;
  let file: string;
  let open: SequenceJournal[];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
    file = join(dir, 'sequence-numbers');
    open = [];
  });

  afterEach(() => {
    for (const journal of open) journal.close();
    rmSync(dir, { recursive: true });
  });

  function journal(): SequenceJournal {
    const opened = new SequenceJournal(file);
    open.push(opened);
    return opened;
  }

  it('begins empty, and is read again by the next process', () => {
    const first = journal();
    assert.equal(first.get('out/192.0.2.1/1f'), 0);
    first.record('out/192.0.2.1/1f', 8_388_608);
    first.record('in/192.0.2.2/2f', 17);
    first.record('out/192.0.2.1/1f', Number.MAX_SAFE_INTEGER);
    assert.equal(first.get('out/192.0.2.1/1f'), Number.MAX_SAFE_INTEGER);
    // Without close(): a process that was killed closes nothing in order.
    const second = journal();
    assert.equal(second.get('out/192.0.2.1/1f'), Number.MAX_SAFE_INTEGER);
    assert.equal(second.get('in/192.0.2.2/2f'), 17);
  });

  it('gives the last complete numbers when the file ends at any byte', () => {
    const first = journal();
    const records: [string, number][] = [
      ['out/192.0.2.1/1f', 8_388_608],
      ['in/192.0.2.2/2f', 12_345],
      ['out/192.0.2.1/1f', 16_777_216],
      ['out/198.51.100.1/c0ffee', 4_294_967_295],
      ['in/192.0.2.2/2f', 99_999],
    ];
    for (const [key, value] of records) first.record(key, value);
    const whole = readFileSync(file, 'utf8');
    for (let length = 0; length <= whole.length; length++) {
      const expected = new Map<string, number>();
      let end = 0;
      for (const [key, value] of records) {
        end += `${key} ${value}\n`.length;
        if (end <= length) expected.set(key, value);
      }
      writeFileSync(file, whole.slice(0, length));
      const again = journal();
      for (const [key] of records) {
        assert.equal(again.get(key), expected.get(key) ?? 0, `${key} of the first ${length} bytes`);
      }
      // What comes behind a torn line must not be joined to it.
      again.record('out/192.0.2.9/9', 7);
      const third = journal();
      assert.equal(third.get('out/192.0.2.9/9'), 7);
      for (const [key] of records) assert.equal(third.get(key), expected.get(key) ?? 0);
      again.close();
      third.close();
      open.splice(-2);
    }
  });

  it('forgets, also for the next process', () => {
    const first = journal();
    first.record('out/192.0.2.1/1f', 5);
    first.forget('out/192.0.2.1/1f');
    first.forget('never there');
    assert.equal(first.get('out/192.0.2.1/1f'), 0);
    assert.equal(journal().get('out/192.0.2.1/1f'), 0);
    first.record('out/192.0.2.1/1f', 6);
    assert.equal(first.get('out/192.0.2.1/1f'), 6);
  });

  it('is written anew when it grows, without losing a number', () => {
    const first = journal();
    for (let i = 0; i < 1000; i++) first.record(`out/192.0.2.1/${i.toString(16)}`, i + 1);
    let largest = 0;
    for (let i = 0; i < 200_000; i++) first.record('out/192.0.2.2/busy', i + 1);
    largest = statSync(file).size;
    assert.ok(largest <= 5 << 20, `${largest} bytes`);
    assert.ok(readFileSync(file, 'utf8').split('\n').length < 200_000, 'never written anew');
    const second = journal();
    assert.equal(second.get('out/192.0.2.2/busy'), 200_000);
    for (let i = 0; i < 1000; i++) assert.equal(second.get(`out/192.0.2.1/${i.toString(16)}`), i + 1);
    assert.equal(readFileSync(file, 'utf8').split('\n').length - 1, 1001, 'one line for each');
  });

  it('loses no number to a disk that was full in the middle of a line', () => {
    const scenario = fileURLToPath(new URL('./scenarios/full-disk.js', import.meta.url));
    // The mount is gone with the last process of its namespace.
    execFileSync('unshare', ['--mount', process.execPath, '--enable-source-maps', scenario, dirname(file)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  });

  it('is for its owner only, and takes lines that are none of its own for nothing', () => {
    writeFileSync(file, 'garbage\n\nout/a/1 x\nout/a/2 \nout/a/3 3.5\nout/a/4 4\nout/a/5 1e400\n');
    const opened = journal();
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((i) => opened.get(`out/a/${i}`)),
      [0, 0, 0, 4, 0],
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
});

// Stack traces of a bundled module: its own lines told as those of its source, everything else as it is.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeLineTable } from '../../src/bundle/line-table.js';
import { mapStackTraces } from '../../src/bundle/stack-traces.js';

describe('stack traces of a bundle', () => {
  let directory: string;
  let bundle: string;
  let before: typeof Error.prepareStackTrace;
  /** Throws from the second line of the bundle. */
  let fail: () => never;

  beforeEach(async () => {
    before = Error.prepareStackTrace;
    directory = mkdtempSync(join(tmpdir(), 'sluice-traces-'));
    const file = join(directory, 'all.mjs');
    bundle = pathToFileURL(file).href;
    writeFileSync(file, "// first line\nexport function fail() { throw new TypeError('seen'); }\n");
    // The second line was made of lines 10 and 12 of src/thing.ts.
    writeLineTable(
      new URL(bundle),
      ['src/thing.ts'],
      [
        { line: 1, column: 0, source: 0, sourceLine: 9 },
        { line: 1, column: 25, source: 0, sourceLine: 11 },
        { line: 1, column: 60, source: 0, sourceLine: 20 },
      ],
    );
    ({ fail } = (await import(bundle)) as { fail: () => never });
  });

  afterEach(() => {
    Error.prepareStackTrace = before;
    rmSync(directory, { recursive: true });
  });

  function linesOfTrace(): string[] {
    try {
      fail();
    } catch (error) {
      return (error as Error).stack!.split('\n');
    }
  }

  it('name the lines of its source', () => {
    mapStackTraces(bundle);
    const [message, first, ...others] = linesOfTrace();
    assert.equal(message, 'TypeError: seen');
    assert.equal(first, `    at fail (${directory}/src/thing.ts:12)`);
    assert.match(others.join('\n'), /stack-traces\.test\.js:\d+:\d+/);
    assert.ok(!others.join('\n').includes('thing.ts'), 'a frame of another module was taken for its own');
  });

  it('are as they are without a table, and say so', () => {
    rmSync(join(directory, 'all.mjs.lines'));
    mapStackTraces(bundle);
    const lines = linesOfTrace();
    assert.equal(lines[1], `    at fail (${bundle}:2:32)`);
    assert.match(lines.at(-1)!, /not the lines of TypeScript: .*ENOENT/);
  });
});

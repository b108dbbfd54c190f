// Stack traces of a bundled module: its own lines told as those of its source, everything else as it is.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
    // Line 2, from column 1 on, was made of line 10 of src/thing.ts (source map, revision 3: deltas in base64 VLQ).
    const map = { version: 3, sources: ['src/thing.ts'], names: [], mappings: ';AASA' };
    writeFileSync(`${file}.map`, JSON.stringify(map));
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
    assert.equal(first, `    at fail (${directory}/src/thing.ts:10:1)`);
    assert.match(others.join('\n'), /stack-traces\.test\.js:\d+:\d+/);
    assert.ok(!others.join('\n').includes('thing.ts'), 'a frame of another module was taken for its own');
  });

  it('are as they are without a map, and say so', () => {
    rmSync(join(directory, 'all.mjs.map'));
    mapStackTraces(bundle);
    const lines = linesOfTrace();
    assert.equal(lines[1], `    at fail (${bundle}:2:32)`);
    assert.match(lines.at(-1)!, /not the lines of TypeScript: .*ENOENT/);
  });
});

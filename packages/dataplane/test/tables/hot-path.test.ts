import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A compiler thread that waits for its turn would leave code that allocates in use until it is measured. */
const COMPILES_AT_ONCE = ['--no-concurrent-recompilation', '--no-concurrent-osr'];
const child = fileURLToPath(new URL('./hot-path-child.js', import.meta.url));

/** Garbage collections during 5 million steps of a hot path, with a young generation of 1 MiB. */
async function collections(path: string): Promise<string[]> {
  const options = ['--trace-gc', '--max-semi-space-size=1', ...COMPILES_AT_ONCE, child, path];
  const { stdout } = await promisify(execFile)(process.execPath, options, { timeout: 55_000 });
  const measured = /measured from here\n([\s\S]*)to here/.exec(stdout)?.[1];
  assert.ok(measured !== undefined, `the child printed: ${stdout}`);
  return measured.split('\n').filter((line) => /Scavenge|Mark-/.test(line));
}

describe('hot paths of tables and memory', function () {
  this.timeout(120_000);

  for (const path of ['fib', 'fib6', 'hash', 'ring', 'epoch']) {
    it(`${path}: allocates nothing`, async () => {
      assert.deepEqual(await collections(path), []);
    });
  }

  it('would be seen to allocate if they did', async () => {
    assert.ok((await collections('allocating')).length > 10);
  });
});

// What the last step of the build writes is what a process runs.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BUNDLE, currentBundle } from '../../src/bundle/current.js';

const compiled = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** What a program says that ends with an error. Without Node.js's own source maps, and as in production otherwise. */
function complaintOf(...args: string[]): string {
  const { NODE_V8_COVERAGE: _coverage, NODE_OPTIONS: _options, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 1, stderr);
  return stderr;
}

describe('data plane process, as a bundle', function () {
  this.timeout(180_000);

  before(() => {
    // After the compiler alone there is none, or an old one.
    if (currentBundle() === null) execFileSync(process.execPath, [compiled('bundle/build.js')]);
  });

  it('is what the process runs when it is of the code as it is; its errors name lines of TypeScript', () => {
    const complaint = complaintOf(compiled('main.js'), '--run-dir', '/dev/null/no-directory');
    assert.match(complaint, /at prepareRunDir \(\/.*\/shared\/src\/actor\/run-dir\.ts:\d+\)/);
    assert.match(complaint, /at \/.*\/dataplane\/src\/process\.ts:\d+\n/);
  });

  for (const [thread, file] of [
    ['worker', 'workers/worker-main.ts'],
    ['host-io', 'host-io/host-io-main.ts'],
  ] as const) {
    it(`has the thread ${thread}, whose errors name lines of TypeScript`, () => {
      const name = file.slice(file.lastIndexOf('/') + 1, -'.ts'.length);
      const complaint = complaintOf(fileURLToPath(new URL(`${name}.mjs`, BUNDLE)));
      assert.match(complaint, /this is a thread of the data plane, not a program/);
      assert.match(complaint, /at onStart \(\/.*\/src\/workers\/thread-start\.ts:\d+\)/);
      assert.ok(complaint.includes(`/dataplane/src/${file}:`), complaint);
    });
  }
});

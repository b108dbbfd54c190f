// Builds a package's addon with node-gyp: only what changed, and without a word unless it fails.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');

// The headers that came with this Node, when they did: node-gyp would download them otherwise.
const prefix = join(dirname(process.execPath), '..');
const nodedir = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];

/**
 * Ends the process with a sentence when it does not build.
 * @param {string} caller The package's native/build.mjs, as import.meta.url.
 * @param {string} what What does not build then.
 * @param {string} needs What it takes.
 */
export function buildAddon(caller, what, needs) {
  const root = join(dirname(fileURLToPath(caller)), '..');
  const run = (/** @type {string} */ command) => {
    const result = spawnSync(process.execPath, [nodeGyp, command, ...nodedir], {
      cwd: root,
      encoding: 'utf8',
    });
    if (result.status === 0) return;
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    process.stderr.write(
      `${what} did not build: \`node-gyp ${command}\` in ${root} failed. It needs ${needs}.\n`,
    );
    process.exit(1);
  };

  // What a configured build directory depends on: another Node, or another list of files, configures anew.
  const stamp = join(root, 'build', 'configured-for');
  const wanted = createHash('sha256')
    .update(`${process.version} ${prefix} `)
    .update(readFileSync(join(root, 'binding.gyp')))
    .digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    run('configure');
    writeFileSync(stamp, wanted);
  }
  run('build');
}

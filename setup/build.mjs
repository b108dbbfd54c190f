// The native and TypeScript build of every package, skipped when no source has changed since the last.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import process from 'node:process';
import { nativeBuildEnvironment } from './npm.mjs';
import { PACKAGES, ROOT, STATE_DIR } from './paths.mjs';
import { run } from './run.mjs';
import { SetupError, say } from './say.mjs';
import { digestOf, readStamp, writeStamp } from './stamp.mjs';

const STAMP = `${STATE_DIR}/build`;

export async function buildPackages() {
  const sources = [...PACKAGES, 'package-lock.json', 'tsconfig.base.json', 'turbo.json'];
  const stamp = digestOf(ROOT, sources, [`abi ${process.versions.modules}`]);
  if (readStamp(STAMP) === stamp && PACKAGES.every(isBuilt)) return;

  say('building (native layer and TypeScript)');
  const args = ['run', 'build', '--output-logs=errors-only', '--log-order=grouped', '--env-mode=loose'];
  const { code, output } = await run(`${ROOT}/node_modules/.bin/turbo`, args, {
    cwd: ROOT,
    env: {
      ...nativeBuildEnvironment(),
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
      TURBO_NO_UPDATE_NOTIFIER: '1',
      TURBO_UI: '0',
      npm_config_loglevel: 'error',
    },
    capture: true,
  });
  if (code !== 0) {
    process.stderr.write(compilerLines(output));
    throw new SetupError('the build failed: the compiler says why above.');
  }
  for (const path of PACKAGES) removeOrphans(`${ROOT}/${path}/dist`, `${ROOT}/${path}`);
  writeStamp(STAMP, stamp);
}

/**
 * What the compilers said, out of what turbo and npm say about it.
 * @param {string} output
 */
function compilerLines(output) {
  const noise =
    /^\s*$|: *$|npm (error|warn)|: > |^ *(•|Tasks:|Cached:|Time:|Failed:)|ERROR {2}run failed|cache (hit|miss),/;
  return output
    .split('\n')
    .filter((line) => !noise.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

/** @param {string} path */
function isBuilt(path) {
  if (!existsSync(`${ROOT}/${path}/dist/.tsbuildinfo`)) return false;
  if (!existsSync(`${ROOT}/${path}/binding.gyp`)) return true;
  const release = `${ROOT}/${path}/build/Release`;
  return existsSync(release) && readdirSync(release).some((name) => name.endsWith('.node'));
}

/**
 * Removes compiled files whose source is gone: mocha would go on running the tests in them.
 * @param {string} compiled
 * @param {string} source
 */
export function removeOrphans(compiled, source) {
  if (!existsSync(compiled)) return;
  for (const entry of readdirSync(compiled, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      removeOrphans(`${compiled}/${entry.name}`, `${source}/${entry.name}`);
      continue;
    }
    const stem = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(entry.name)?.[1];
    if (stem === undefined) continue;
    if (![`${stem}.ts`, `${stem}.js`].some((name) => existsSync(`${source}/${name}`))) {
      rmSync(`${compiled}/${entry.name}`);
    }
  }
}

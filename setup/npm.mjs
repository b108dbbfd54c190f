// npm packages: `npm ci` when what is installed is not what package-lock.json says.
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { PACKAGES, ROOT, STATE_DIR } from './paths.mjs';
import { run } from './run.mjs';
import { SetupError, say } from './say.mjs';
import { digestOf, readStamp, writeStamp } from './stamp.mjs';

const STAMP = `${STATE_DIR}/npm`;

/** npm keeps here what it installed, in the form of package-lock.json. */
const INSTALLED = `${ROOT}/node_modules/.package-lock.json`;

/** npm's own pauses between two attempts add up to a minute and more for each file: without a network, for nothing. */
const RETRIES = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=10000'];

/** nanomsg is built against one ABI of Node.js, and against the C library's loader: both are part of the stamp. */
const NATIVE_MODULE = 'nanomsg';

export async function installNpmPackages() {
  const manifests = PACKAGES.map((path) => `${path}/package.json`);
  const stamp = digestOf(
    ROOT,
    ['package.json', 'package-lock.json', ...manifests],
    [`abi ${process.versions.modules}`],
  );
  if (existsSync(INSTALLED) && readStamp(STAMP) === stamp) return;
  if (!(await matchesLockFile())) {
    say('installing npm packages');
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...RETRIES];
    const { code, output } = await run('npm', args, {
      cwd: ROOT,
      env: nativeBuildEnvironment(),
      capture: true,
    });
    // npm 10 ends with 0 when the network goes away in the middle ("Exit handler never called!").
    if (code !== 0 || !(await matchesLockFile())) {
      // What follows a usage error is npm's manual page.
      process.stderr.write(output.replace(/npm error Usage:[\s\S]*$/, ''));
      throw new SetupError(
        'the npm packages could not be installed: look at what npm says above (is the registry reachable?), and run this again.',
      );
    }
  }
  writeStamp(STAMP, stamp);
}

/** True when exactly the locked packages are installed, by whomever, and the native one loads. */
async function matchesLockFile() {
  if (!existsSync(INSTALLED)) return false;
  const locked = JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(INSTALLED, 'utf8')).packages;
  for (const [path, entry] of Object.entries(locked)) {
    if (!path.startsWith('node_modules/')) continue;
    const found = installed[path];
    // A package for another platform is locked but not installed.
    if (!found && entry.optional) continue;
    if (!found || found.version !== entry.version || found.integrity !== entry.integrity) return false;
    if (!existsSync(`${ROOT}/${path}/package.json`)) return false;
  }
  const load = await run(process.execPath, ['-e', `require('${NATIVE_MODULE}')`], {
    cwd: ROOT,
    capture: true,
  });
  return load.code === 0;
}

/**
 * The environment of a native build: node-gyp uses the headers that came with the running Node.js, where they did,
 * instead of fetching them.
 * @returns {NodeJS.ProcessEnv}
 */
export function nativeBuildEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const environment = { ...process.env };
  if (existsSync(`${prefix}/include/node/node_api.h`)) environment.npm_config_nodedir = prefix;
  return environment;
}

// Debian packages: what is listed is looked up once, what is missing is installed.
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { SetupError, say } from './say.mjs';

/** What running, building and testing need. */
const LIST = `${ROOT}/setup/debian-packages.txt`;

/** What `npm run bench` needs besides: the systems that Sluice is measured beside. */
export const BENCH_LIST = `${ROOT}/setup/debian-packages-bench.txt`;

/**
 * Packages whose own services are not wanted: Debian starts them, and charon's would hold the ports 500 and 4500 that
 * a gateway's charon needs. Those that somebody had before are left as they are.
 */
const UNWANTED_SERVICES = new Map([['charon-systemd', 'strongswan.service']]);

/** How long apt waits for another apt to finish, in seconds. */
const APT_LOCK_TIMEOUT_S = 600;

/** Installs what a list names and this machine has not. */
export async function installDebianPackages(list = LIST) {
  const missing = await missingPackages(parsePackageList(readFileSync(list, 'utf8')));
  if (missing.length === 0) return;

  say(`installing ${missing.length} Debian packages: ${missing.join(' ')}`);
  await apt('update', [], 'the package lists could not be fetched');
  const args = ['-y', '--no-install-recommends', ...missing];
  await apt('install', args, `not every package could be installed (${missing.join(' ')})`);
  for (const [name, service] of UNWANTED_SERVICES) if (missing.includes(name)) await disable(service);
}

/** @param {string} service */
async function disable(service) {
  // As sd_booted(3) tells whether systemd runs here; where it does not, no service was started.
  if (!existsSync('/run/systemd/system')) return;
  const { code, output } = await run('systemctl', ['disable', '--now', service], { capture: true });
  if (code === 0) return;
  process.stderr.write(output);
  throw new SetupError(`${service} could not be disabled: look at what systemctl says above.`);
}

/**
 * One package a line; what follows a # is a comment.
 * @param {string} text
 */
export function parsePackageList(text) {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/**
 * @param {string} name
 * @returns {string} What stands for a field in a format of dpkg-query(1).
 */
function field(name) {
  return `\${${name}}`;
}

/**
 * @param {string[]} wanted
 * @returns {Promise<string[]>} Those that are not installed, in the order given.
 */
async function missingPackages(wanted) {
  const format = `${field('Package')} ${field('db:Status-Status')}\n`;
  // Exits 1 when it does not know one of them, which is an answer too.
  const { output } = await run('dpkg-query', ['-W', '-f', format, ...wanted], {
    capture: true,
  });
  const installed = new Set(
    output
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

/**
 * @param {'update' | 'install'} action
 * @param {string[]} args
 * @param {string} failure
 */
async function apt(action, args, failure) {
  const { code, output } = await run(
    'apt-get',
    ['-q', '-o', `DPkg::Lock::Timeout=${APT_LOCK_TIMEOUT_S}`, action, ...args],
    { capture: true, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } },
  );
  if (code === 0) return;
  process.stderr.write(output);
  throw new SetupError(
    `${failure}: look at what apt says above, mend it (network, /etc/apt/sources.list), and run this again.`,
  );
}

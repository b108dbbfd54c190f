// What the machine must be before anything is installed: each shortfall is one sentence that says what to do.
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { ROOT } from './paths.mjs';
import { SetupError } from './say.mjs';

/**
 * @typedef {object} Machine
 * @property {string} platform As process.platform.
 * @property {string} arch As process.arch.
 * @property {string} node Version of the running Node.js, without a "v".
 * @property {number} uid Effective user id.
 * @property {boolean} hasApt Whether the machine installs packages with apt.
 */

/** @returns {Machine} */
export function thisMachine() {
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    uid: process.geteuid?.() ?? -1,
    hasApt: existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-query'),
  };
}

/** @param {Machine} machine */
export function checkMachine(machine) {
  if (machine.platform !== 'linux' || machine.arch !== 'x64') {
    throw new SetupError(
      `Sluice runs on Linux on x86-64, and this is ${machine.platform} on ${machine.arch}: use such a machine, or a virtual one.`,
    );
  }
  const wanted = minimumNode();
  if (compareVersions(machine.node, wanted) < 0) {
    throw new SetupError(`Node.js ${machine.node} is too old: install version ${wanted} or later.`);
  }
  if (/[:\s]/.test(ROOT)) {
    throw new SetupError(
      `the path ${ROOT} has a colon or a space in it, where lists of paths (PATH, LD_PRELOAD) are cut apart: move the source tree.`,
    );
  }
  if (!machine.hasApt) {
    throw new SetupError(
      'this system has no apt: use Debian 12 or later (or a system made from it), where the packages in setup/debian-packages.txt exist.',
    );
  }
  if (machine.uid !== 0) {
    throw new SetupError(
      'this needs root, for network namespaces, AF_XDP and Debian packages: run it again as root, or with sudo.',
    );
  }
}

/** The version that package.json asks for under engines, such as 20.19. */
function minimumNode() {
  const { engines } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  return String(engines.node).replace(/^>=/, '');
}

/**
 * Negative, zero or positive, as for sort(); a part left out counts as zero.
 * @param {string} a
 * @param {string} b
 */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

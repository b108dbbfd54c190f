// All set-up that `npm start` and `npm test` need: Debian packages, system users, npm packages, native and TypeScript build.
// Each step prints what it does, and nothing when it has nothing to do.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildPackages } from './build.mjs';
import { installDebianPackages } from './debian.mjs';
import { withLock } from './lock.mjs';
import { checkMachine, thisMachine } from './machine.mjs';
import { installNpmPackages } from './npm.mjs';
import { STATE_DIR } from './paths.mjs';
import { runMain, say } from './say.mjs';
import { makeUsers } from './users.mjs';

/**
 * @param {{ quiet?: boolean, build?: boolean }} [options] quiet: no closing line; build: false stops before the build,
 *   for a caller that wants to report its failure by itself.
 */
export async function prepare({ quiet = false, build = true } = {}) {
  checkMachine(thisMachine());
  await withLock(`${STATE_DIR}/lock`, async () => {
    await installDebianPackages();
    await makeUsers();
    await installNpmPackages();
    if (build) await buildPackages();
  });
  if (!quiet) say('everything is set up');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(() => prepare());

// System users that the processes of a gateway run as, and the group that they share: made where they are missing.
// `node setup/users.mjs` makes them, and does nothing else.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parsePackageList } from './debian.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { runMain, SetupError, say } from './say.mjs';

const LIST = `${ROOT}/setup/users.txt`;
const GROUP = 'sluice';

/** @param {string} file In the form of passwd(5) or group(5). */
function namesIn(file) {
  return new Set(
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':')[0]),
  );
}

/** The users that are to be there. */
export function wantedUsers() {
  return parsePackageList(readFileSync(LIST, 'utf8'));
}

export async function makeUsers() {
  const [users, groups] = [namesIn('/etc/passwd'), namesIn('/etc/group')];
  const missing = wantedUsers().filter((name) => !users.has(name));
  if (!groups.has(GROUP)) await make('groupadd', ['--system', GROUP]);
  if (missing.length === 0) return;
  say(`making ${missing.length} system users: ${missing.join(' ')}`);
  for (const name of missing) {
    // A group of that name that is there already is taken.
    const own = groups.has(name) ? ['--gid', name] : ['--user-group'];
    const place = ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
    await make('useradd', ['--system', ...own, ...place, name]);
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function make(command, args) {
  const { code, output } = await run(command, args, { capture: true });
  if (code === 0) return;
  process.stderr.write(output);
  throw new SetupError(
    `"${command} ${args.join(' ')}" did not work: look at what it says above, mend it, and run this again.`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(makeUsers);

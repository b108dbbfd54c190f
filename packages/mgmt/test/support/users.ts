// The users that processes of a gateway run as, as the set-up makes them, and what one of them may do.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { closedPaths } from '../../src/up/closed-paths.js';
import { confined } from '../../src/up/privileges.js';
import type { Identity } from '../../src/up/users.js';

const SCRIPT = fileURLToPath(new URL('../../../../../setup/users.mjs', import.meta.url));

/** Does nothing where they are there. */
export function makeUsers(): void {
  execFileSync(process.execPath, [SCRIPT]);
}

/** Whether the source tree and Node.js are where others may go: not in /root, say. Else processes stay root's user. */
export function usersMayRun(): boolean {
  const identity = { uid: 65_534, gid: 65_534, groups: [65_534] };
  const wanted = [['x', process.execPath] as const, ['r', SCRIPT] as const];
  return (
    closedPaths(wanted, (argv) => confined({ capabilities: [], own: ['setpcap'], identity }, argv)).length ===
    0
  );
}

/** What a user is told who opens a file to read it (`r`) or to change it (`w`), or lists or adds to a directory. */
export function refusal(identity: Identity, use: 'r' | 'w', path: string): string {
  const how = use === 'r' ? 'exec 3<"$1" && cat <&3 >/dev/null || ls "$1"' : 'exec 3>>"$1"';
  const [command = '', ...args] = confined({ capabilities: [], own: ['setpcap'], identity }, [
    'sh',
    '-c',
    how,
    'sh',
    path,
  ]);
  const { status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return 'allowed';
  return /Permission denied/.test(stderr) ? 'EACCES' : stderr;
}

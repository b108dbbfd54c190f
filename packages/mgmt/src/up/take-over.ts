// Gives each process what is its own in the run and state directories, also what an earlier version has left as root's.
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { isAlive, type Logger, PidFile, type ProcessId, signalProcess, until } from '@sluice/shared';
import type { ProcessName } from './privileges.js';
import type { Identity } from './users.js';

/** What processes kept directly in the state directory, before each had one of its own in it. */
const FORMERLY: Partial<Record<ProcessName, readonly string[]>> = {
  agent: ['config.json', 'unconfirmed.json', 'revisions'],
  dhcpd: ['leases.log', 'leases6.log', 'dhcp6.duid'],
  mgmt: ['ssh', 'snmp', 'captures', 'files'],
};

/** What they make in the run directory beside their sockets. */
const IN_RUN_DIR: Partial<Record<ProcessName, readonly string[]>> = {
  'ike-bridge': ['ike-bridge-spd.json', 'charon-settings.conf'],
  mgmt: ['syslog.positions'],
};

const NAMESPACES = '/run/netns';
const OTHER_SOCKETS: Partial<Record<ProcessName, readonly string[]>> = {
  'ike-bridge': ['xfrm.sock'],
  charon: ['charon.vici'],
};
const END_GRACE_MS = 5_000;

export const STATEFUL = Object.keys(FORMERLY) as ProcessName[];

export function ownStateDir(stateDir: string, name: ProcessName): string {
  return join(stateDir, name);
}

export interface Owner {
  name: ProcessName;
  /** Null: root. */
  identity: Identity | null;
}

/** Makes the state directories, each its process's alone (0700), in one that their group may pass through. */
export function prepareStateDirs(
  stateDir: string,
  sharedGid: number | null,
  owners: readonly Owner[],
  log: Logger,
): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  if (sharedGid !== null) letThrough(stateDir, sharedGid);
  for (const { name, identity } of owners) {
    if (FORMERLY[name] === undefined) continue;
    const own = ownStateDir(stateDir, name);
    mkdirSync(own, { mode: 0o700, recursive: true });
    for (const entry of FORMERLY[name]) {
      const [from, to] = [join(stateDir, entry), join(own, entry)];
      if (!existsSync(from) || existsSync(to)) continue;
      renameSync(from, to);
      log.info({ process: name, from, to }, 'state of an earlier version moved');
    }
    giveTree(own, identity?.uid ?? 0, identity?.gid ?? 0);
  }
}

/**
 * Gives the files of a process in the run directory to its user. One that another version left running as another user
 * is ended: its sockets are closed to the others.
 */
export async function takeOverRunFiles(runDir: string, owners: readonly Owner[], log: Logger): Promise<void> {
  for (const { name, identity } of owners) {
    const [uid, gid] = [identity?.uid ?? 0, identity?.gid ?? 0];
    const running = new PidFile(runDir, name).read();
    if (running !== null && uidOf(running) !== uid) await end(name, running, log);
    for (const socket of [`${name}.req`, `${name}.pub`, ...(OTHER_SOCKETS[name] ?? [])]) {
      const path = join(runDir, socket);
      if (existsSync(path) && lstatSync(path).uid !== uid) rmSync(path, { force: true });
    }
    for (const entry of IN_RUN_DIR[name] ?? []) {
      const path = join(runDir, entry);
      if (existsSync(path)) giveTree(path, uid, gid);
    }
  }
}

/** Captures are the data plane's, and for the group that shows them; other users may not list them. */
export function shareCaptures(runDir: string, dataplane: Identity | null, readers: Identity | null): void {
  const directory = join(runDir, 'captures');
  // Never through a link, which any of them could have left there.
  if (lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, gid } = dataplane ?? { uid: 0, gid: 0 };
  giveTree(directory, uid, gid);
  chownSync(directory, uid, readers?.gid ?? gid);
  // What is made in it belongs to its group.
  chmodSync(directory, readers === null ? 0o700 : 0o2750);
}

/** The names of network namespaces, which processes look up; iproute2 makes the directory by its caller's umask. */
export function openNamespaceDirectory(): void {
  mkdirSync(NAMESPACES, { recursive: true });
  const { mode } = statSync(NAMESPACES);
  if ((mode & 0o005) !== 0o005) chmodSync(NAMESPACES, (mode & 0o777) | 0o055);
}

/** Logs of root's are also for the group that shows them; a process that goes on keeps its log open. */
export function giveLogs(runDir: string, gid: number): void {
  for (const entry of readdirSync(runDir).filter((name) => /\.log(\.1)?$/.test(name))) {
    const path = join(runDir, entry);
    const found = lstatSync(path);
    if (!found.isFile() || found.uid !== 0) continue;
    chownSync(path, 0, gid);
    chmodSync(path, gid === 0 ? 0o600 : 0o640);
  }
}

/** Null when it has ended meanwhile. */
function uidOf({ pid }: ProcessId): number | null {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? null;
}

async function end(name: ProcessName, running: ProcessId, log: Logger): Promise<void> {
  log.info(
    { process: name, pid: running.pid },
    'runs as another user than it should: ended, to be started anew',
  );
  signalProcess(running, 'SIGTERM');
  const gone = (): boolean => !isAlive(running);
  try {
    await until(`the end of ${name}`, gone, { deadlineMs: END_GRACE_MS });
  } catch {
    // As the supervisor would do it.
    signalProcess(running, 'SIGKILL');
    await until(`the end of ${name}`, gone, { deadlineMs: END_GRACE_MS });
  }
}

/** One that an operator has made for more than this keeps what it allows. */
function letThrough(directory: string, gid: number): void {
  const found = statSync(directory);
  if ((found.mode & 0o001) !== 0 || (found.gid === gid && (found.mode & 0o010) !== 0)) return;
  chownSync(directory, found.uid, gid);
  chmodSync(directory, (found.mode & 0o700) | 0o010);
}

/** The top last: while it is another's, it is done again at the next start, and who is given it can change nothing yet. */
function giveTree(path: string, uid: number, gid: number): void {
  const found = lstatSync(path);
  if (found.uid === uid) return;
  if (found.isDirectory()) for (const entry of readdirSync(path)) giveTree(join(path, entry), uid, gid);
  lchownSync(path, uid, gid);
}

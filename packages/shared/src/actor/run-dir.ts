// The run directory: where the sockets of one device's processes are, and who holds which name.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, SluiceError } from './errors.js';

/** Taking a name over lasts a millisecond or two. */
const LOCK_WAIT_MS = 2000;
const LOCK_RETRY_MS = 10;
const SWEEP_AFTER_MS = 10_000;

export type SocketSuffix = 'req' | 'pub';

export function socketPath(runDir: string, name: string, suffix: SocketSuffix): string {
  return join(runDir, `${name}.${suffix}`);
}

/**
 * Of a run directory that several users share: what is made in it belongs to its group (setgid), and is removed by who
 * made it, or by the directory's owner (sticky).
 */
const SHARED_MODE = 0o3770;
/** A socket is its group's too: that of a shared run directory, or the process's own. */
const SOCKET_MODE = 0o660;

/**
 * Makes the directory, or takes it as it is: for its owner alone (0700), unless root shares it with a group of this
 * process (`shareRunDir`). Errors: `run-dir`.
 */
export function prepareRunDir(runDir: string): void {
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const found = lstatSync(runDir);
  if (!found.isDirectory())
    throw new SluiceError('run-dir', `${runDir} is not a directory: name another run directory`);
  const shared = (found.mode & 0o7777) === SHARED_MODE;
  const uid = process.getuid?.();
  if (uid !== undefined && found.uid !== uid) {
    if (shared && found.uid === 0 && process.getgroups?.().includes(found.gid)) return;
    throw new SluiceError(
      'run-dir',
      `${runDir} belongs to user ${found.uid}, not ${uid}: whoever owns it could read keys, so name another`,
    );
  }
  if (!shared && (found.mode & 0o077) !== 0) chmodSync(runDir, 0o700);
}

/** Shares a prepared run directory of root's with a group, or with nobody any more (null). */
export function shareRunDir(runDir: string, gid: number | null): void {
  if (gid !== null) chownSync(runDir, 0, gid);
  chmodSync(runDir, gid === null ? 0o700 : SHARED_MODE);
}

/** A path to bind before the socket gets its name: bound there, it is nobody's yet. */
export function temporarySocketPath(runDir: string): string {
  return join(runDir, `.${randomBytes(4).toString('hex')}`);
}

/**
 * Gives a socket that is bound at `temporary` the name `name`.req, if no living process has it.
 *
 * nanomsg's own takeover (connect, unlink, bind) lets two processes that start together take the name from
 * each other. Here the name is given by link(2), which fails when it is taken, and a stale socket is removed
 * by one process at a time. Errors: `already-running`.
 */
export async function claimName(runDir: string, name: string, temporary: string): Promise<void> {
  const path = socketPath(runDir, name, 'req');
  chmodSync(temporary, SOCKET_MODE);
  const unlock = await lockTakeover(runDir, name);
  try {
    if (await isListening(path))
      throw new SluiceError(
        'already-running',
        `another ${name} is already running in ${runDir}: stop it first`,
      );
    rmSync(path, { force: true });
    linkSync(temporary, path);
    unlinkSync(temporary);
  } finally {
    unlock();
  }
}

/** Gives a second socket of the process that holds the name its path, over whatever a dead one left there. */
export function replaceSocket(temporary: string, path: string): void {
  chmodSync(temporary, SOCKET_MODE);
  renameSync(temporary, path);
}

/** Removes sockets that processes left which died between binding and naming them. */
export async function sweepTemporarySockets(runDir: string): Promise<void> {
  for (const entry of readdirSync(runDir)) {
    if (!/^\.[0-9a-f]{8}$/.test(entry)) continue;
    const path = join(runDir, entry);
    const changedMs = statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Date.now();
    // A younger one may be bound but not listening yet.
    if (Date.now() - changedMs < SWEEP_AFTER_MS || (await isListening(path))) continue;
    rmSync(path, { force: true });
  }
}

/** The inode at a path, or null when there is none. */
export function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/**
 * One taker at a time, by an abstract socket: the kernel lets go of it when its holder dies. Waits a while for
 * another taker, but no longer, for anyone in the network namespace could hold that name.
 */
async function lockTakeover(runDir: string, name: string): Promise<() => void> {
  const { dev, ino } = statSync(runDir);
  const lockName = `\0sluice-takeover-${dev}-${ino}-${name}`;
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = await tryListen(lockName);
    if (lock) return () => void lock.close();
    if (performance.now() > deadline) return () => undefined;
    await delay(LOCK_RETRY_MS);
  }
}

/** Null when another has the name. */
function tryListen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (codeOf(error) === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen({ path }, () => resolve(server));
  });
}

/** False only when nobody can be behind the socket: a process that is stopped or busy still listens. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error) => {
      const code = codeOf(error);
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

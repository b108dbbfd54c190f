// Removes every trace of one lab. Synchronous, so that it also works while the process is exiting, and the
// same for a lab's own stop, for the sweep of dead ones, and on the way out: there is one way to remove a lab.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { codeOf, isAlive, type ProcessId } from '@sluice/shared';
import { LabError } from '../errors.js';
import { signalProcess } from './command.js';
import { holderFile, labDirectory, NETNS_ROOT, parseNamespaceName } from './paths.js';
import { type NamespaceKey, namespaceKey, processesIn } from './processes.js';

const KILL_DEADLINE_MS = 5000;

/**
 * Kills what lives in the lab's namespaces (SIGKILL), deletes them (their veths and mounts go with them) and
 * its directory. Works on what is left of one half removed, and beside another process removing the same.
 * Throws LabError `leftover` naming what would not go.
 */
export function removeLab(id: string): void {
  const namespaces = namespacesOf(id);
  killAll(id, namespaces);
  deleteNamespaces(namespaces);
  rmSync(labDirectory(id), { recursive: true, force: true });
}

/** Names of the network namespaces that belong to a lab. */
function namespacesOf(id: string): string[] {
  return labNamespaces().filter((namespace) => parseNamespaceName(namespace)?.id === id);
}

/** Names of the network namespaces of every lab. */
export function labNamespaces(): string[] {
  return entriesOf(NETNS_ROOT).filter((namespace) => parseNamespaceName(namespace) !== null);
}

/** Entries of a directory; none when it does not exist. */
export function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function killAll(id: string, namespaces: string[]): void {
  const keys = keysOf(id, namespaces);
  const deadline = performance.now() + KILL_DEADLINE_MS;
  for (;;) {
    const pids = processesIn(keys);
    if (pids.length === 0) return;
    if (performance.now() > deadline) {
      throw new LabError('leftover', `lab ${id}: processes ${pids.join(', ')} do not end, even on SIGKILL`);
    }
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    sleepSync(2);
  }
}

function keysOf(id: string, namespaces: string[]): Set<NamespaceKey> {
  const holders = entriesOf(labDirectory(id)).flatMap((node) => readHolder(id, node) ?? []);
  const keys = [
    ...namespaces.map((namespace) => namespaceKey(`${NETNS_ROOT}/${namespace}`)),
    ...holders.filter(isAlive).map(({ pid }) => namespaceKey(`/proc/${pid}/ns/mnt`)),
  ].filter((key) => key !== null);
  // The machine's own namespaces hold everything else: whatever a stale record says, they are not a lab's.
  const own = ['net', 'mnt'].map((kind) => namespaceKey(`/proc/self/ns/${kind}`));
  return new Set(keys.filter((key) => !own.includes(key)));
}

/** The process that keeps a node's mount namespace, or null when the node has none (yet). */
export function readHolder(id: string, node: string): ProcessId | null {
  try {
    return JSON.parse(readFileSync(holderFile(id, node), 'utf8')) as ProcessId;
  } catch (error) {
    const code = codeOf(error);
    // A record cut short by a kill -9 is no record: its node's processes are found by the network namespace.
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function deleteNamespaces(namespaces: string[]): void {
  const present = namespaces.filter((namespace) => existsSync(`${NETNS_ROOT}/${namespace}`));
  if (present.length === 0) return;
  try {
    execFileSync('ip', ['-force', '-batch', '-'], {
      input: present.map((namespace) => `netns del ${namespace}\n`).join(''),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // Another process may have deleted some of them first; what counts is that they are gone.
    const left = present.filter((namespace) => existsSync(`${NETNS_ROOT}/${namespace}`));
    if (left.length > 0) {
      throw new LabError('leftover', `cannot delete the network namespaces ${left.join(', ')}`, {
        cause: error,
      });
    }
  }
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

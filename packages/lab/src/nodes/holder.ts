// A node's holder: the long-lived process that keeps the node's namespaces, so that every process of the node
// enters the same ones and sees the same private /run.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type ProcessId, processById } from '@sluice/shared';
import { LabError } from '../errors.js';
import { runCommand } from '../system/command.js';
import { holderFile, NETNS_ROOT, namespaceName, nodeDirectory } from '../system/paths.js';

export interface Sysctls {
  /** Forwards IPv4 (and IPv6, when it is on) between its interfaces. */
  forward: boolean;
  /** IPv6 is off unless wanted: its neighbour and multicast chatter is in the way of tests that count frames. */
  ipv6: boolean;
}

/**
 * Runs in the new namespaces; $1 is the node's directory, $2 forwarding, $3 "IPv6 is off".
 *
 * - /run/netns goes first: a copy of its mounts would keep other labs' namespaces alive.
 * - /sys is mounted again, because a sysfs shows the devices of the namespace that it was mounted in.
 * - /run becomes an empty tmpfs in which only the node's own directory is the machine's, at the same path, so
 *   that sockets and logs in it are reached from both sides, by every user. It is put together aside and then moved, since
 *   the directory cannot be found any more once /run is covered. No mount table is kept (-n): it is in /run.
 * - Forwarding is set either way: a new namespace inherits what the machine has. Reverse-path filtering
 *   (the larger of "all" and the device's own) is off, and so are the redirects that a router would answer
 *   to packets that leave where they came.
 */
const SETUP = `
umask 022
umount -n -l /run/netns
mount -n -t sysfs sysfs /sys
mkdir "$1/.run"
mount -n -t tmpfs -o mode=755 tmpfs "$1/.run"
mkdir -p "$1/.run/\${1#/run/}" "$1/.run/lock"
mount -n --bind "$1" "$1/.run/\${1#/run/}"
mount -n --move "$1/.run" /run
rmdir "$1/.run"
for c in all default; do
  echo 0 > /proc/sys/net/ipv4/conf/$c/rp_filter
  echo 0 > /proc/sys/net/ipv4/conf/$c/send_redirects
done
echo "$2" > /proc/sys/net/ipv4/ip_forward
if [ -d /proc/sys/net/ipv6 ]; then
  for c in all default lo; do
    echo "$3" > /proc/sys/net/ipv6/conf/$c/disable_ipv6
    echo 0 > /proc/sys/net/ipv6/conf/$c/accept_dad
  done
  echo "$2" > /proc/sys/net/ipv6/conf/all/forwarding
fi
ip link set lo up
echo ready
exec sleep infinity > /dev/null 2>&1
`;

const READY_DEADLINE_MS = 30_000;

/** Makes the node's network and mount namespaces. Its directory exists. Throws LabError when a step fails. */
export async function startHolder(id: string, node: string, sysctls: Sysctls): Promise<ProcessId> {
  const namespace = namespaceName(id, node);
  await runCommand(['ip', 'netns', 'add', namespace]);
  const script = ['/bin/sh', '-euc', SETUP, 'holder', nodeDirectory(id, node)];
  const child = spawn(
    'nsenter',
    [
      `--net=${NETNS_ROOT}/${namespace}`,
      ...['unshare', '--mount', '--propagation', 'private'],
      ...script,
      sysctls.forward ? '1' : '0',
      sysctls.ipv6 ? '0' : '1',
    ],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  await ready(child, node);
  // Each program of the chain replaces itself by the next: the child's number is the holder's.
  const identity = processById(child.pid!);
  if (identity === null) throw new LabError('node-dead', `the holder of node ${node} ended at once`);
  writeFileSync(holderFile(id, node), JSON.stringify(identity), { mode: 0o600 });
  child.unref();
  return identity;
}

function ready(child: ChildProcess, node: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new LabError('node-dead', `node ${node} could not be set up: ${errors.trim() || why}`));
    };
    const timer = setTimeout(() => fail('it took too long'), READY_DEADLINE_MS);
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes('ready\n')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`it ended with status ${code}`));
  });
}

// Which processes live in a namespace, found as `ip netns pids` finds them: by the links in /proc.
import { readdirSync, statSync } from 'node:fs';
import { codeOf } from '@sluice/shared';

/** A namespace's identity: device and inode of its nsfs file (ioctl_ns(2)). */
export type NamespaceKey = string;

/** Null when there is none at that path: the process or the name has gone, or is a zombie, which has no namespaces. */
export function namespaceKey(path: string): NamespaceKey | null {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return null;
    throw error;
  }
}

/**
 * Every process whose network or mount namespace is one of these; never this process. One that may not be looked at
 * (EACCES: it has rights that this process lacks) was not started from here and is left out, as by iproute2.
 */
export function processesIn(namespaces: ReadonlySet<NamespaceKey>): number[] {
  if (namespaces.size === 0) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid)
    .filter((pid) =>
      (['net', 'mnt'] as const).some((kind) => {
        const key = namespaceOfProcess(pid, kind);
        return key !== null && namespaces.has(key);
      }),
    );
}

function namespaceOfProcess(pid: number, kind: 'net' | 'mnt'): NamespaceKey | null {
  try {
    return namespaceKey(`/proc/${pid}/ns/${kind}`);
  } catch (error) {
    if (codeOf(error) === 'EACCES') return null;
    throw error;
  }
}

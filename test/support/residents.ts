// Which programs live in a node: the same after whatever befell them as before, and none twice.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';

/** How often in a row they must be seen: the data plane runs `ip` now and then, and what forks is there twice for a moment. */
const LOOKS = 5;

/** The command lines of what stays in the node's network namespace, sorted. */
export async function residents(node: LabNode): Promise<string[]> {
  let seen = present(node);
  let looks = 0;
  await until(
    `${node.name} to have the same processes for a while`,
    () => {
      const again = present(node);
      looks = again.join('\n') === seen.join('\n') ? looks + 1 : 0;
      seen = again;
      return looks >= LOOKS;
    },
    { intervalMs: 100 },
  );
  return seen;
}

function present(node: LabNode): string[] {
  const namespace = networkOf(String(node.holder.pid));
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && networkOf(entry) === namespace)
    .map((pid) =>
      readOrEmpty(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        .replaceAll('\0', ' ')
        .trim(),
    )
    .filter((line) => line !== '')
    .sort();
}

/** Waits until exactly these live there: programs that look something up come and go. */
export async function only(node: LabNode, expected: readonly string[], deadlineMs: number): Promise<void> {
  await until(
    `the same processes as before in ${node.name}`,
    () => {
      assert.deepEqual(present(node), expected);
      return true;
    },
    { deadlineMs, intervalMs: 200 },
  );
}

/** Empty for a process that has ended, and for one that has rights which this one lacks: it was not started from here. */
function networkOf(pid: string): string {
  return readOrEmpty(() => readlinkSync(`/proc/${pid}/ns/net`));
}

function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return '';
    throw error;
  }
}

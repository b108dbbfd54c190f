// Keeps the logs of supervised processes from filling the disk: the run directory mostly lies in memory, and the
// data plane's journal is in it too.
import { chmodSync, copyFileSync, statSync, truncateSync } from 'node:fs';

/**
 * When a log has grown past `maxBytes`, its content goes to `<file>.1`, in place of what was there, and the file
 * begins anew. Its writers keep it open; they append (O_APPEND), and so go on at its beginning. A line that is
 * written between the copy and the cut is lost. Returns whether it was cut; false also when there is no such file.
 * Errors: those of the file system.
 */
export function limitLog(file: string, maxBytes: number): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return false;
  const former = `${file}.1`;
  copyFileSync(file, former);
  chmodSync(former, 0o600);
  truncateSync(file, 0);
  return true;
}

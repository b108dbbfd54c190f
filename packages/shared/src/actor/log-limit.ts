// Keeps the logs of supervised processes from filling the disk: the run directory mostly lies in memory, and the
// data plane's journal is in it too.
import { chmodSync, chownSync, constants, copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';

/**
 * When a log has grown past `maxBytes`, its content goes to `<file>.1`, in place of what was there, and the file
 * begins anew. Its writers keep it open; they append (O_APPEND), and so go on at its beginning. A line that is
 * written between the copy and the cut is lost. What is beside it is for the same readers. Returns whether it was cut; false also when there is no such file.
 * Errors: those of the file system.
 */
export function limitLog(file: string, maxBytes: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || stat.size <= maxBytes) return false;
  const former = `${file}.1`;
  // Made anew: where others may make files too, one of theirs could be a link to somewhere else.
  rmSync(former, { force: true });
  copyFileSync(file, former, constants.COPYFILE_EXCL);
  if (process.geteuid?.() === 0) chownSync(former, stat.uid, stat.gid);
  chmodSync(former, stat.mode & 0o640);
  truncateSync(file, 0);
  return true;
}

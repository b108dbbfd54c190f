// A file that is there whole after a crash: the old content, or the new one.
import { open, realpath, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '@sluice/shared';

/**
 * Writes beside the file and renames. A file that cannot be replaced, because it is mounted on its own into a container,
 * is written in place. A link stays one, and an existing file keeps its mode. Errors: errno of writing.
 *
 * @param mode Of a new file.
 */
export async function writeDurably(path: string, content: string, mode: number): Promise<void> {
  const file = await existing(path);
  const target = file?.path ?? path;
  try {
    await writeSynced(`${target}.new`, content, file?.mode ?? mode);
    await rename(`${target}.new`, target);
  } catch (error) {
    if (file === null || !['EBUSY', 'EXDEV', 'EROFS', 'EACCES'].includes(codeOf(error) ?? '')) throw error;
    await writeSynced(target, content, file.mode);
    return;
  }
  const directory = await open(dirname(target));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeSynced(path: string, content: string, mode: number): Promise<void> {
  const handle = await open(path, 'w', mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function existing(path: string): Promise<{ path: string; mode: number } | null> {
  try {
    const real = await realpath(path);
    return { path: real, mode: (await stat(real)).mode & 0o777 };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

// Reads a configuration file, or says in a sentence why it cannot.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A configuration of ten thousand tunnels is some 4 MiB; more is a wrong file. */
const CONFIG_SIZE_LIMIT = 16 << 20;

export type FileText = { text: string } | { error: string };

export async function readConfigFile(path: string): Promise<FileText> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { error: `${path} cannot be read: ${openFailure(error)}` };
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return { error: `${path} is not a regular file: name the file of a configuration` };
    if (stat.size > CONFIG_SIZE_LIMIT) {
      return {
        error: `${path} has ${stat.size} bytes, and a configuration at most ${CONFIG_SIZE_LIMIT}: is it the right file?`,
      };
    }
    return decode(path, await handle.readFile());
  } finally {
    await handle.close();
  }
}

function decode(path: string, content: Buffer): FileText {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(content) };
  } catch {
    return { error: `${path} is not UTF-8 text: is it the right file?` };
  }
}

function openFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission is denied, so run as root or change its mode';
  if (code === 'ENOTDIR') return 'a part of its path is not a directory';
  return error instanceof Error ? error.message : String(error);
}

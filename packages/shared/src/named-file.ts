// A file that the configuration names: secrets, certificates, the configuration itself.
//
// They are root's, and mostly closed to others. A process that runs as a user of its own asks its supervisor for those
// that it may not open itself.
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { codeOf } from './actor/errors.js';
import { askSupervisor, type FileStat, hasSupervisor, type SupervisorRequest } from './supervisor-request.js';

export interface NamedFile {
  stat: FileStat;
  /** Empty of what is no regular file, or longer than the limit. */
  bytes: Buffer;
}

/** Opens and reads it in this process. Errors: the system's. */
export async function readOwnFile(path: string, limitBytes: number): Promise<NamedFile> {
  // Not blocking: a FIFO would otherwise hold the process until somebody writes into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await readOpenFile(file, limitBytes);
  } finally {
    await file.close();
  }
}

/** Its state is asked of the open file, not of the path: what was looked at is what is read. */
export async function readOpenFile(file: FileHandle, limitBytes: number): Promise<NamedFile> {
  const stat = statOf(await file.stat({ bigint: true }));
  if (!stat.regular || stat.size > limitBytes) return { stat, bytes: Buffer.alloc(0) };
  const bytes = Buffer.alloc(Math.min(limitBytes, stat.size + 1));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return { stat, bytes: bytes.subarray(0, bytesRead) };
}

/** Reads it, or has it read. Errors: the system's, or with the code `EACCES` the supervisor's sentence. */
export async function readNamedFile(path: string, limitBytes: number): Promise<NamedFile> {
  return unlessClosed(() => readOwnFile(path, limitBytes), { op: 'read', path, limit_bytes: limitBytes });
}

/** What it is without reading it. Errors: as `readNamedFile`. */
export async function statNamedFile(path: string): Promise<FileStat> {
  const { stat: found } = await unlessClosed(
    async () => ({ stat: statOf(await stat(path, { bigint: true })), bytes: Buffer.alloc(0) }),
    { op: 'stat', path },
  );
  return found;
}

/** Has the supervisor write it whole. False where there is none, and whoever asks may write it. Errors: as above. */
export async function writeNamedFile(path: string, text: string): Promise<boolean> {
  if (!hasSupervisor()) return false;
  await askSupervisor({ op: 'write', path, text });
  return true;
}

export function statOf(found: {
  dev: bigint;
  ino: bigint;
  ctimeNs: bigint;
  size: bigint;
  uid: bigint;
  mode: bigint;
  isFile(): boolean;
}): FileStat {
  return {
    dev: `${found.dev}`,
    ino: `${found.ino}`,
    ctime_ns: `${found.ctimeNs}`,
    size: Number(found.size),
    uid: Number(found.uid),
    mode: Number(found.mode & 0o7777n),
    regular: found.isFile(),
  };
}

async function unlessClosed(own: () => Promise<NamedFile>, request: SupervisorRequest): Promise<NamedFile> {
  try {
    return await own();
  } catch (error) {
    if (!hasSupervisor() || codeOf(error) !== 'EACCES') throw error;
    const { stat: found, base64 } = await askSupervisor(request);
    if (found === undefined) throw error;
    return { stat: found, bytes: Buffer.from(base64 ?? '', 'base64') };
  }
}

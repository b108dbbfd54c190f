// Files by SFTP (draft-ietf-secsh-filexfer-02, version 3): captures to take away, configurations to bring.
//
//   /captures   what `capture write NAME` wrote; administrators only
//   /files      what was brought, for `load NAME` in configure mode; administrators only
//
// Nothing else of the box can be seen.
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { codeOf, type Logger } from '@sluice/shared';
import ssh2, { type Attributes, type FileEntry, type SFTPWrapper } from 'ssh2';
import type { SessionUser } from '../shell/session.js';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

const DIRECTORIES = ['captures', 'files'];
/** Of what is brought. */
const FILE_MAX = 16 << 20;
const READ_MAX = 1 << 18;
/** Open at a time in one session. */
const HANDLES_MAX = 16;

interface Handle {
  /** What is still to be listed, or the open file. */
  listing: FileEntry[] | null;
  file: FileHandle | null;
}

/** Serves an SFTP session until it ends. */
export function serveFiles(
  sftp: SFTPWrapper,
  { stateDir, user, log }: { stateDir: string; user: SessionUser; log: Logger },
): void {
  const handles = new Map<number, Handle>();
  let next = 0;
  const status = (id: number, code: number, message = ''): void => void sftp.status(id, code, message);
  const handleOf = (buffer: Buffer): Handle | undefined =>
    buffer.length === 4 ? handles.get(buffer.readUInt32BE(0)) : undefined;

  /** Runs the body of a request; what it throws becomes the request's status. */
  const answer = (id: number, body: () => Promise<void>): void => {
    body().catch((error: unknown) => {
      if (error instanceof Refusal) return status(id, error.code, error.message);
      const code = codeOf(error) === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE;
      status(id, code, error instanceof Error ? error.message.replace(stateDir, '') : '');
    });
  };
  const newHandle = (id: number, handle: Handle): void => {
    if (handles.size >= HANDLES_MAX) throw new Refusal(STATUS_CODE.FAILURE, 'too many open files');
    const number = next++;
    handles.set(number, handle);
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(number, 0);
    sftp.handle(id, buffer);
  };
  const attributes = async (path: Place): Promise<Attributes> => {
    if (path.name === null) return DIRECTORY;
    const { size, mtimeMs } = await stat(pathOf(path));
    return {
      mode: 0o100600,
      uid: 0,
      gid: 0,
      size,
      atime: Math.floor(mtimeMs / 1000),
      mtime: Math.floor(mtimeMs / 1000),
    };
  };
  const pathOf = ({ directory, name }: Place): string => join(stateDir, directory ?? '', name ?? '');
  const placeOf = (text: string): Place => {
    if (user.role !== 'admin')
      throw new Refusal(STATUS_CODE.PERMISSION_DENIED, 'only administrators have files here');
    return parsePlace(text);
  };

  sftp.on('REALPATH', (id, path) => {
    const filename = posix.normalize(`/${path}`);
    sftp.name(id, [{ filename, longname: filename, attrs: DIRECTORY }]);
  });
  const onStat = (id: number, path: string): void =>
    answer(id, async () => void sftp.attrs(id, await attributes(placeOf(path))));
  sftp.on('STAT', onStat);
  sftp.on('LSTAT', onStat);
  sftp.on('FSTAT', (id, buffer) =>
    answer(id, async () => {
      const { size, mtimeMs } = await openFile(handleOf(buffer)).stat();
      const seconds = Math.floor(mtimeMs / 1000);
      sftp.attrs(id, { mode: 0o100600, uid: 0, gid: 0, size, atime: seconds, mtime: seconds });
    }),
  );
  // Times and modes that a client wants to keep say nothing here.
  sftp.on('SETSTAT', (id) => status(id, STATUS_CODE.OK));
  sftp.on('FSETSTAT', (id) => status(id, STATUS_CODE.OK));
  sftp.on('OPENDIR', (id, path) =>
    answer(id, async () => {
      const place = placeOf(path);
      if (place.name !== null) throw new Refusal(STATUS_CODE.FAILURE, 'that is no directory');
      const names = place.directory === null ? DIRECTORIES : await namesIn(pathOf(place));
      const listing = await Promise.all(
        names.map(async (filename) => {
          const attrs = place.directory === null ? DIRECTORY : await attributes({ ...place, name: filename });
          const kind = place.directory === null ? 'drwx------' : '-rw-------';
          return {
            filename,
            longname: `${kind} 1 sluice sluice ${attrs.size} Jan  1 00:00 ${filename}`,
            attrs,
          };
        }),
      );
      newHandle(id, { listing, file: null });
    }),
  );
  sftp.on('READDIR', (id, buffer) => {
    const handle = handleOf(buffer);
    if (!handle || handle.listing === null) return status(id, STATUS_CODE.FAILURE);
    if (handle.listing.length === 0) return status(id, STATUS_CODE.EOF);
    sftp.name(id, handle.listing.splice(0, 100));
  });
  sftp.on('OPEN', (id, path, flags) =>
    answer(id, async () => {
      const place = placeOf(path);
      if (place.name === null) throw new Refusal(STATUS_CODE.FAILURE, 'that is a directory');
      const writes = (flags & OPEN_MODE.WRITE) !== 0;
      if (writes && place.directory !== 'files')
        throw new Refusal(STATUS_CODE.PERMISSION_DENIED, 'files are brought to /files');
      if (writes) await mkdir(join(stateDir, 'files'), { recursive: true, mode: 0o700 });
      const mode = writes ? constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC : constants.O_RDONLY;
      newHandle(id, { listing: null, file: await open(pathOf(place), mode | constants.O_NOFOLLOW, 0o600) });
      if (writes) log.info({ user: user.name, file: place.name }, 'a file is brought');
    }),
  );
  sftp.on('READ', (id, buffer, offset, length) =>
    answer(id, async () => {
      const size = Math.min(length, READ_MAX);
      const { bytesRead, buffer: data } = await openFile(handleOf(buffer)).read(
        Buffer.alloc(size),
        0,
        size,
        offset,
      );
      if (bytesRead === 0) status(id, STATUS_CODE.EOF);
      else sftp.data(id, data.subarray(0, bytesRead));
    }),
  );
  sftp.on('WRITE', (id, buffer, offset, data) =>
    answer(id, async () => {
      if (offset + data.length > FILE_MAX)
        throw new Refusal(STATUS_CODE.FAILURE, `a configuration has at most ${FILE_MAX} octets`);
      await openFile(handleOf(buffer)).write(data, 0, data.length, offset);
      status(id, STATUS_CODE.OK);
    }),
  );
  sftp.on('CLOSE', (id, buffer) =>
    answer(id, async () => {
      const handle = handleOf(buffer);
      if (!handle) throw new Refusal(STATUS_CODE.FAILURE, 'not open');
      handles.delete(buffer.readUInt32BE(0));
      await handle.file?.close();
      status(id, STATUS_CODE.OK);
    }),
  );
  sftp.on('REMOVE', (id, path) =>
    answer(id, async () => {
      const place = placeOf(path);
      if (place.name === null) throw new Refusal(STATUS_CODE.FAILURE, 'that is a directory');
      await unlink(pathOf(place));
      status(id, STATUS_CODE.OK);
    }),
  );
  for (const request of ['MKDIR', 'RMDIR', 'RENAME', 'READLINK', 'SYMLINK', 'EXTENDED'] as const) {
    sftp.on(request, (id: number) => status(id, STATUS_CODE.OP_UNSUPPORTED));
  }
  // The client has no more to ask: what it waits for is an exit status, and the end of the channel.
  sftp.on('end', () => {
    const { _protocol, outgoing } = sftp as unknown as ExitOfChannel;
    _protocol.exitStatus(outgoing.id, 0);
    sftp.end();
  });
  sftp.on('close', () => {
    for (const { file } of handles.values()) file?.close().catch(() => undefined);
    handles.clear();
  });
}

/** OpenSSH's scp takes the lack of a status for a failure, and ssh2 has no call for it in a session of SFTP. */
interface ExitOfChannel {
  _protocol: { exitStatus(channel: number, code: number): void };
  outgoing: { id: number };
}

const DIRECTORY: Attributes = { mode: 0o40700, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };

class Refusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

function openFile(handle: Handle | undefined): FileHandle {
  if (!handle?.file) throw new Refusal(STATUS_CODE.FAILURE, 'not open');
  return handle.file;
}

/** Both null: the root. */
interface Place {
  directory: string | null;
  name: string | null;
}

function parsePlace(text: string): Place {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const [directory = null, name = null, ...deeper] = parts;
  const known = directory === null || DIRECTORIES.includes(directory);
  if (!known || deeper.length > 0 || (name !== null && !/^\w[\w.-]*$/.test(name)))
    throw new Refusal(STATUS_CODE.NO_SUCH_FILE, 'there are captures/NAME and files/NAME, of plain names');
  return { directory, name };
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

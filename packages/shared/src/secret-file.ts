// Reads a secret from the file that the configuration names.
import { readNamedFile } from './named-file.js';
import type { FileStat } from './supervisor-request.js';

/** An RSA key of 16,384 bits takes 12,600 octets; a wrong path (a log, a device) is noticed before it is read. */
const SECRET_MAX = 16_384;
const OTHERS_MAY = 0o077;

/**
 * The bytes of the secret without one trailing newline. The caller overwrites them after use.
 * @throws Error a sentence that tells the operator what to do about the file
 */
export async function readSecretFile(path: string, what = 'pre-shared key'): Promise<Buffer> {
  const { stat, bytes } = await readNamedFile(path, SECRET_MAX).catch((error: unknown) => {
    throw cannotOpen(path, what, error);
  });
  try {
    checkSecret(path, what, stat);
    let { length } = bytes;
    if (length > 0 && bytes[length - 1] === 0x0a) length--;
    if (length > 0 && length < bytes.length && bytes[length - 1] === 0x0d) length--;
    if (length === 0) throw new Error(`The secret file ${path} is empty: write the ${what} into it.`);
    return Buffer.from(bytes.subarray(0, length));
  } finally {
    bytes.fill(0);
  }
}

function checkSecret(path: string, what: string, stat: FileStat): void {
  if (!stat.regular)
    throw new Error(`The secret file ${path} is not a regular file: put the ${what} into one.`);
  const uid = process.geteuid?.() ?? 0;
  if (stat.uid !== uid && stat.uid !== 0) {
    throw new Error(
      `The secret file ${path} belongs to user ${stat.uid}: give it to root (chown root ${path}).`,
    );
  }
  if ((stat.mode & OTHERS_MAY) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    throw new Error(`The secret file ${path} has mode ${mode}, open to others: run chmod 600 ${path}.`);
  }
  if (stat.size > SECRET_MAX) {
    throw new Error(
      `The secret file ${path} has ${stat.size} bytes, more than a secret can have (${SECRET_MAX}): is it the right file?`,
    );
  }
}

function cannotOpen(path: string, what: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const because =
    code === 'ENOENT'
      ? `is missing: create it with the ${what} in it and mode 0600`
      : code === 'ELOOP'
        ? 'is a loop of symbolic links: point it to a file'
        : code === 'EACCES'
          ? `cannot be read (${error instanceof Error ? error.message : ''}): give the file and its directories to root`
          : `cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  return new Error(`The secret file ${path} ${because}.`, { cause: error });
}

// From a user's file to a module that workers can load: read, compiled, tried once in a thread of its own.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CheckAnswer, CheckedNode } from './check-main.js';
import { UserNodeError } from './user-node-error.js';

/** A node is a page of text; this bounds what a mistaken path reads. */
const FILE_BYTES_MAX = 1 << 20;
/** How long a file may take to load. Generous: on a busy core the thread's own start takes half a second. */
const CHECK_MS = 5_000;

export interface LoadedFile {
  /** Of the file's text: what tells one version from another. */
  hash: string;
  /** Where workers import the compiled module from. */
  url: string;
  node: CheckedNode;
}

/**
 * Reads and compiles `file` into `directory`. @throws UserNodeError, a sentence, when the file cannot be read, others
 * may write it, it is no node, or it does not finish loading.
 */
export async function loadUserFile(file: string, directory: string): Promise<LoadedFile> {
  const source = await read(file);
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const api = new URL('./api.js', import.meta.url).href;
  const budget = new URL('./loop-budget.js', import.meta.url).href;
  // Parser and type stripper are large: a gateway without nodes of users does not load them.
  const { compileUserNode } = await import('./compile.js');
  const code = compileUserNode(source, file, { api, budget });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${basename(file).replace(/\.[cm]?[jt]s$/, '')}-${hash}.user.mjs`);
  await writeFile(path, code, { mode: 0o600 });
  const url = pathToFileURL(path).href;
  return { hash, url, node: await check(url, file) };
}

/** The hash of what a file says now; null when it cannot be read. */
export async function hashOfFile(file: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await read(file))
      .digest('hex')
      .slice(0, 16);
  } catch (error) {
    if (error instanceof UserNodeError) return null;
    throw error;
  }
}

async function read(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    // The data plane may read what root owns, but not what root may read of others.
    const advice = error.code === 'EACCES' ? ': give the file and its directories to root' : '';
    throw new UserNodeError(`${file} cannot be read: ${error.code ?? error.message}${advice}`);
  });
  try {
    const { size, mode, uid } = await handle.stat();
    if (size > FILE_BYTES_MAX) throw new UserNodeError(`${file} has ${size} bytes: a node has 1 MiB at most`);
    // It runs with the data plane's rights: whoever may write it could do whatever those allow.
    if (mode & 0o022 || (uid !== 0 && uid !== process.getuid?.())) {
      throw new UserNodeError(`${file} may be written by others than root: chown root and chmod go-w it`);
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function check(url: string, file: string): Promise<CheckedNode> {
  const thread = new Worker(new URL('./check-main.js', import.meta.url), {
    name: 'node-check',
    workerData: url,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<CheckAnswer>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', () => resolve({ error: 'it ended the thread that loaded it' }));
      timer = setTimeout(() => resolve({ error: `it was not loaded within ${CHECK_MS} ms` }), CHECK_MS);
    });
    if ('error' in answer) throw new UserNodeError(`${file}: ${answer.error}`);
    return answer.ok;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

// One set-up at a time in a clone. The kernel's own lock (flock) is what decides: it is released when its holder
// dies, whatever way it dies, so that there is no stale lock to find out about.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupError, say } from './say.mjs';

/**
 * Runs a function while holding the lock of a file, which is created when it does not exist.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withLock(file, body) {
  mkdirSync(dirname(file), { recursive: true });
  let release = await acquire(file, ['--nonblock']);
  if (!release) {
    say('another set-up is under way in this clone: waiting for it');
    release = await acquire(file, []);
  }
  if (!release) throw new SetupError(`${file} cannot be locked: see that the folder can be written to.`);
  try {
    return await body();
  } finally {
    await release();
  }
}

/**
 * flock(1) holds the lock for as long as a shell lives that waits for the end of its input; that end comes when this
 * process closes the pipe or is gone. A process group of its own keeps Ctrl-C from ending it before us.
 * @param {string} file
 * @param {string[]} options
 * @returns {Promise<(() => Promise<void>) | null>} Releases the lock; null when it was not to be had.
 */
function acquire(file, options) {
  const holder = spawn('flock', [...options, file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = new Promise((resolve) => holder.once('close', resolve));
  return new Promise((resolve, reject) => {
    holder.once('error', reject);
    holder.stdout.once('data', () =>
      resolve(async () => {
        holder.stdin.end();
        await ended;
      }),
    );
    ended.then(() => resolve(null));
  });
}

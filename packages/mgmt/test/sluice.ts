// Runs the sluice command as a child process, as an operator does.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const EXECUTABLE = fileURLToPath(new URL('../../../../bin/sluice.mjs', import.meta.url));

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Never rejects for what the command does; a command that hangs is killed after 30 s, and its code is -1. */
export function sluice(...args: string[]): Promise<Ended> {
  return sluiceIn(process.cwd(), ...args);
}

/** The same, in a directory. */
export function sluiceIn(cwd: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [EXECUTABLE, ...args],
      { cwd, timeout: 30_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

// Which process runs under a name: `<runDir>/<name>.pid`, for a supervisor that takes over from a killed one.
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './errors.js';
import { isAlive, type ProcessId, processIdSchema } from './process-id.js';

export class PidFile {
  readonly path: string;

  constructor(runDir: string, name: string) {
    this.path = join(runDir, `${name}.pid`);
  }

  /** The process that the file names, if it is still alive. */
  read(): ProcessId | null {
    let text: string;
    try {
      // One that another user made in a shared run directory names whom that user wants to be signalled.
      if (lstatSync(this.path).uid !== process.geteuid?.()) return null;
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
    const parsed = processIdSchema.safeParse(parseJson(text));
    return parsed.success && isAlive(parsed.data) ? parsed.data : null;
  }

  /** Whole or not at all, whenever the writer is killed. */
  write(process: ProcessId): void {
    const temporary = `${this.path}.new`;
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${JSON.stringify(process)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a file that is none of ours names no process
  }
}

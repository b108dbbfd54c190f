// What a test needs and must not leave behind: a directory, processes, clients, servers.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger, type Logger } from '../../src/index.js';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

export class Sandbox {
  readonly dir = mkdtempSync(join(tmpdir(), `sluice-${process.pid}-`));
  readonly runDir = join(this.dir, 'run');
  /** Every line that was logged through `log`. */
  readonly logged: string[] = [];
  readonly log: Logger = createLogger({
    name: 'test',
    level: 'trace',
    destination: { write: (line) => void this.logged.push(line) },
  });
  readonly #cleanups: (() => void | Promise<void>)[] = [];

  /** Runs at the end of the test, last added first. */
  onEnd(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  /** Closes it at the end of the test. */
  own<T extends { close(): void | Promise<void> }>(closeable: T): T {
    this.onEnd(() => closeable.close());
    return closeable;
  }

  /** Runs a fixture as a process, and resolves when it has printed its first line. */
  async run(fixture: string, ...args: string[]): Promise<{ child: ChildProcess; line: string }> {
    const child = spawn(process.execPath, [join(FIXTURES, `${fixture}.js`), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.onEnd(() => endProcess(child));
    const [chunk] = (await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${fixture} ended with ${code} before it printed anything`);
      }),
    ])) as [Buffer];
    return { child, line: chunk.toString().trim() };
  }

  async end(): Promise<void> {
    try {
      for (const cleanup of this.#cleanups.reverse()) await cleanup();
    } finally {
      rmSync(this.dir, { recursive: true, force: true });
    }
  }
}

export async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** File descriptors that this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

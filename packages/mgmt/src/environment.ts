// Where a command runs: its output, its gateway, and what ends it early. The command tree is built for one of these, so
// that the local `sluice` and a session over SSH have the same commands.
import type { Writable } from 'node:stream';

export interface Environment {
  /** What was asked for; text that ends with a newline. */
  out(text: string): void;
  /** What is said beside it. */
  err(text: string): void;
  /** The run directory of the gateway that a session belongs to; null where --run-dir says it. */
  readonly runDir: string | null;
  /** Where `capture -w NAME` writes: files of this directory alone, or null for any path of the caller's. */
  readonly captureDir: string | null;
  /** For binary output (`capture -w -`); null where the output is a terminal of ours. */
  readonly binaryOut: Writable | null;
  /** Runs a body that lasts until it is done, or until somebody presses Ctrl-C or goes away: then the signal aborts. */
  interruptible<T>(body: (interrupted: AbortSignal) => Promise<T>): Promise<T>;
}

/** The terminal that `sluice` was called in. */
export const processEnvironment: Environment = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  runDir: null,
  captureDir: null,
  binaryOut: process.stdout,
  async interruptible(body) {
    const interrupted = new AbortController();
    const interrupt = (): void => interrupted.abort();
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    try {
      return await body(interrupted.signal);
    } finally {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    }
  },
};

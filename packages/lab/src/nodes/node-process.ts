// A long-running process of a node: its log file, its readiness, its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { until } from '@sluice/shared';
import { LabError } from '../errors.js';
import { signalProcess } from '../system/command.js';
import { isListening } from './listening.js';

/**
 * When a process counts as started: its log matches; it (or another of its node) is bound to a port;
 * or whatever a function finds.
 */
export type Ready = { log: RegExp } | { tcp: number } | { udp: number } | (() => boolean | Promise<boolean>);

export interface StartOptions {
  /** Names its log file, `<name>.log` in the node's directory; the program's name unless told. */
  name?: string;
  env?: Record<string, string>;
  ready?: Ready;
  /** Milliseconds until it must be ready; 30,000 unless told. */
  readyMs?: number;
}

export interface Spawn {
  node: string;
  name: string;
  /** What runs, and what is said to run: the same without the way into the namespaces. */
  argv: readonly string[];
  argvShown: readonly string[];
  logPath: string;
  env: Record<string, string>;
}

const STOP_DEADLINE_MS = 5000;
const LOG_TAIL_CHARS = 2000;

export class NodeProcess {
  readonly name: string;
  readonly logPath: string;
  /** Exit status, or 128 and the number of the signal that ended it. Never rejects. */
  readonly exited: Promise<number>;
  readonly #spawn: Spawn;
  readonly #child: ChildProcess;
  #status: number | null = null;

  private constructor(what: Spawn, child: ChildProcess) {
    this.name = what.name;
    this.logPath = what.logPath;
    this.#spawn = what;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#status = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
        resolve(this.#status);
      });
    });
  }

  /** Starts it; resolves when it runs, which is before it is ready. */
  static start(what: Spawn): Promise<NodeProcess> {
    const log = openSync(what.logPath, 'a', 0o600);
    const [program = '', ...rest] = what.argv;
    const child = spawn(program, rest, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...what.env },
    });
    closeSync(log);
    const started = new NodeProcess(what, child);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(started));
    });
  }

  /** Entering a namespace replaces the process in place: this is the number of the program itself. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Null while it runs. */
  get status(): number | null {
    return this.#status;
  }

  /** What it has written so far, standard output and error together. */
  log(): string {
    return readFileSync(this.logPath, 'utf8');
  }

  /** Throws LabError when it ends first (with the end of its log), SluiceError `deadline` when it is not ready in time. */
  async waitUntilReady(ready: Ready, deadlineMs: number): Promise<void> {
    const isReady = (): boolean | Promise<boolean> => {
      if (typeof ready === 'function') return ready();
      if ('log' in ready) return ready.log.test(this.log());
      return 'tcp' in ready
        ? isListening(this.pid, 'tcp', ready.tcp)
        : isListening(this.pid, 'udp', ready.udp);
    };
    const state = await until(
      `${this.name} in ${this.#spawn.node} to be ready`,
      async () => {
        // Looked at first: what has ended by the time that readiness is looked at may have been ready before.
        const ended = this.#status !== null;
        try {
          if (await isReady()) return 'ready';
        } catch (error) {
          // Once it has ended, its end is the reason, not that nothing answers any more.
          if (!ended) throw error;
        }
        return ended ? 'ended' : null;
      },
      { deadlineMs },
    );
    if (state === 'ended') throw this.#endedEarly();
  }

  #endedEarly(): LabError {
    const { node, argvShown } = this.#spawn;
    const said = this.log().trim().slice(-LOG_TAIL_CHARS) || 'it printed nothing';
    return new LabError(
      'process-ended',
      `"${argvShown.join(' ')}" in ${node} ended with status ${this.#status} before it was ready: ${said}`,
    );
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#status === null) signalProcess(this.pid, signal);
  }

  /** Ends it: the signal, and SIGKILL when it has not ended in time. Returns its status. */
  async stop(options: { signal?: NodeJS.Signals; deadlineMs?: number } = {}): Promise<number> {
    const { signal = 'SIGTERM', deadlineMs = STOP_DEADLINE_MS } = options;
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), deadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

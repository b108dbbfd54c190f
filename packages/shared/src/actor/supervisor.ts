// Keeps a device's processes running: starts them in order, restarts them, ends them in reverse order.
//
// Killed itself, it leaves them running; the next supervisor on the same run directory adopts them.
import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type ChildObserver, type Exit, type ProcessSpec, SupervisedChild } from './child.js';
import { messageOf, SluiceError } from './errors.js';
import { limitLog } from './log-limit.js';
import { PidFile } from './pid-file.js';
import { processById } from './process-id.js';
import { prepareRunDir } from './run-dir.js';
import { monotonicMs } from './wire.js';

const READY_POLL_MS = 50;
const READY_TIMEOUT_MS = 10_000;
const STOP_GRACE_MS = 5000;
const LOG_CHECK_MS = 10_000;
const LOG_LIMIT_BYTES = 4 << 20;

/** Its own pid file: a second supervisor would fight the first over the same processes. */
const SUPERVISOR = 'supervisor';

export interface SupervisorOptions {
  runDir: string;
  log: Logger;
  processes: ProcessSpec[];
  /** How long start() waits for one process to be ready before it goes on to the next. */
  readyTimeoutMs?: number;
  /** Between SIGTERM and SIGKILL. */
  stopGraceMs?: number;
  /** How large a process's log may grow before it begins anew, the former part beside it as `.1`. */
  logLimitBytes?: number;
  /** How often logs are looked at. */
  logCheckMs?: number;
  /** Milliseconds that never go back; for the backoff. */
  now?: () => number;
}

export interface SupervisorEvents {
  started: [{ name: string; pid: number }];
  /** A process that an earlier supervisor had started. */
  adopted: [{ name: string; pid: number }];
  exited: [{ name: string } & Exit];
  restarting: [{ name: string; delayMs: number }];
  ready: [{ name: string }];
  /** It was not ready in time; the next one is started all the same. */
  late: [{ name: string; timeoutMs: number }];
}

export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly #runDir: string;
  readonly #log: Logger;
  readonly #children: SupervisedChild[];
  readonly #readyTimeoutMs: number;
  readonly #stopGraceMs: number;
  readonly #pidFile: PidFile;
  readonly #stopping = new AbortController();
  readonly #logLimitBytes: number;
  readonly #logCheckMs: number;
  #logCheck: NodeJS.Timeout | null = null;
  #stopped: Promise<void> | null = null;
  #started: Promise<void> | null = null;
  /** True while the run directory's processes are this supervisor's to end. */
  #owner = false;

  constructor(options: SupervisorOptions) {
    super();
    this.#runDir = options.runDir;
    this.#log = options.log;
    this.#readyTimeoutMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
    this.#stopGraceMs = options.stopGraceMs ?? STOP_GRACE_MS;
    this.#logLimitBytes = options.logLimitBytes ?? LOG_LIMIT_BYTES;
    this.#logCheckMs = options.logCheckMs ?? LOG_CHECK_MS;
    this.#pidFile = new PidFile(options.runDir, SUPERVISOR);
    const names = options.processes.map((spec) => spec.name);
    const clash = names.find((name, i) => name === SUPERVISOR || names.indexOf(name) !== i);
    if (clash !== undefined)
      throw new SluiceError('duplicate-process', `two processes would be called "${clash}": rename one`);
    this.#children = options.processes.map(
      (spec) => new SupervisedChild(spec, options.runDir, this.#observe(spec.name), options.now),
    );
  }

  /**
   * Starts or adopts every process, each when the one before is ready or has had its time. From then on they
   * are kept running until stop(). Errors: `already-running`, `run-dir`.
   */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Ends every process, adopted ones too, in reverse order, one after the other. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** The pid of each process, null while it does not run. */
  pids(): Record<string, number | null> {
    return Object.fromEntries(this.#children.map((child) => [child.spec.name, child.pid]));
  }

  async #start(): Promise<void> {
    prepareRunDir(this.#runDir);
    const other = this.#pidFile.read();
    if (other && other.pid !== process.pid)
      throw new SluiceError(
        'already-running',
        `a supervisor is already running in ${this.#runDir} (pid ${other.pid}): stop it first`,
      );
    const self = processById(process.pid);
    if (self) this.#pidFile.write(self);
    this.#owner = true;
    this.#logCheck = setInterval(() => this.#limitLogs(), this.#logCheckMs);
    for (const child of this.#children) {
      if (this.#stopping.signal.aborted) return;
      child.start();
      await this.#untilReady(child);
    }
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#logCheck) clearInterval(this.#logCheck);
    // A start under way ends at its next step; its error is the starter's.
    await this.#started?.catch(() => undefined);
    if (!this.#owner) return;
    for (const child of [...this.#children].reverse()) await child.stop(this.#stopGraceMs);
    this.#pidFile.remove();
  }

  #limitLogs(): void {
    for (const { spec } of this.#children) {
      try {
        limitLog(spec.logFile, this.#logLimitBytes);
      } catch (error) {
        this.#log.warn(
          { process: spec.name, error: messageOf(error) },
          'its log has grown too long and could not be cut',
        );
      }
    }
  }

  async #untilReady(child: SupervisedChild): Promise<void> {
    const { name, readyWhen } = child.spec;
    if (!readyWhen) return;
    const deadline = monotonicMs() + this.#readyTimeoutMs;
    while (!this.#stopping.signal.aborted) {
      if (await this.#isReady(name, readyWhen, deadline)) {
        this.emit('ready', { name });
        return;
      }
      if (monotonicMs() >= deadline) {
        this.#log.warn({ process: name, timeout_ms: this.#readyTimeoutMs }, 'process is not ready; going on');
        this.emit('late', { name, timeoutMs: this.#readyTimeoutMs });
        return;
      }
      await this.#pause(READY_POLL_MS);
    }
  }

  /** One question, given up at the deadline; a question that fails is a no. */
  async #isReady(name: string, readyWhen: () => Promise<boolean>, deadline: number): Promise<boolean> {
    const question = readyWhen().catch((error: unknown) => {
      this.#log.debug({ process: name, error: messageOf(error) }, 'could not ask whether it is ready');
      return false;
    });
    const answered = new AbortController();
    const limit = this.#pause(Math.max(0, deadline - monotonicMs()), answered.signal).then(() => false);
    try {
      return await Promise.race([question, limit]);
    } finally {
      answered.abort();
    }
  }

  /** Ends early, without an error, when the supervisor stops or `signal` is aborted. */
  async #pause(ms: number, signal?: AbortSignal): Promise<void> {
    const signals = signal ? [this.#stopping.signal, signal] : [this.#stopping.signal];
    await delay(ms, undefined, { signal: AbortSignal.any(signals) }).catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
    });
  }

  #observe(name: string): ChildObserver {
    return {
      started: (pid) => {
        this.#log.info({ process: name, pid }, 'process started');
        this.emit('started', { name, pid });
      },
      adopted: (pid) => {
        this.#log.info({ process: name, pid }, 'process adopted');
        this.emit('adopted', { name, pid });
      },
      exited: (exit) => {
        const level = this.#stopping.signal.aborted ? 'info' : 'warn';
        this.#log[level]({ process: name, ...exit }, 'process ended');
        this.emit('exited', { name, ...exit });
      },
      restarting: (delayMs) => {
        this.#log.info({ process: name, delay_ms: delayMs }, 'process starts again');
        this.emit('restarting', { name, delayMs });
      },
    };
  }
}

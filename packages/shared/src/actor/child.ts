// One supervised process: started or adopted, watched, started again, stopped.
//
//   idle --start--> running --exit--> waiting --delay--> running
//   any --stop--> stopping --exit--> idle
//
// It is its own session, so it outlives the supervisor and hears nothing of the supervisor's terminal.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync } from 'node:fs';
import { type Backoff, BackoffClock, DEFAULT_BACKOFF } from './backoff.js';
import { PidFile } from './pid-file.js';
import { isAlive, killGroup, type ProcessId, processById, signalProcess } from './process-id.js';
import { monotonicMs } from './wire.js';

/** How often an adopted process is looked for: it is nobody's child here, so no signal tells of its end. */
const WATCH_MS = 200;

export interface ProcessSpec {
  name: string;
  /** A path, or a name that PATH finds. Never given to a shell. */
  command: string;
  args: string[];
  /** Added to the supervisor's own environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** Its stdout and stderr are appended here; made for its owner alone (0600) unless `logAccess` says otherwise. */
  logFile: string;
  /** Who may read the log beside its owner: its group (0640). Left out of what: as it is made. */
  logAccess?: { uid?: number; gid?: number };
  /** Asked until it says yes; the next process is started then. */
  readyWhen?: () => Promise<boolean>;
  backoff?: Backoff;
}

export interface Exit {
  /** Null when a signal ended it, when it could not be started, or when it was adopted. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it could not be started, in the system's words. */
  error: string | null;
}

export interface ChildObserver {
  started(pid: number): void;
  adopted(pid: number): void;
  exited(exit: Exit): void;
  restarting(delayMs: number): void;
}

/** Never through a link: in a shared run directory another user may have made one. */
function openLog({ logFile, logAccess }: ProcessSpec): number {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const log = openSync(logFile, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  if (logAccess?.uid !== undefined || logAccess?.gid !== undefined) {
    const { uid, gid } = fstatSync(log);
    fchownSync(log, logAccess.uid ?? uid, logAccess.gid ?? gid);
  }
  fchmodSync(log, logAccess === undefined ? 0o600 : 0o640);
  return log;
}

export class SupervisedChild {
  readonly spec: ProcessSpec;
  readonly #observer: ChildObserver;
  readonly #pidFile: PidFile;
  readonly #backoff: BackoffClock;
  readonly #now: () => number;
  #process: ProcessId | null = null;
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;
  #ended: (() => void)[] = [];

  constructor(spec: ProcessSpec, runDir: string, observer: ChildObserver, now: () => number = monotonicMs) {
    this.spec = spec;
    this.#observer = observer;
    this.#pidFile = new PidFile(runDir, spec.name);
    this.#backoff = new BackoffClock(spec.backoff ?? DEFAULT_BACKOFF);
    this.#now = now;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Adopts the process that an earlier supervisor left running, or starts one. */
  start(): void {
    const running = this.#pidFile.read();
    if (!running) {
      this.#spawn();
      return;
    }
    this.#process = running;
    this.#startedAt = this.#now();
    this.#watch(running);
    this.#observer.adopted(running.pid);
  }

  /**
   * SIGTERM, then after the grace SIGKILL. Resolves when it is gone, and SIGKILL sent to what it leaves of its
   * process group.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const target = this.#process;
    if (!target) {
      this.#clearTimer();
      this.#pidFile.remove();
      return;
    }
    const gone = new Promise<void>((resolve) => this.#ended.push(resolve));
    signalProcess(target, 'SIGTERM');
    const kill = setTimeout(() => signalProcess(target, 'SIGKILL'), graceMs);
    await gone;
    clearTimeout(kill);
    killGroup(target.pid);
    this.#pidFile.remove();
  }

  #spawn(): void {
    this.#startedAt = this.#now();
    let child: ChildProcess;
    let log: number | null = null;
    try {
      log = openLog(this.spec);
      child = spawn(this.spec.command, this.spec.args, {
        env: { ...process.env, ...this.spec.env },
        cwd: this.spec.cwd,
        stdio: ['ignore', log, log],
        detached: true,
      });
    } catch (error) {
      this.#exited({
        code: null,
        signal: null,
        error: error instanceof Error ? error.message : String(error),
      });
      return;
    } finally {
      if (log !== null) closeSync(log);
    }
    let ended = false;
    const end = (exit: Exit): void => {
      if (!ended) this.#exited(exit);
      ended = true;
    };
    child.once('error', (error) => {
      // Also reported for a signal that could not be sent; only a child without a pid never started.
      if (child.pid === undefined) end({ code: null, signal: null, error: error.message });
    });
    child.once('exit', (code, signal) => end({ code, signal, error: null }));
    if (child.pid === undefined) return;
    // A child that has ended already is a zombie until its exit event, and has no entry to write.
    this.#process = processById(child.pid) ?? { pid: child.pid, startTicks: 0 };
    this.#pidFile.write(this.#process);
    this.#observer.started(child.pid);
  }

  #watch(target: ProcessId): void {
    this.#timer = setInterval(() => {
      if (isAlive(target)) return;
      this.#clearTimer();
      this.#exited({ code: null, signal: null, error: null });
    }, WATCH_MS);
  }

  #exited(exit: Exit): void {
    this.#process = null;
    this.#observer.exited(exit);
    const ended = this.#ended;
    this.#ended = [];
    for (const resolve of ended) resolve();
    if (this.#stopping) return;
    const delayMs = this.#backoff.delayAfter(this.#now() - this.#startedAt);
    this.#observer.restarting(delayMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#spawn();
    }, delayMs);
  }

  #clearTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

// A daemon of Debian's that serves a network beside this process: its files, its process in the VRF's namespace, its end.
//
// It outlives a crash of this process, whose successor adopts it. A changed file is followed by SIGHUP, which radvd and
// dnsmasq read theirs again by; another command line, or another namespace of the VRF's name, by a new process.
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { codeOf, limitLog, processById, SupervisedChild, signalProcess } from '@sluice/shared';

const STOP_GRACE_MS = 3_000;
const LOG_LIMIT_BYTES = 1 << 20;
/** One that has run for so long is taken to be well. */
const STEADY_MS = 2_000;

export interface DaemonSpec {
  /** `radvd-lan`: of its files and its process. */
  name: string;
  vrf: string;
  command: string;
  args: readonly string[];
  /** Those of Linux that it needs, as capabilities(7) names them, without `cap_`. */
  capabilities: readonly string[];
  /** Its files, by path. */
  files: ReadonlyMap<string, string>;
  /** Those of its files that only a new process reads; others are read again at SIGHUP. */
  readOnce?: ReadonlySet<string>;
  /** The Debian package that has it. */
  debianPackage: string;
}

export class Daemon {
  #child: SupervisedChild | null = null;
  #startedMs = 0;
  #fault: string | null = null;
  #stopping: Promise<void> = Promise.resolve();
  #closed = false;
  #adopted = false;

  constructor(
    private spec: DaemonSpec,
    private readonly runDir: string,
    /** Of the VRF; null: where this process is. */
    private readonly namespace: string | null,
  ) {}

  get vrf(): string {
    return this.spec.vrf;
  }

  /** Why it does not serve, in a sentence; null while it does. */
  get problem(): string | null {
    if (this.#child !== null && this.#child.pid !== null && Date.now() - this.#startedMs > STEADY_MS)
      this.#fault = null;
    return this.#fault;
  }

  /** Brings it to what it is to be. */
  apply(spec: DaemonSpec): void {
    const sameProcess =
      this.#child !== null &&
      spec.command === this.spec.command &&
      JSON.stringify(spec.args) === JSON.stringify(this.spec.args);
    this.spec = spec;
    const changed = this.#writeFiles();
    const stale = changed.some((path) => spec.readOnce?.has(path));
    if (!sameProcess || stale) this.#restart(stale);
    else if (changed.length > 0) this.#reload();
  }

  /** Looks whether it still is where its VRF is, and whether its log has grown too long. */
  check(): void {
    const pid = this.#child?.pid ?? null;
    limitLog(this.#logFile, LOG_LIMIT_BYTES);
    if (this.namespace === null || pid === null) return;
    const wanted = inodeOf(this.namespace);
    const now = inodeOf(`/proc/${pid}/ns/net`);
    // nsenter is on its way there in the first moments.
    if (wanted === null || now === null || wanted === now || Date.now() - this.#startedMs < STEADY_MS) return;
    this.#restart();
  }

  /** Ends it. Its files go. */
  async stop(): Promise<void> {
    this.#closed = true;
    await this.#stopping;
    await this.#child?.stop(STOP_GRACE_MS);
    for (const path of this.spec.files.keys()) rmSync(path, { force: true });
  }

  get #logFile(): string {
    return `${this.runDir}/${this.spec.name}.log`;
  }

  /** Those that were others. */
  #writeFiles(): string[] {
    const changed: string[] = [];
    for (const [path, text] of this.spec.files) {
      if (readText(path) === text) continue;
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
      changed.push(path);
    }
    return changed;
  }

  #reload(): void {
    const running = this.#child?.pid === null ? null : processById(this.#child?.pid ?? 0);
    if (running !== null) signalProcess(running, 'SIGHUP');
  }

  /** @param stale Whether one that is adopted has read a file that is another now. */
  #restart(stale = false): void {
    this.#stopping = this.#stopping.then(async () => {
      const first = this.#child === null;
      await this.#child?.stop(STOP_GRACE_MS);
      if (this.#closed) return;
      this.#adopted = false;
      this.#start();
      if (!first || !stale || !this.#adopted) return;
      await this.#child?.stop(STOP_GRACE_MS);
      if (!this.#closed) this.#start();
    });
  }

  #start(): void {
    const { command, args, capabilities, name, debianPackage } = this.spec;
    const rights = capabilities.map((capability) => `,+${capability}`).join('');
    const confined = [
      ...['setpriv', '--no-new-privs', '--inh-caps=-all', `--bounding-set=-all${rights}`, command],
      ...args,
    ];
    const line =
      this.namespace === null ? confined : ['nsenter', `--net=${this.namespace}`, '--', ...confined];
    this.#child = new SupervisedChild(
      { name, command: line[0]!, args: line.slice(1), logFile: this.#logFile },
      this.runDir,
      {
        started: () => {
          this.#startedMs = Date.now();
        },
        adopted: (pid) => {
          this.#adopted = true;
          this.#startedMs = Date.now();
          // What was written while nobody looked after it.
          const running = processById(pid);
          if (running !== null) signalProcess(running, 'SIGHUP');
        },
        exited: ({ error }) => {
          this.#fault =
            error === null
              ? `${name} has ended and is started again: ${this.#logFile} says why, or Debian's package ${debianPackage} is not installed`
              : `${name} cannot be started: ${error}`;
        },
        restarting: () => undefined,
      },
    );
    this.#child.start();
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Null when there is none. */
function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

// One interface that asks a server of its link for something: Debian's client on its TAP twin, and what that was told.
//
// The client ends with this process (PR_SET_PDEATHSIG); its lease stays where the hook has written it, and the next client
// asks for the same. It is let go of only when the configuration has no client there any more.
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type Logger, type ProcessSpec, processById, SupervisedChild, signalProcess } from '@sluice/shared';
import type { LeaseNews, Uptime } from './lease-lines.js';

const GRACE_MS = 2000;
const STEADY_MS = 2000;
/** Twins are made at the same time: soon, and not often. */
const BACKOFF = { initialMs: 100, maxMs: 2000, resetAfterMs: 10_000 };

export interface ClientPlace {
  runDir: string;
  log: Logger;
}

/** What the configuration asks for on an interface. */
export interface ClientState {
  interface: string;
  vrf: string;
}

/** How one of Debian's programs is run, and what its hook writes. */
export interface ClientProgram<L> {
  /** Of its process, log and files. */
  readonly name: string;
  readonly binary: string;
  readonly debianPackage: string;
  /** The command line where its network is, with its confinement. Errors: those of the file system. */
  command(lease: L | null, leaseFile: string): { argv: readonly string[]; env: Record<string, string> };
  read(text: string, now: Uptime, nowMs: number): LeaseNews<L>;
  /** Has the process that runs, and its children, give the lease back where SIGTERM to it does not. */
  release?(pid: number): void;
  /** Removes what it has of a lease that was given back. */
  forget?(): void;
}

export class Client<S extends ClientState, L> {
  readonly #place: ClientPlace;
  readonly #file: string;
  readonly #child: SupervisedChild;
  /** Which file was read last, by inode and time. */
  #seen = '';
  #lease: L | null = null;
  /** Of the monotonic clock: setting the other one ends no lease. */
  #staleMs = 0;
  #refused = false;
  #failure: string | null = null;
  #startedMs = 0;

  /** `namespace` is the path of its VRF's, null for the one of this process. Errors: those of the program. */
  constructor(
    readonly state: S,
    private readonly program: ClientProgram<L>,
    private readonly namespace: string | null,
    place: ClientPlace,
    now: Uptime,
  ) {
    this.#place = place;
    this.#file = leaseFile(place.runDir, program.name);
    this.#read(now);
    this.#child = new SupervisedChild(this.#spec(), place.runDir, {
      started: (pid) => {
        this.#startedMs = Date.now();
        place.log.info({ interface: state.interface, client: program.name, pid }, 'DHCP client started');
      },
      adopted: () => undefined,
      exited: ({ error }) => this.#exited(error),
      restarting: () => undefined,
    });
    this.#child.start();
  }

  get lease(): L | null {
    return this.#lease;
  }

  /** Its server took the lease back. */
  get isRefused(): boolean {
    return this.#refused;
  }

  /** Why it cannot ask; null while it can. */
  get problem(): string | null {
    return this.#failure;
  }

  /** Looks at what the hook has written since; true when the lease is another now. */
  check(now: Uptime): boolean {
    this.#follow();
    return this.#read(now);
  }

  /** Starts the program anew when its VRF's namespace has been made anew. */
  #follow(): void {
    const { pid } = this.#child;
    // nsenter is on its way there in the first moments.
    if (this.namespace === null || pid === null || Date.now() - this.#startedMs < STEADY_MS) return;
    const [wanted, now] = [this.namespace, `/proc/${pid}/ns/net`].map(
      (path) => statSync(path, { throwIfNoEntry: false })?.ino,
    );
    const running = processById(pid);
    if (wanted !== undefined && now !== undefined && wanted !== now && running !== null)
      signalProcess(running, 'SIGKILL');
  }

  #read(now: Uptime): boolean {
    const stats = statSync(this.#file, { throwIfNoEntry: false });
    const seen = stats === undefined ? '' : `${stats.ino} ${stats.mtimeMs}`;
    if (seen === this.#seen && (this.#lease === null || performance.now() < this.#staleMs)) return false;
    const before = JSON.stringify(this.#lease);
    const news =
      stats === undefined ? null : this.program.read(readFileSync(this.#file, 'utf8'), now, Date.now());
    this.#seen = seen;
    this.#lease = news?.kind === 'lease' ? news.lease : null;
    this.#staleMs = news?.kind === 'lease' ? performance.now() + news.leftMs : 0;
    this.#refused = news?.kind === 'refused';
    return JSON.stringify(this.#lease) !== before;
  }

  /** Gives the lease back, and forgets it. */
  async release(): Promise<void> {
    const { pid } = this.#child;
    const stopped = this.#child.stop(GRACE_MS);
    if (pid !== null) this.program.release?.(pid);
    await stopped;
    rmSync(this.#file, { force: true });
    this.program.forget?.();
  }

  /** Ends the program; the lease stays. */
  async close(): Promise<void> {
    const { pid } = this.#child;
    const running = pid === null ? null : processById(pid);
    // SIGTERM would have it give the lease back.
    if (running !== null) signalProcess(running, 'SIGKILL');
    await this.#child.stop(GRACE_MS);
  }

  #exited(error: string | null): void {
    const { binary, debianPackage } = this.program;
    this.#failure = existsSync(binary)
      ? error
      : `${binary} is not there, so ${this.state.interface} gets no address: install Debian's package ${debianPackage}`;
  }

  #spec(): ProcessSpec {
    const { name } = this.program;
    const { argv, env } = this.program.command(this.#lease, this.#file);
    const enter = this.namespace === null ? [] : ['nsenter', `--net=${this.namespace}`, '--'];
    const [command, ...args] = [...enter, ...argv];
    const logFile = `${this.#place.runDir}/${name}.log`;
    return { name, command: command!, args, env, logFile, logAccess: {}, backoff: BACKOFF };
  }
}

const LEASE_FILE = '.lease';

export function leaseFile(runDir: string, program: string): string {
  return `${runDir}/${program}${LEASE_FILE}`;
}

/** The programs that have a lease, of a file's name: `dhcp-client-wan` of `dhcp-client-wan.lease`. */
export function leaseOwner(file: string): string | null {
  return file.endsWith(LEASE_FILE) ? file.slice(0, -LEASE_FILE.length) : null;
}

// One interface that asks for its address: Debian's udhcpc on its TAP twin, and what that was told.
//
// udhcpc ends with this process (PR_SET_PDEATHSIG); its lease stays where the hook has written it, and the next udhcpc asks
// for the same address. It is let go of only when the configuration has no client there any more.
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type DhcpClientLease,
  type DhcpClientReport,
  type DhcpClientState,
  type Logger,
  type ProcessSpec,
  processById,
  SupervisedChild,
  signalProcess,
} from '@sluice/shared';
import { readLease, type Uptime } from './lease-file.js';

/** From dist/src/client of this package. */
const HOOK = fileURLToPath(new URL('../../../hook/udhcpc', import.meta.url));
const UDHCPC = '/sbin/udhcpc';
/** Three messages two seconds apart, and again after five. */
const PACE = ['-t', '3', '-T', '2', '-A', '5'];
/** Frames on the twin, and UDP port 68 to renew: no more. It ends with this process. */
const CONFINED = [
  ...['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--inh-caps=-all'],
  '--bounding-set=-all,+net_raw,+net_bind_service',
];
const GRACE_MS = 2000;
const STEADY_MS = 2000;
/** Twins are made at the same time: soon, and not often. */
const BACKOFF = { initialMs: 100, maxMs: 2000, resetAfterMs: 10_000 };

export interface ClientPlace {
  runDir: string;
  log: Logger;
}

export class DhcpClient {
  readonly #place: ClientPlace;
  readonly #file: string;
  readonly #child: SupervisedChild;
  /** Which file was read last, by inode and time. */
  #seen = '';
  #lease: DhcpClientLease | null = null;
  #refused = false;
  #failure: string | null = null;
  #startedMs = 0;

  /** `namespace` is the path of its VRF's, null for the one of this process. */
  constructor(
    readonly state: DhcpClientState,
    private readonly namespace: string | null,
    place: ClientPlace,
    now: Uptime,
  ) {
    this.#place = place;
    this.#file = leaseFile(place.runDir, state.interface);
    this.#read(now);
    this.#child = new SupervisedChild(this.#spec(), place.runDir, {
      started: (pid) => {
        this.#startedMs = Date.now();
        place.log.info({ interface: state.interface, pid }, 'DHCP client started');
      },
      adopted: () => undefined,
      exited: ({ error }) => this.#exited(error),
      restarting: () => undefined,
    });
    this.#child.start();
  }

  get lease(): DhcpClientLease | null {
    return this.#lease;
  }

  /** Why it cannot ask; null while it can. */
  get problem(): string | null {
    return this.#failure;
  }

  report(): DhcpClientReport {
    const { interface: name, vrf } = this.state;
    const state = this.#lease !== null ? 'bound' : this.#refused ? 'refused' : 'asking';
    return { interface: name, vrf, state, lease: this.#lease };
  }

  /** Looks at what the hook has written since; true when the lease is another now. */
  check(now: Uptime): boolean {
    this.#follow();
    return this.#read(now);
  }

  /** Starts udhcpc anew when its VRF's namespace has been made anew. */
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
    if (seen === this.#seen && (this.#lease === null || Date.now() < this.#lease.expires_ms)) return false;
    const before = JSON.stringify(this.#lease);
    const news = stats === undefined ? null : readFileSync(this.#file, 'utf8');
    const read = news === null ? null : readLease(this.state.interface, news, now, Date.now());
    this.#seen = seen;
    this.#lease = read?.kind === 'lease' ? read.lease : null;
    this.#refused = read?.kind === 'refused';
    return JSON.stringify(this.#lease) !== before;
  }

  /** Gives the lease back, and forgets it. */
  async release(): Promise<void> {
    await this.#child.stop(GRACE_MS);
    rmSync(this.#file, { force: true });
  }

  /** Ends udhcpc; the lease stays. */
  async close(): Promise<void> {
    const { pid } = this.#child;
    const running = pid === null ? null : processById(pid);
    // SIGTERM would have it give the lease back (-R).
    if (running !== null) signalProcess(running, 'SIGKILL');
    await this.#child.stop(GRACE_MS);
  }

  #exited(error: string | null): void {
    this.#failure = existsSync(UDHCPC)
      ? error
      : `${UDHCPC} is not there, so ${this.state.interface} gets no address: install Debian's package udhcpc`;
  }

  #spec(): ProcessSpec {
    const { interface: name, client } = this.state;
    const args = ['-f', '-i', name, '-s', HOOK, '-R', '-B', ...PACE, '-O', 'staticroutes', '-O', 'mtu'];
    args.push('-x', `hostname:${client.hostname}`, '-V', client.vendor_class);
    if (client.client_id !== undefined)
      args.push('-C', '-x', `0x3d:${client.client_id.replaceAll(/[: ]/g, '')}`);
    if (this.#lease !== null) args.push('-r', this.#lease.address.split('/')[0]!);
    const enter = this.namespace === null ? [] : ['nsenter', `--net=${this.namespace}`, '--'];
    const [command, ...rest] = [...enter, ...CONFINED, UDHCPC, ...args];
    return {
      name: processName(name),
      command: command!,
      args: rest,
      env: { SLUICE_LEASE_FILE: this.#file },
      logFile: `${this.#place.runDir}/${processName(name)}.log`,
      backoff: BACKOFF,
    };
  }
}

export function processName(name: string): string {
  return `dhcp-client-${name}`;
}

export function leaseFile(runDir: string, name: string): string {
  return `${runDir}/${processName(name)}.lease`;
}

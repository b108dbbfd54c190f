// All interfaces that ask for their addresses: a client each, and what they have together.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import {
  DEFAULT_VRF,
  type DhcpClientLease,
  type DhcpClientReport,
  type DhcpClientState,
  namespacePath,
  vrfNamespaceName,
} from '@sluice/shared';
import { type ClientPlace, DhcpClient, leaseFile, processName } from './client.js';
import { readLease, type Uptime } from './lease-file.js';

export class DhcpClients {
  readonly #clients = new Map<string, DhcpClient>();
  /** Until the configuration is known, what its interfaces had: nobody is to take that away because this process starts. */
  #kept: DhcpClientLease[];
  readonly #bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

  constructor(private readonly place: ClientPlace) {
    this.#kept = this.#namesOfFiles().flatMap((name) => {
      const text = readFileSync(leaseFile(place.runDir, name), 'utf8');
      const news = readLease(name, text, this.#now(), Date.now());
      return news.kind === 'lease' ? [news.lease] : [];
    });
  }

  /** Has these interfaces ask, and no others. True when the leases are others now. */
  async configure(states: readonly DhcpClientState[]): Promise<boolean> {
    const before = this.#text();
    const wanted = new Map(states.map((state) => [state.interface, state]));
    for (const [name, client] of this.#clients) {
      const state = wanted.get(name);
      if (state !== undefined && JSON.stringify(state) === JSON.stringify(client.state)) continue;
      this.#clients.delete(name);
      // What only asks otherwise keeps its address until it has its answer.
      await (state === undefined || state.vrf !== client.state.vrf ? client.release() : client.close());
    }
    for (const [name, state] of wanted) {
      if (this.#clients.has(name)) continue;
      const namespace = state.vrf === DEFAULT_VRF ? null : namespacePath(await vrfNamespaceName(state.vrf));
      this.#clients.set(name, new DhcpClient(state, namespace, this.place, this.#now()));
    }
    for (const name of this.#namesOfFiles()) {
      if (!wanted.has(name)) rmSync(leaseFile(this.place.runDir, name), { force: true });
    }
    this.#kept = [];
    return this.#text() !== before;
  }

  /** Looks for news; true when there are. Cheap enough for every second. */
  check(): boolean {
    if (this.#clients.size === 0) return false;
    const now = this.#now();
    return [...this.#clients.values()].map((client) => client.check(now)).some((changed) => changed);
  }

  get leases(): DhcpClientLease[] {
    const leases = [...this.#clients.values()].map(({ lease }) => lease).filter((lease) => lease !== null);
    return [...leases, ...this.#kept];
  }

  /** Those that interfaces of a VRF were told, each once. */
  dnsServers(vrf: string): string[] {
    const told = this.reports
      .filter((report) => report.vrf === vrf)
      .flatMap(({ lease }) => lease?.dns_servers ?? []);
    return [...new Set(told)];
  }

  get reports(): DhcpClientReport[] {
    return [...this.#clients.values()].map((client) => client.report());
  }

  get problems(): string[] {
    return [...this.#clients.values()].map(({ problem }) => problem).filter((problem) => problem !== null);
  }

  /** One of them has no lease yet. */
  get isAsking(): boolean {
    return [...this.#clients.values()].some(({ lease }) => lease === null);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  #text(): string {
    return JSON.stringify(this.leases);
  }

  #now(): Uptime {
    return { bootId: this.#bootId, seconds: Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) };
  }

  #namesOfFiles(): string[] {
    const [before, after] = [processName(''), '.lease'];
    return readdirSync(this.place.runDir)
      .filter((file) => file.startsWith(before) && file.endsWith(after))
      .map((file) => file.slice(before.length, -after.length));
  }
}

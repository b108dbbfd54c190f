// All interfaces that ask by one program: a client each, and the leases that they have together.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { DEFAULT_VRF, namespacePath, vrfNamespaceName } from '@sluice/shared';
import {
  Client,
  type ClientPlace,
  type ClientProgram,
  type ClientState,
  leaseFile,
  leaseOwner,
} from './client.js';
import type { LeaseNews, Uptime } from './lease-lines.js';

export interface ClientKind<S extends ClientState, L> {
  /** What the names of its processes begin with; an interface's name follows. */
  prefix: string;
  program(state: S): ClientProgram<L>;
  /** What the file of an interface's lease says, before it is known what the configuration asks for. */
  readKept(name: string, text: string, now: Uptime, nowMs: number): LeaseNews<L>;
}

export class ClientSet<S extends ClientState, L> {
  readonly #clients = new Map<string, Client<S, L>>();
  /** Until the configuration is known, what its interfaces had: nobody is to take that away because this process starts. */
  #kept: L[];
  readonly #bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

  constructor(
    private readonly place: ClientPlace,
    private readonly kind: ClientKind<S, L>,
  ) {
    this.#kept = this.#namesOfFiles().flatMap((name) => {
      const text = readFileSync(this.#file(name), 'utf8');
      const news = kind.readKept(name, text, this.#now(), Date.now());
      return news.kind === 'lease' ? [news.lease] : [];
    });
  }

  /** Has these interfaces ask, and no others. True when the leases are others now. */
  async configure(states: readonly S[]): Promise<boolean> {
    const before = JSON.stringify(this.leases);
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
      const program = this.kind.program(state);
      this.#clients.set(name, new Client(state, program, namespace, this.place, this.#now()));
    }
    for (const name of this.#namesOfFiles()) {
      if (!wanted.has(name)) rmSync(this.#file(name), { force: true });
    }
    this.#kept = [];
    return JSON.stringify(this.leases) !== before;
  }

  /** Looks for news; true when there are. Cheap enough for every second. */
  check(): boolean {
    if (this.#clients.size === 0) return false;
    const now = this.#now();
    return this.all.map((client) => client.check(now)).some((changed) => changed);
  }

  get all(): Client<S, L>[] {
    return [...this.#clients.values()];
  }

  get leases(): L[] {
    return [...this.all.map(({ lease }) => lease).filter((lease) => lease !== null), ...this.#kept];
  }

  get problems(): string[] {
    return this.all.map(({ problem }) => problem).filter((problem) => problem !== null);
  }

  /** One of them has no lease yet. */
  get isAsking(): boolean {
    return this.all.some(({ lease }) => lease === null);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((client) => client.close()));
  }

  #file(name: string): string {
    return leaseFile(this.place.runDir, `${this.kind.prefix}${name}`);
  }

  #now(): Uptime {
    return { bootId: this.#bootId, seconds: Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) };
  }

  #namesOfFiles(): string[] {
    return readdirSync(this.place.runDir)
      .map(leaseOwner)
      .filter((owner) => owner?.startsWith(this.kind.prefix))
      .map((owner) => owner!.slice(this.kind.prefix.length));
  }
}

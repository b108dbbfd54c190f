// Brings the data plane from what it is to the state that it was given, step by step, changing only the
// difference. What cannot be done yet (a device that is not there) is a problem, and is tried again.
import { type AssignedAddresses, type DataplaneState, type DelegatedRoute, messageOf } from '@sluice/shared';
import type { AdjacencyTable } from '../tables/adjacencies.js';
import type { InterfaceTable } from '../tables/interfaces.js';
import { withDelegated } from './delegated-routes.js';
import { deviceRunning } from './device.js';
import type { Features } from './features.js';
import type { FlowMetering } from './flows/flow-metering.js';
import type { Interface } from './interface.js';
import type { Interfaces } from './interfaces.js';
import type { Layer2 } from './layer2.js';
import type { LinkControl } from './link-control.js';
import type { LinkMonitor } from './link-monitor.js';
import type { LinuxTwins } from './linux-twins.js';
import { monotonicMs } from './monotonic.js';
import type { Neighbours } from './neighbours.js';
import { Pace } from './pace.js';
import type { PathMtus } from './path-mtu.js';
import type { Paths } from './paths.js';
import { PortConvergence } from './port-convergence.js';
import type { RouteTable } from './route-table.js';
import type { TunnelBinding } from './sa-port.js';
import type { SecurityAssociations } from './security-associations.js';
import type { StaticRoutes } from './static-routes.js';
import type { RemoteWorker } from './threads.js';
import { TunnelConvergence } from './tunnel-convergence.js';
import type { Tunnels } from './tunnels.js';
import { TwinConvergence } from './twin-convergence.js';
import type { UserNodes } from './user-nodes.js';
import { Vrfs } from './vrfs.js';

const RETRY_MS = 1_000;

export interface Parts {
  workers: RemoteWorker[];
  interfaces: Interfaces;
  routes: RouteTable;
  statics: StaticRoutes;
  paths: Paths;
  neighbours: Neighbours;
  sas: SecurityAssociations;
  twins: LinuxTwins;
  monitor: LinkMonitor;
  links: () => LinkControl;
  adjacencies: AdjacencyTable;
  features: Features;
  pathMtus: PathMtus;
  table: InterfaceTable;
  /** A sentence for whatever else does not work. */
  disturbances: () => string[];
  userNodes: UserNodes;
  flows: FlowMetering;
  tunnels: Tunnels;
  layer2: Layer2;
}

/** Takes a step; what it throws becomes a problem. */
type Note = (what: string, step: () => unknown) => Promise<void>;

export class Convergence {
  revision: number | null = null;
  converged = false;
  /** What kept the last attempt from the state. */
  private failures: string[] = [];
  /** What onChange was called about last. */
  private told: string[] = [];
  /** Called after each attempt. */
  onChange: () => void = () => undefined;
  private state: DataplaneState | null = null;
  /** To prefixes that DHCPv6 has delegated, beside those of the state. */
  private delegated: readonly DelegatedRoute[] = [];
  private initial: Pick<DataplaneState, 'dataplane' | 'ipfix'> | null = null;
  private readonly vrfs: Vrfs;
  private readonly twins: TwinConvergence;
  private readonly tunnels: TunnelConvergence;
  private readonly ports: PortConvergence;
  /** Interfaces whose addresses changed in this attempt, by row. */
  private readonly readdressed = new Set<number>();
  private queue: Promise<void> = Promise.resolve();
  /** The attempt that comes next, until it begins: it will find the state of then. */
  private next: Promise<void> | null = null;
  private retry: NodeJS.Timeout | null = null;
  private readonly pace = new Pace();
  private readonly watch: NodeJS.Timeout;
  private stopped = false;

  constructor(private readonly parts: Parts) {
    this.vrfs = new Vrfs(parts.routes, parts.adjacencies);
    this.twins = new TwinConvergence(parts, this.vrfs);
    this.tunnels = new TunnelConvergence(parts, this.vrfs);
    this.ports = new PortConvergence(parts, this.vrfs, (...what) => this.update(...what));
    this.watch = setInterval(() => this.watchDevices(), RETRY_MS);
  }

  /** Converges to a state; resolves when it was tried, whether or not all could be done. */
  apply(state: DataplaneState): Promise<void> {
    this.state = state;
    this.initial ??= state;
    this.converged = false;
    return this.enqueue();
  }

  /** Addresses that peers have assigned to tunnels; resolves when they were tried. */
  assign(tunnels: AssignedAddresses): Promise<void> {
    this.tunnels.assign(tunnels);
    return this.enqueue();
  }

  /** All prefixes that are delegated, in place of those before; resolves when it was tried. */
  async delegate(routes: readonly DelegatedRoute[]): Promise<void> {
    this.delegated = routes;
    // Without a state there is nothing that they could lead through; the first one takes them along.
    if (this.state !== null) await this.enqueue();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.watch);
    if (this.retry !== null) clearTimeout(this.retry);
  }

  /** Resolves when no attempt is under way; after stop() none begins. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.queue]);
  }

  async releaseDevices(): Promise<void> {
    await this.idle();
    await this.ports.releaseAll();
  }

  /** Tries again at once: something outside of the state has changed. */
  again(): Promise<void> {
    return this.enqueue();
  }

  /** The same, where nobody waits for it: perhaps a little later, once for all that ask meanwhile. */
  soon(): void {
    if (this.stopped || this.next !== null) return;
    const waitMs = this.pace.ask(monotonicMs());
    if (waitMs === null) return;
    if (waitMs > 0) {
      if (this.retry === null) this.tryAgain(waitMs);
      return;
    }
    // What an attempt cannot do is a problem in the status; it never rejects.
    void this.enqueue();
  }

  /** What keeps the data plane from its state, or disturbs it. */
  get problems(): string[] {
    const loops = this.state === null ? [] : this.tunnels.loops(this.state);
    const { links, disturbances } = this.parts;
    return [...this.failures, ...links().detection.problems(monotonicMs()), ...loops, ...disturbances()];
  }

  tunnelOf(ifId: number): TunnelBinding | undefined {
    return this.tunnels.of(ifId);
  }

  vrfList(): { id: number; name: string }[] {
    return this.vrfs.list();
  }

  private enqueue(): Promise<void> {
    // An attempt that failed as a whole has told its caller; it must not keep the next one from running.
    this.next ??= Promise.allSettled([this.queue]).then(() => {
      this.next = null;
      return this.converge();
    });
    this.queue = this.next;
    return this.queue;
  }

  /** A device that went, or came back as another, makes its port worthless without anything else saying so; so with twins. */
  private watchDevices(): void {
    this.watchCarriers();
    this.watchProblems();
    if ((this.ports.lost() || this.parts.twins.lost()) && this.retry === null) this.tryAgain(0);
  }

  /** Linux told that links or addresses of a namespace changed; null is the one that this process is in. */
  linksChanged(namespaces: ReadonlySet<string | null>): void {
    this.watchCarriers();
    for (const namespace of namespaces) if (namespace !== null) this.parts.twins.touched(namespace);
    if (this.state !== null && this.retry === null) this.soon();
  }

  /** What disturbs comes and goes between attempts, too. */
  private watchProblems(): void {
    const { problems } = this;
    const same = problems.length === this.told.length && problems.every((each, i) => each === this.told[i]);
    if (!same && this.revision !== null && this.next === null) this.tell();
  }

  private tell(): void {
    this.told = this.problems;
    this.onChange();
  }

  private watchCarriers(): void {
    const { interfaces } = this.parts;
    for (const entry of interfaces.list()) {
      if (entry.device !== null) interfaces.setRunning(entry, deviceRunning(entry.device));
    }
  }

  private async converge(): Promise<void> {
    const { state } = this;
    if (state === null || this.stopped) return;
    this.pace.begin(monotonicMs());
    // It sees what the one that was to come would see.
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
    const problems: string[] = [];
    const note: Note = async (what, step) => {
      try {
        await step();
      } catch (error) {
        problems.push(`${what}: ${messageOf(error)}`);
      }
    };
    this.checkRestart(state, problems);
    await note('configuration', async () => problems.push(...(await this.steps(state, note))));
    if (this.pace.end(monotonicMs())) this.soon();
    // Another state came meanwhile, and its attempt comes next: this one says nothing of it.
    if (this.state !== state) return;
    this.failures = problems;
    this.revision = state.revision;
    this.converged = problems.length === 0;
    if (problems.length > 0) this.tryAgain();
    this.tell();
  }

  /** Everything in its order. Returns a sentence for whatever cannot be as it should, besides what `note` catches. */
  private async steps(state: DataplaneState, note: Note): Promise<string[]> {
    const problems: string[] = [];
    await note('VRFs', () => this.vrfs.add(state));
    const routes = withDelegated(state.routes, this.delegated);
    await note('routes', () => this.parts.statics.prune(routes));
    for (const entry of this.parts.interfaces.list()) {
      if (!this.isWanted(entry, state)) await note(entry.name, () => this.remove(entry));
    }
    await note('devices', () => this.ports.releaseOthers(state));
    const { layer2 } = this.parts;
    layer2.prune(state);
    for (const section of state.interfaces) await note(section.name, () => this.ports.ensure(section, state));
    await layer2.ensure(
      state,
      {
        vrfId: (name) => this.vrfs.id(name),
        update: (entry, addresses, mtu, enabled) => this.update(entry, addresses, mtu, enabled),
      },
      note,
    );
    for (const section of state.tunnels) await note(section.name, () => this.tunnels.ensure(section, state));
    this.tunnels.knowPorts(state);
    this.letTelnet(state.telnet ?? []);
    await note('routes', () => {
      const vrfId = (name: string): number | undefined => this.vrfs.find(name);
      problems.push(...this.parts.statics.install(routes, vrfId, monotonicMs()));
    });
    this.parts.links().updateRoutes();
    this.pruneNeighbours();
    await note('nodes', async () => {
      problems.push(...(await this.parts.userNodes.converge(state.nodes)));
    });
    await note('VRFs', () => this.vrfs.prune(state));
    await note('twins', () => this.twins.converge());
    // Collectors are reached from the twins' namespaces.
    await note('flows', () => this.parts.flows.converge(state.ipfix, this.parts.interfaces.list()));
    return problems;
  }

  private tryAgain(afterMs = RETRY_MS): void {
    if (this.stopped) return;
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      this.retry = null;
      void this.enqueue();
    }, afterMs);
  }

  /** After the routes have let go of them: what is on no network of its interface any more. */
  private pruneNeighbours(): void {
    for (const row of this.readdressed) this.parts.neighbours.prune(row);
    this.readdressed.clear();
  }

  private checkRestart(state: DataplaneState, problems: string[]): void {
    for (const key of ['workers', 'frames'] as const) {
      const now = this.initial?.dataplane[key];
      if (now !== state.dataplane[key]) {
        problems.push(`dataplane.${key} is ${now} until the data plane is restarted`);
      }
    }
    const flows = this.initial?.ipfix.max_flows;
    if (flows !== state.ipfix.max_flows)
      problems.push(`ipfix.max_flows is ${flows} until the data plane is restarted`);
    const [before, wanted] = [this.initial?.dataplane.reassembly, state.dataplane.reassembly];
    for (const key of ['timeout_ms', 'max_datagrams', 'max_fragments', 'max_frames'] as const) {
      if (before?.[key] !== wanted[key]) {
        problems.push(
          `dataplane.reassembly.${key} is ${before?.[key] ?? 'not set'} until the data plane is restarted`,
        );
      }
    }
  }

  /** False for an interface that is gone from the state, or that must be made anew to become what it should be. */
  private isWanted(entry: Interface, state: DataplaneState): boolean {
    if (entry.kind === 'tunnel') return this.tunnels.isWanted(entry, state);
    if (entry.kind !== 'ethernet') {
      return this.parts.layer2.isWanted(entry, state, (below) => this.isWanted(below, state));
    }
    return this.ports.isWanted(entry, state);
  }

  /** Linux is given what comes for Telnet by these interfaces alone. */
  private letTelnet(names: readonly string[]): void {
    const { interfaces, table } = this.parts;
    for (const { name, row } of interfaces.list())
      Atomics.store(table.telnet, row, Number(names.includes(name)));
  }

  private async remove(entry: Interface): Promise<void> {
    const { parts } = this;
    parts.statics.forgetInterface(entry.row, monotonicMs());
    parts.links().forget(entry.row);
    parts.neighbours.clear(entry.row);
    parts.features.forget(entry.row);
    Atomics.store(parts.table.telnet, entry.row, 0);
    parts.layer2.forget(entry);
    parts.pathMtus.forget(entry.row);
    parts.interfaces.remove(entry);
    if (entry.ifId !== null) this.tunnels.forget(entry.row, entry.ifId);
    if (entry.device !== null) await this.ports.close(entry);
  }

  /** Addresses, MTU and state of an interface, with what follows of it for its neighbours. */
  private update(entry: Interface, addresses: readonly string[], mtu: number, enabled: boolean): void {
    const { interfaces, neighbours } = this.parts;
    const before = [entry.addresses, entry.addresses6];
    interfaces.update(entry, addresses, mtu, enabled);
    neighbours.updateMtu(entry.row);
    if (entry.addresses !== before[0] || entry.addresses6 !== before[1]) this.readdressed.add(entry.row);
  }

  /** An ICMP error that quotes an SA's packet has told of the path of its tunnel; see nodes/path-mtu.ts. */
  learnPathMtu(row: number, family: 4 | 6, mtu: number, length: number): void {
    if (this.parts.pathMtus.learn(row, family, mtu, length, monotonicMs())) this.soon();
  }

  /** Every now and then: paths may have become wider. */
  tick(now: number): void {
    if (this.parts.pathMtus.tick(now)) this.soon();
  }

  /** A tunnel's SA has become another: if what fits it is not what its interface says, that is brought up to date. */
  resize(ifId: number): void {
    if (this.state !== null && this.tunnels.resize(ifId, this.state)) this.soon();
  }
}

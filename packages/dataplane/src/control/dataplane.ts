// The data plane as one object: its memory, threads and tables, and the desired state that it converges to.
import { join } from 'node:path';
import {
  type AuditEvent,
  type DataplaneState,
  type ErrorCounter,
  messageOf,
  type SaEvent,
  type TracedPacket,
  type TraceFilter,
} from '@sluice/shared';
import { GraphCounters, WORKER_LOOPS } from '../graph/counters.js';
import { GRAPH } from '../graph/graph.js';
import { EpochControl } from '../memory/epoch.js';
import { LARGE_FRAMES, PacketPool } from '../memory/packet-pool.js';
import { closeFd, eventOpen, poolRegister } from '../native/index.js';
import { AdjacencyTable } from '../tables/adjacencies.js';
import { HashU32Writer } from '../tables/hash-u32.js';
import { InterfaceTable } from '../tables/interfaces.js';
import { Ip4FibWriter } from '../tables/ip4-fib-writer.js';
import { Ip6FibWriter } from '../tables/ip6-fib-writer.js';
import { PathTable } from '../tables/paths.js';
import { SaTable } from '../tables/security-associations.js';
import type { UserNodeFault } from '../user-nodes/adapt.js';
import {
  allocateSharedMemory,
  RECORD_PATH_MTU,
  RECORD_STATION,
  type SharedMemory,
} from '../workers/shared-memory.js';
import { AuditReader } from './audit-reader.js';
import { BridgeMacs } from './bridge-macs.js';
import { BridgeReports } from './bridge-reports.js';
import { CaptureSession } from './capture-session.js';
import { Chores } from './chores.js';
import { Clearing } from './clearing.js';
import { ControlLoop } from './control-loop.js';
import { Convergence } from './convergence.js';
import { Features } from './features.js';
import { FlowMetering } from './flows/flow-metering.js';
import { hasLeft } from './flows/has-left.js';
import { Interfaces } from './interfaces.js';
import { hearStation, Layer2 } from './layer2.js';
import { LinkControl } from './link-control.js';
import { LinkMonitor } from './link-monitor.js';
import { LinuxTwins } from './linux-twins.js';
import { lossesAround } from './losses.js';
import { monotonicMs } from './monotonic.js';
import { neighbourPort } from './neighbour-port.js';
import { Neighbours } from './neighbours.js';
import { PathMtus } from './path-mtu.js';
import { Paths, pathPort } from './paths.js';
import { placeWorkers } from './place-workers.js';
import { Reports } from './reports.js';
import { RouteReports } from './route-reports.js';
import { RouteTable } from './route-table.js';
import { isSaRecord, SaRecords } from './sa-records.js';
import { SecurityAssociations } from './security-associations.js';
import { SequenceJournal } from './sequence-journal.js';
import { stableSecret } from './stable-address.js';
import { StaticRoutes } from './static-routes.js';
import { startThreads, type Threads } from './threads.js';
import { TraceSession } from './trace-session.js';
import { Tunnels } from './tunnels.js';
import { UserNodes } from './user-nodes.js';

const SA_TICK_MS = 50;
const NEIGHBOUR_TICK_MS = 250;
const LINK_TICK_MS = 100;
const MAC_TICK_MS = 1_000;
const TRACE_TICK_MS = 1_000;
const CAPTURE_TICK_MS = 20;
const USER_NODE_TICK_MS = 500;
const FLOW_TICK_MS = 100;

export interface DataplaneOptions {
  runDir: string;
  publishSaEvent(event: SaEvent): void;
  /** Something that an operator may want to know of, in a sentence. */
  note(text: string): void;
  /** A user's node failed on a packet and is off. */
  userNodeFailed(fault: UserNodeFault, worker: number): void;
  publishAudit(event: AuditEvent): void;
  /** A thread ended by itself: the process has to end too. */
  died(error: Error): void;
}

export class Dataplane {
  readonly shared: SharedMemory;
  readonly interfaces: Interfaces;
  readonly neighbours: Neighbours;
  readonly sas: SecurityAssociations;
  private readonly saRecords: SaRecords;
  readonly layer2: Layer2;
  readonly bridgeReports: BridgeReports;
  readonly reports: Reports;
  readonly clearing: Clearing;
  readonly routeReports: RouteReports;
  readonly convergence: Convergence;
  readonly userNodes: UserNodes;
  readonly flows: FlowMetering;
  private readonly threads: Threads;
  private readonly loop: ControlLoop;
  private readonly epoch: EpochControl;
  private readonly journal: SequenceJournal;
  private readonly audit: AuditReader;
  private readonly twins: LinuxTwins;
  readonly captures: CaptureSession;
  private readonly links: LinkControl;
  private readonly monitor: LinkMonitor;
  private readonly traces: TraceSession;
  private readonly chores: Chores;
  private readonly pool: PacketPool;

  constructor(state: Pick<DataplaneState, 'dataplane' | 'ipfix'>, options: DataplaneOptions) {
    const settings = state.dataplane;
    const { workers, frames } = settings;
    this.chores = new Chores(options.note);
    const { chores } = this;
    const cpus = placeWorkers(workers, settings.cpus);
    const events = {
      workerEvents: Array.from({ length: workers }, () => eventOpen()),
      hostEvent: eventOpen(),
      controlEvent: eventOpen(),
    };
    const limits = settings.reassembly;
    const reassembly = {
      timeoutMs: limits.timeout_ms,
      datagrams: limits.max_datagrams,
      fragments: limits.max_fragments,
      frames: limits.max_frames ?? null,
    };
    this.shared = allocateSharedMemory(workers, frames, events, reassembly, state.ipfix.max_flows);
    const { shared } = this;
    this.pool = new PacketPool(shared.pool, frames);
    poolRegister(
      this.pool.bytes,
      frames,
      LARGE_FRAMES,
      PacketPool.columnAt(frames, 'offset'),
      PacketPool.columnAt(frames, 'length'),
    );
    const injectNode = GRAPH.findIndex((node) => node.name === 'host-inject');
    this.threads = startThreads(shared, cpus, injectNode, options.died);

    this.epoch = new EpochControl(shared.epoch);
    const table = new InterfaceTable(shared.interfaces);
    const adjacencies = new AdjacencyTable(shared.adjacencies);
    const routes = new RouteTable(
      new Ip4FibWriter(shared.fib, this.epoch),
      new Ip6FibWriter(shared.fib6, this.epoch),
    );
    this.interfaces = new Interfaces(table, adjacencies, routes, this.epoch);
    this.neighbours = new Neighbours(
      adjacencies,
      neighbourPort({
        interfaces: this.interfaces,
        routes,
        epoch: this.epoch,
        shared,
        request: (row, address, mac) => this.links.request(row, address, mac),
        mtu6: (row) => this.links.advertisements.mtu(row),
      }),
    );
    this.journal = new SequenceJournal(join(options.runDir, 'sequence-numbers'));
    this.sas = new SecurityAssociations(
      new SaTable(shared.sas),
      new HashU32Writer(shared.spis, this.epoch),
      table,
      this.epoch,
      this.journal,
      {
        workers,
        tunnel: (ifId) => this.convergence.tunnelOf(ifId),
        leavesFrom: (row, address) => this.interfaces.setOuterAddress(row, address),
        resized: (ifId) => this.convergence.resize(ifId),
        publish: options.publishSaEvent,
      },
    );
    this.saRecords = new SaRecords({
      ifId: (row) => this.interfaces.ofRow(row)?.ifId ?? null,
      sa: (row) => this.sas.ofRow(row),
      publish: options.publishSaEvent,
    });
    this.audit = new AuditReader(
      shared.audit,
      shared.auditSuppressed,
      (row) => this.interfaces.ofRow(row)?.name ?? null,
      options.publishAudit,
    );
    this.layer2 = new Layer2(
      this.interfaces,
      table,
      new HashU32Writer(shared.vlans, this.epoch),
      new BridgeMacs(shared.macs, this.epoch),
    );
    this.bridgeReports = new BridgeReports(this.interfaces, this.layer2);
    this.clearing = new Clearing(this.interfaces, {
      neighbours: this.neighbours,
      macs: this.layer2.macs,
    });
    const features = new Features(table, adjacencies);
    const workerCounters = shared.counters.map((buffer) => new GraphCounters(GRAPH, buffer));
    this.userNodes = new UserNodes(options.runDir, {
      workers: this.threads.workers,
      features,
      row: (name) => this.interfaces.get(name)?.row,
      names: () => this.interfaces.names(),
      quiescent: () => this.quiescent(),
      running: new Int32Array(shared.running),
      rounds: (worker) => workerCounters[worker]!.worker[WORKER_LOOPS]!,
      failed: (fault, worker) => options.userNodeFailed(fault, worker),
      stuck: options.died,
    });
    this.reports = new Reports(
      shared.counters,
      cpus,
      this.interfaces,
      this.neighbours,
      this.userNodes,
      this.layer2,
    );
    const paths = new Paths(
      adjacencies,
      new PathTable(shared.paths),
      this.neighbours,
      this.epoch,
      pathPort(this.interfaces, table),
    );
    this.routeReports = new RouteReports(routes, adjacencies, this.interfaces, paths);
    this.twins = new LinuxTwins(this.threads.hostIo);
    this.twins.onRepair = options.note;
    this.monitor = new LinkMonitor(
      (namespaces) => this.convergence.linksChanged(namespaces),
      (problem) =>
        chores.run('changes on Linux', () => {
          if (problem !== null) throw new Error(problem);
        }),
    );
    this.twins.namespaces.onMade = (name) => this.monitor.forget(name);
    this.flows = new FlowMetering({
      shared,
      epoch: this.epoch,
      features,
      namespaceOf: async (vrf) => {
        const { namespaces } = this.twins;
        return namespaces.pathOf(await namespaces.nameOf(vrf));
      },
    });
    this.traces = new TraceSession(this.threads.workers);
    this.captures = new CaptureSession(options.runDir, shared.captures, this.threads.workers, {
      row: (name) => this.interfaces.get(name)?.row,
      interface: (row) => this.interfaces.ofRow(row)?.name ?? '',
      reason: (node, reason) => this.reports.reasonName(node, reason),
    });
    this.convergence = new Convergence({
      workers: this.threads.workers,
      interfaces: this.interfaces,
      routes,
      statics: new StaticRoutes(routes, this.interfaces, paths, adjacencies),
      paths,
      neighbours: this.neighbours,
      sas: this.sas,
      twins: this.twins,
      monitor: this.monitor,
      links: () => this.links,
      adjacencies,
      features,
      userNodes: this.userNodes,
      flows: this.flows,
      tunnels: new Tunnels(shared.tunnels, new HashU32Writer(shared.tunnelIndex, this.epoch)),
      layer2: this.layer2,
      pathMtus: new PathMtus(),
      table,
      disturbances: () => chores.problems(),
    });
    const outputNode = GRAPH.findIndex((node) => node.name === 'interface-output');
    this.loop = new ControlLoop(
      shared,
      table,
      {
        record: (kind, row, words, at) =>
          chores.run('what workers tell', () => this.hear(kind, row, words, at)),
      },
      outputNode,
    );
    this.links = new LinkControl({
      interfaces: this.interfaces,
      table,
      adjacencies,
      routes,
      neighbours: this.neighbours,
      epoch: this.epoch,
      pool: this.loop.pool,
      secret: stableSecret(join(options.runDir, 'stable-secret')),
      send: (row, write) => this.loop.send(row, write),
      changed: () => this.convergence.soon(),
    });
    this.monitor.start();
    chores.every(SA_TICK_MS, 'SAs', () => this.sas.tick(monotonicMs()));
    chores.every(SA_TICK_MS, 'path MTUs', () => this.convergence.tick(monotonicMs()));
    chores.every(SA_TICK_MS, 'audit log', () => this.audit.tick(Date.now()));
    chores.every(SA_TICK_MS, 'memory', () => this.epoch.reclaim());
    chores.every(NEIGHBOUR_TICK_MS, 'neighbours', () => this.neighbours.tick(monotonicMs()));
    chores.every(LINK_TICK_MS, 'links', () => this.links.tick(monotonicMs()));
    chores.every(NEIGHBOUR_TICK_MS, 'paths', () => paths.tick(monotonicMs()));
    chores.every(MAC_TICK_MS, 'bridges', () => this.layer2.macs.tick(monotonicMs()));
    this.captures.onActive = chores.whileOn(CAPTURE_TICK_MS, 'capture', () =>
      this.captures.tick(monotonicMs()),
    );
    chores.every(TRACE_TICK_MS, 'trace', () => this.traces.tick(monotonicMs()));
    chores.every(FLOW_TICK_MS, 'IPFIX', () => this.flows.tick(Date.now()));
    chores.every(USER_NODE_TICK_MS, 'nodes', () => this.userNodes.tick());
    chores.every(USER_NODE_TICK_MS, 'nodes that hold a worker', () => this.userNodes.watch(monotonicMs()));
  }

  /** The VRFs, for reports. */
  vrfs(only?: string): { id: number; name: string }[] {
    return this.convergence.vrfList().filter((vrf) => only === undefined || vrf.name === only);
  }

  get largeFramesFree(): number {
    return this.pool.large;
  }

  get framesFree(): number {
    return this.pool.available;
  }

  async traceStart(filter: TraceFilter): Promise<void> {
    const row = filter.interface === undefined ? -1 : this.interfaces.get(filter.interface)?.row;
    if (row === undefined) throw new Error(`there is no interface "${filter.interface}"`);
    await this.traces.start(filter, row, monotonicMs());
  }

  traceRead(): Promise<TracedPacket[]> {
    return this.traces.read(monotonicMs());
  }

  /** Loads all users' nodes anew, those too that failed or were quarantined. */
  async reloadUserNodes(): Promise<void> {
    await this.userNodes.forget();
    await this.convergence.again();
  }

  private hear(kind: number, row: number, words: Int32Array, at: number): void {
    if (kind === RECORD_STATION) {
      hearStation(this.layer2, row, words, at, monotonicMs());
    } else if (kind === RECORD_PATH_MTU) {
      const family = words[at + 1] === 6 ? 6 : 4;
      this.convergence.learnPathMtu(row, family, words[at + 2]!, words[at + 3]!);
    } else if (isSaRecord(kind)) {
      this.saRecords.hear(kind, row, words, at);
    } else {
      this.links.record(kind, row, words, at);
    }
  }

  private quiescent(): Promise<void> {
    return new Promise((resolve) => this.epoch.retire(resolve));
  }

  /** Losses outside the graph: in ports, in the host-I/O thread, in the control side. */
  lossesAround(): Promise<ErrorCounter[]> {
    const { threads, interfaces, neighbours, loop, layer2 } = this;
    return lossesAround({ threads, interfaces, neighbours, loop, macs: layer2.macs });
  }

  /** Ends threads, removes the twins and gives Linux its devices back. What fails keeps nothing else from being done. */
  async close(): Promise<void> {
    this.monitor.stop();
    this.convergence.stop();
    const { workerEvents, hostEvent, controlEvent } = this.shared;
    const steps: (() => unknown)[] = [
      () => this.captures.stop(),
      () => this.flows.flush(),
      () => hasLeft(this.threads),
      () => this.convergence.idle(),
      () => this.chores.stop(),
      () => this.loop.close(),
      () => this.flows.close(),
      () => this.convergence.releaseDevices(),
      () => this.twins.close(),
      () => this.threads.stop(),
      () => this.journal.close(),
      () => [...workerEvents, hostEvent, controlEvent].forEach(closeFd),
    ];
    const problems: string[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        problems.push(messageOf(error));
      }
    }
    if (problems.length > 0) throw new Error(problems.join('; '));
  }
}

// The control side over real tables: everything but threads and Linux. Ports are opened by nobody, packets go nowhere.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataplaneState } from '@sluice/shared';
import { BridgeMacs } from '../../../src/control/bridge-macs.js';
import { Convergence, type Parts } from '../../../src/control/convergence.js';
import { Features } from '../../../src/control/features.js';
import { FlowMetering } from '../../../src/control/flows/flow-metering.js';
import { Interfaces } from '../../../src/control/interfaces.js';
import { Layer2 } from '../../../src/control/layer2.js';
import { LinkControl } from '../../../src/control/link-control.js';
import { monotonicMs } from '../../../src/control/monotonic.js';
import { neighbourPort } from '../../../src/control/neighbour-port.js';
import { Neighbours } from '../../../src/control/neighbours.js';
import { PathMtus } from '../../../src/control/path-mtu.js';
import { Paths, pathPort } from '../../../src/control/paths.js';
import { RouteTable } from '../../../src/control/route-table.js';
import { SecurityAssociations } from '../../../src/control/security-associations.js';
import { SequenceJournal } from '../../../src/control/sequence-journal.js';
import { StaticRoutes } from '../../../src/control/static-routes.js';
import type { RemoteWorker } from '../../../src/control/threads.js';
import { Tunnels } from '../../../src/control/tunnels.js';
import { allocateEpoch, EpochControl } from '../../../src/memory/epoch.js';
import { allocatePool, PacketPool } from '../../../src/memory/packet-pool.js';
import { AdjacencyTable } from '../../../src/tables/adjacencies.js';
import { allocateFlows } from '../../../src/tables/flows.js';
import { HashU32, HashU32Writer } from '../../../src/tables/hash-u32.js';
import { INTERFACES_MAX, InterfaceTable } from '../../../src/tables/interfaces.js';
import { allocateIp4FibMemory } from '../../../src/tables/ip4-fib-layout.js';
import { Ip4FibWriter } from '../../../src/tables/ip4-fib-writer.js';
import { allocateIp6FibMemory } from '../../../src/tables/ip6-fib-layout.js';
import { Ip6FibWriter } from '../../../src/tables/ip6-fib-writer.js';
import { allocateMacMemory } from '../../../src/tables/macs.js';
import { PathTable } from '../../../src/tables/paths.js';
import { SAS_MAX, SaTable } from '../../../src/tables/security-associations.js';
import { allocateTunnels } from '../../../src/tables/tunnels.js';
import { VRFS_MAX } from '../../../src/workers/shared-memory.js';

const FRAMES = 1024;
const FIB_BYTES = 64 << 20;

export class ControlBench {
  readonly epoch = new EpochControl(allocateEpoch(2));
  readonly table = new InterfaceTable(InterfaceTable.allocate());
  readonly adjacencies = new AdjacencyTable(AdjacencyTable.allocate());
  readonly fib: Ip4FibWriter;
  readonly fib6: Ip6FibWriter;
  readonly interfaces: Interfaces;
  readonly neighbours: Neighbours;
  readonly pathTable = new PathTable(PathTable.allocate());
  readonly paths: Paths;
  readonly tags: HashU32Writer;
  readonly tunnelIndex: HashU32Writer;
  readonly spis: HashU32Writer;
  readonly layer2: Layer2;
  readonly sas: SecurityAssociations;
  readonly features: Features;
  readonly tunnels: Tunnels;
  readonly pathMtus = new PathMtus();
  readonly links: LinkControl;
  readonly convergence: Convergence;
  /** Rows of ports that are open, by worker. */
  readonly open = [new Set<number>(), new Set<number>()];
  private readonly dir = mkdtempSync(join(tmpdir(), 'sluice-control-'));
  private readonly journal = new SequenceJournal(join(this.dir, 'sequence-numbers'));

  constructor() {
    const { epoch, table, adjacencies } = this;
    const memory = allocateIp4FibMemory({ vrfs: VRFS_MAX, bytes: FIB_BYTES });
    const memory6 = allocateIp6FibMemory({ vrfs: VRFS_MAX, bytes: FIB_BYTES });
    this.fib = new Ip4FibWriter(memory, epoch);
    this.fib6 = new Ip6FibWriter(memory6, epoch);
    const index = (slots: number): HashU32Writer => new HashU32Writer(HashU32.allocate(slots), epoch);
    [this.tags, this.tunnelIndex, this.spis] = [index(INTERFACES_MAX), index(INTERFACES_MAX), index(SAS_MAX)];
    const routes = new RouteTable(this.fib, this.fib6);
    this.interfaces = new Interfaces(table, adjacencies, routes, epoch);
    this.neighbours = new Neighbours(
      adjacencies,
      neighbourPort({
        interfaces: this.interfaces,
        routes,
        epoch,
        shared: { signals: new SharedArrayBuffer(64), workerEvents: [] },
        request: () => undefined,
        mtu6: (row) => this.links.advertisements.mtu(row),
      }),
    );
    this.sas = new SecurityAssociations(
      new SaTable(SaTable.allocate()),
      this.spis,
      table,
      epoch,
      this.journal,
      {
        workers: 2,
        tunnel: (ifId) => this.convergence.tunnelOf(ifId),
        leavesFrom: (row, address) => this.interfaces.setOuterAddress(row, address),
        resized: (ifId) => this.convergence.resize(ifId),
        publish: () => undefined,
      },
    );
    this.layer2 = new Layer2(this.interfaces, table, this.tags, new BridgeMacs(allocateMacMemory(), epoch));
    this.features = new Features(table, adjacencies);
    this.paths = new Paths(
      adjacencies,
      this.pathTable,
      this.neighbours,
      epoch,
      pathPort(this.interfaces, table),
    );
    this.tunnels = new Tunnels(allocateTunnels(), this.tunnelIndex);
    this.links = new LinkControl({
      interfaces: this.interfaces,
      table,
      adjacencies,
      routes,
      neighbours: this.neighbours,
      epoch,
      pool: new PacketPool(allocatePool(FRAMES), FRAMES),
      secret: new Uint8Array(16),
      send: () => undefined,
      changed: () => this.convergence.soon(),
    });
    const parts: Omit<Parts, 'twins' | 'monitor' | 'userNodes'> = {
      workers: this.open.map((rows) => worker(rows)),
      interfaces: this.interfaces,
      routes,
      statics: new StaticRoutes(routes, this.interfaces, this.paths, adjacencies),
      paths: this.paths,
      neighbours: this.neighbours,
      sas: this.sas,
      links: () => this.links,
      adjacencies,
      features: this.features,
      tunnels: this.tunnels,
      flows: new FlowMetering({
        shared: { flows: [allocateFlows(16)], hashSeed: 1 },
        epoch,
        features: this.features,
        namespaceOf: (vrf) => Promise.resolve(`/run/netns/${vrf}`),
      }),
      layer2: this.layer2,
      pathMtus: this.pathMtus,
      table,
      disturbances: () => [],
    };
    this.convergence = new Convergence({ ...parts, ...WITHOUT_LINUX });
  }

  /** Converges, and has what was let go of be free. */
  async apply(state: DataplaneState): Promise<string[]> {
    await this.convergence.apply(state);
    await this.convergence.idle();
    this.settle();
    return this.convergence.problems;
  }

  /** No worker holds anything: what was retired is free, what that retires too. */
  settle(): void {
    this.convergence.tick(monotonicMs());
    while (!this.epoch.idle()) this.epoch.reclaim();
  }

  async close(): Promise<void> {
    this.convergence.stop();
    await this.convergence.releaseDevices();
    this.journal.close();
    rmSync(this.dir, { recursive: true });
  }
}

function worker(rows: Set<number>): RemoteWorker {
  const api = {
    openPort: async (row: number) => {
      rows.add(row);
      return { driver: 'memory', mode: 'test' };
    },
    closePort: async (row: number) => {
      rows.delete(row);
    },
  };
  return api as unknown as RemoteWorker;
}

/** What the bench does without: twins on Linux, whoever hears of changes there, and users' nodes. */
const WITHOUT_LINUX = {
  twins: {
    namespaces: { nameOf: async (vrf: string) => vrf },
    converge: async () => undefined,
    lost: () => false,
    touched: () => undefined,
  },
  monitor: { follow: async () => undefined },
  userNodes: { converge: async () => [] },
} as unknown as Pick<Parts, 'twins' | 'monitor' | 'userNodes'>;

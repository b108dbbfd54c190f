// Interfaces, routes and neighbours of the control side over real tables, without threads or devices.
import type { InterfaceSection, RouteSection, TunnelSection } from '@sluice/shared';
import { parseIp4, parseIp6 } from '@sluice/shared';
import { isIp4 } from '../../../src/control/address.js';
import type { Interface } from '../../../src/control/interface.js';
import { Interfaces } from '../../../src/control/interfaces.js';
import { Neighbours } from '../../../src/control/neighbours.js';
import { Paths, pathPort } from '../../../src/control/paths.js';
import { RouteTable } from '../../../src/control/route-table.js';
import { StaticRoutes } from '../../../src/control/static-routes.js';
import { allocateEpoch, EpochControl, EpochReader } from '../../../src/memory/epoch.js';
import { AdjacencyTable } from '../../../src/tables/adjacencies.js';
import { InterfaceTable } from '../../../src/tables/interfaces.js';
import { Ip4Fib } from '../../../src/tables/ip4-fib.js';
import { allocateIp4FibMemory } from '../../../src/tables/ip4-fib-layout.js';
import { Ip4FibWriter } from '../../../src/tables/ip4-fib-writer.js';
import { Ip6Fib } from '../../../src/tables/ip6-fib.js';
import { allocateIp6FibMemory } from '../../../src/tables/ip6-fib-layout.js';
import { Ip6FibWriter } from '../../../src/tables/ip6-fib-writer.js';
import { PathTable } from '../../../src/tables/paths.js';
import { VRFS_MAX } from '../../../src/workers/shared-memory.js';

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

/** Notes what is done to the FIB. */
class NotedRoutes extends RouteTable {
  log: string[] = [];

  override set(...args: Parameters<RouteTable['set']>): void {
    this.log.push(`+${args[3]}/${args[2]}`);
    super.set(...args);
  }

  override unset(...args: Parameters<RouteTable['unset']>): void {
    this.log.push(`-${args[3]}/${args[2]}`);
    super.unset(...args);
  }
}

export class TableBench {
  readonly table = new InterfaceTable(InterfaceTable.allocate());
  readonly adjacencies = new AdjacencyTable(AdjacencyTable.allocate());
  readonly epoch: EpochControl;
  /** A worker: offline, until a test has it hold something. */
  readonly worker: EpochReader;
  readonly routes: NotedRoutes;
  readonly interfaces: Interfaces;
  readonly neighbours: Neighbours;
  readonly statics: StaticRoutes;
  readonly paths: Paths;
  readonly pathTable = new PathTable(PathTable.allocate());
  private readonly fib: Ip4Fib;
  private readonly fib6: Ip6Fib;

  constructor() {
    const buffer = allocateEpoch(1);
    this.epoch = new EpochControl(buffer);
    this.worker = new EpochReader(buffer, 0);
    const memory = allocateIp4FibMemory({ vrfs: VRFS_MAX, bytes: 16 << 20 });
    this.fib = new Ip4Fib(memory);
    const memory6 = allocateIp6FibMemory({ vrfs: VRFS_MAX, bytes: 16 << 20 });
    this.fib6 = new Ip6Fib(memory6);
    this.routes = new NotedRoutes(
      new Ip4FibWriter(memory, this.epoch),
      new Ip6FibWriter(memory6, this.epoch),
    );
    for (const vrf of [0, 1]) this.routes.addVrf(vrf);
    this.interfaces = new Interfaces(this.table, this.adjacencies, this.routes, this.epoch);
    this.neighbours = new Neighbours(this.adjacencies, {
      request: () => undefined,
      onLink: () => true,
      ownMac: () => MAC,
      mtu: () => 1500,
      route: (row, address, adjacency) => {
        if (isIp4(address)) this.routes.set(this.table.vrf[row]!, address, 32, 'neighbour', adjacency);
      },
      unroute: (row, address, adjacency) => {
        if (isIp4(address)) this.routes.unset(this.table.vrf[row]!, address, 32, 'neighbour', adjacency);
      },
      changed: () => undefined,
      retire: (free) => this.epoch.retire(free),
    });
    this.paths = new Paths(
      this.adjacencies,
      this.pathTable,
      this.neighbours,
      this.epoch,
      pathPort(this.interfaces, this.table),
    );
    this.statics = new StaticRoutes(this.routes, this.interfaces, this.paths, this.adjacencies);
    this.routes.log = [];
  }

  port(name: string, addresses: string[], vrf = 0): Interface {
    const section: InterfaceSection = {
      name,
      device: `${name}-dev`,
      driver: 'af_xdp',
      vrf: String(vrf),
      mtu: 1500,
      enabled: true,
      addresses,
    };
    const details = { mac: '02:00:00:00:00:01', macOctets: MAC, worker: 0, driver: 'test' };
    return this.interfaces.addPort(this.interfaces.reserveRow(), section, vrf, details);
  }

  tunnel(name: string, addresses: string[]): Interface {
    const section: TunnelSection = { name, vrf: '0', outer_vrf: '0', enabled: true, addresses };
    return this.interfaces.addTunnel(section, 0, 0, 1400, 0);
  }

  /** The adjacency of an address; 0 when it has no route. */
  lookup(address: string, vrf = 0): number {
    const four = parseIp4(address);
    if (four !== null) return this.fib.lookup(vrf, four);
    const six = parseIp6(address)!;
    return this.fib6.lookup(vrf, six[0], six[1], six[2], six[3]);
  }

  /** What was done to the routes since the last call. */
  changes(): string[] {
    return this.routes.log.splice(0);
  }

  /** Brings the static routes to these; returns the problems. */
  route(...wanted: RouteSection[]): string[] {
    this.statics.prune(wanted);
    return this.statics.install(wanted, (name) => Number(name), 0);
  }
}

export function via(prefix: string, next_hop: string): RouteSection {
  return { prefix, vrf: '0', next_hop };
}

export function through(prefix: string, name: string): RouteSection {
  return { prefix, vrf: '0', interface: name };
}

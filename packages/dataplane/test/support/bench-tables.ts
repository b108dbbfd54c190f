// The control side of a bench: writes the shared tables from a description, as the data plane's own control side would.
import { ip4Mask, networkOf, parseIp4Prefix, type SaSpec, type TunnelSection } from '@sluice/shared';
import { ipWords } from '../../src/control/ip-words.js';
import { writeSaRow } from '../../src/control/sa-row.js';
import { SelectorRuns } from '../../src/control/selector-runs.js';
import { Tunnels } from '../../src/control/tunnels.js';
import { EpochControl } from '../../src/memory/epoch.js';
import {
  ADJ_BLACKHOLE,
  ADJ_GLEAN,
  ADJ_INCOMPLETE,
  ADJ_LOCAL,
  ADJ_LOOKUP,
  ADJ_MULTIPATH,
  ADJ_NEIGHBOUR,
  ADJ_PROHIBIT,
  ADJ_TUNNEL,
  ADJ_UNREACHABLE,
  AdjacencyTable,
} from '../../src/tables/adjacencies.js';
import type { EspKey } from '../../src/tables/esp-algorithms.js';
import { HashU32Writer } from '../../src/tables/hash-u32.js';
import {
  hasEthernet,
  INTERFACE_UP,
  InterfaceTable,
  KIND_BRIDGE,
  KIND_ETHERNET,
  KIND_LOOPBACK,
  KIND_TUNNEL,
  KIND_VLAN,
} from '../../src/tables/interfaces.js';
import { Ip4FibWriter } from '../../src/tables/ip4-fib-writer.js';
import { Ip6FibWriter } from '../../src/tables/ip6-fib-writer.js';
import { PathTable } from '../../src/tables/paths.js';
import * as SA from '../../src/tables/security-associations.js';
import { type SharedMemory, SIGNAL_NEIGHBOURS } from '../../src/workers/shared-memory.js';
import { BenchControl2, type BenchLayer2 } from './bench-layer2.js';
import { BenchControl6 } from './bench-tables6.js';
import { saSpecOf, sectionOf } from './bench-tunnel.js';
import { type EspSa, espKeyOf } from './esp.js';
import { ip, mac } from './packets.js';

export interface BenchInterface {
  name: string;
  /** '10.0.0.1/24'; none leaves it without. */
  address?: string;
  /** '2001:db8::1/64'; its link-local address a port has by itself. */
  address6?: string;
  mtu?: number;
  vrf?: number;
  worker?: number;
}

export interface BenchTunnel extends BenchInterface {
  outerVrf?: number;
  local: string;
  remote: string;
  inbound: EspSa;
  outbound: EspSa;
  window?: number;
  /** Ports of ESP in UDP: ours and the peer's. */
  udp?: { local: number; remote: number };
  /** Mode, selectors, what headers share: of both SAs. */
  spec?: Partial<SaSpec>;
  /** The tunnel's own section where it is one of GRE or IPIP; its ends are `local` and `remote`. */
  section?: Partial<TunnelSection>;
  workerIn?: number;
  workerOut?: number;
}

export interface BenchRoute {
  prefix: string;
  vrf?: number;
  /**
   * A neighbour's address, the name of a tunnel, 'blackhole', 'unreachable', 'prohibit', or a VRF to look up in:
   * 'vrf 7'; several of them share the flows.
   */
  via: string | string[];
}

export interface BenchNeighbour {
  interface: string;
  address: string;
  mac: string;
}

export interface BenchTables extends BenchLayer2 {
  interfaces: BenchInterface[];
  tunnels?: BenchTunnel[];
  neighbours?: BenchNeighbour[];
  routes?: BenchRoute[];
}

const REFUSALS: Record<string, number> = {
  blackhole: ADJ_BLACKHOLE,
  unreachable: ADJ_UNREACHABLE,
  prohibit: ADJ_PROHIBIT,
};

/** Key slots are of the whole process in the native layer: every SA of every bench takes new ones. */
let nextKeySlot = 40_000;

export class BenchControl {
  readonly interfaces: InterfaceTable;
  readonly adjacencies: AdjacencyTable;
  readonly paths: PathTable;
  readonly sas: SA.SaTable;
  readonly fib: Ip4FibWriter;
  readonly spis: HashU32Writer;
  readonly fib6: Ip6FibWriter;
  readonly six: BenchControl6;
  readonly two: BenchControl2;
  readonly selectors: SelectorRuns;
  readonly tunnels: Tunnels;
  /** Rows of interfaces and tunnels, by name. */
  readonly rows = new Map<string, number>();
  /** Rows of SAs: `tun in`, `tun out`. */
  readonly saRows = new Map<string, number>();
  private readonly neighbours = new Map<string, number>();
  private readonly signals: Int32Array;
  private nextRow = 1;
  private nextSa = 1;

  constructor(
    shared: SharedMemory,
    tables: BenchTables,
    private readonly setKey: (slot: number, key: EspKey) => void,
  ) {
    const epoch = new EpochControl(shared.epoch);
    this.interfaces = new InterfaceTable(shared.interfaces);
    this.adjacencies = new AdjacencyTable(shared.adjacencies);
    this.paths = new PathTable(shared.paths);
    this.sas = new SA.SaTable(shared.sas);
    this.fib = new Ip4FibWriter(shared.fib, epoch);
    this.spis = new HashU32Writer(shared.spis, epoch);
    this.fib6 = new Ip6FibWriter(shared.fib6, epoch);
    this.six = new BenchControl6(this.interfaces, this.adjacencies, this.fib6);
    this.selectors = new SelectorRuns(this.sas.selectors, epoch);
    this.tunnels = new Tunnels(shared.tunnels, new HashU32Writer(shared.tunnelIndex, epoch));
    this.signals = new Int32Array(shared.signals);
    for (const entry of tables.interfaces) this.addInterface(entry, KIND_ETHERNET);
    this.two = new BenchControl2(shared, epoch, this.interfaces, (name) => this.row(name));
    for (const vlan of tables.vlans ?? []) this.addInterface(vlan, KIND_VLAN);
    for (const bridge of tables.bridges ?? []) this.addInterface(bridge, KIND_BRIDGE);
    this.two.connect(tables);
    for (const loopback of tables.loopbacks ?? []) this.addInterface(loopback, KIND_LOOPBACK);
    for (const tunnel of tables.tunnels ?? []) this.addTunnel(tunnel);
    for (const neighbour of tables.neighbours ?? []) this.resolve(neighbour);
    for (const route of tables.routes ?? []) this.addRoute(route);
  }

  row(name: string): number {
    const row = this.rows.get(name);
    if (row === undefined) throw new Error(`the bench has no interface "${name}"`);
    return row;
  }

  /** Words of an SA's row: `sa('tun out')`. */
  sa(name: string): { row: number; words: Int32Array; counters: Float64Array } {
    const row = this.saRows.get(name);
    if (row === undefined) throw new Error(`the bench has no SA "${name}"`);
    const { words, counters } = this.sas;
    return {
      row,
      words: words.subarray(row << SA.SA_SHIFT, (row + 1) << SA.SA_SHIFT),
      counters: counters.subarray(row << SA.SA_COUNTERS_SHIFT, (row + 1) << SA.SA_COUNTERS_SHIFT),
    };
  }

  /** A neighbour is known: its adjacency, its host route, and the signal to those with parked packets. */
  resolve(entry: BenchNeighbour): void {
    const row = this.row(entry.interface);
    if (entry.address.includes(':')) {
      this.six.resolve(row, entry.address, mac(entry.mac), this.macOf(entry.interface));
      Atomics.add(this.signals, SIGNAL_NEIGHBOURS, 1);
      return;
    }
    const key = `${row} ${entry.address}`;
    const known = this.neighbours.get(key);
    const adjacency = known ?? this.addAdjacency(ADJ_INCOMPLETE, row, ip(entry.address));
    this.adjacencies.resolve(adjacency, mac(entry.mac), this.macOf(entry.interface), 0x0800);
    if (known === undefined) {
      this.neighbours.set(key, adjacency);
      this.fib.add(this.interfaces.vrf[row]!, ip(entry.address), 32, adjacency);
    }
    Atomics.add(this.signals, SIGNAL_NEIGHBOURS, 1);
  }

  /** A next hop's adjacency; incomplete until the neighbour is resolved. */
  addRoute(route: BenchRoute): void {
    if (route.prefix.includes(':')) {
      const vrf = route.vrf ?? 0;
      this.six.addRoute(vrf, route.prefix, this.adjacencyOf(route.via, vrf));
      return;
    }
    const { address, length } = prefixOf(route.prefix);
    const vrf = route.vrf ?? 0;
    if (!this.fib.hasVrf(vrf)) this.fib.createVrf(vrf);
    this.fib.add(vrf, address, length, this.adjacencyOf(route.via, vrf));
  }

  adjacencyOf(via: string | string[], vrf: number): number {
    if (typeof via !== 'string') return this.multipath(via.map((way) => this.adjacencyOf(way, vrf)));
    const refusal = REFUSALS[via];
    if (refusal !== undefined) return this.adjacencies.add({ kind: refusal, interface: 0, mtu: 0 });
    const other = /^vrf (\d+)$/.exec(via)?.[1];
    if (other !== undefined) {
      return this.adjacencies.add({ kind: ADJ_LOOKUP, interface: Number(other), mtu: 0 });
    }
    const row = this.rows.get(via);
    if (row !== undefined) return this.interfaces.tunnelAdjacency[row]!;
    if (via.includes(':')) return this.six.adjacencyOf(via, vrf);
    const out = this.connected(ip(via), vrf);
    const key = `${out} ${via}`;
    const known = this.neighbours.get(key) ?? this.addAdjacency(ADJ_INCOMPLETE, out, ip(via));
    this.neighbours.set(key, known);
    return known;
  }

  /** 64 buckets that lead to these adjacencies in turn. */
  private multipath(members: readonly number[]): number {
    const first = this.paths.take(6);
    for (let i = 0; i < 64; i++) this.paths.words[first + i] = members[i % members.length]!;
    return this.adjacencies.add({ kind: ADJ_MULTIPATH, interface: 0, mtu: 63, nextHop: first });
  }

  /** The row of the interface whose network holds the address. */
  private connected(address: number, vrf: number): number {
    const adjacency = [...this.fib.routes(vrf)].find(
      (route) =>
        this.adjacencies.kind(route.adjacency) === ADJ_GLEAN &&
        (address & ip4Mask(route.length)) >>> 0 === route.address >>> 0,
    )?.adjacency;
    if (adjacency === undefined) throw new Error(`no interface of VRF ${vrf} is connected to the next hop`);
    return this.adjacencies.interface(adjacency);
  }

  macOf(name: string): Uint8Array {
    return mac(macText(this.row(name)));
  }

  private addAdjacency(kind: number, row: number, nextHop = 0): number {
    return this.adjacencies.add({ kind, interface: row, mtu: this.interfaces.mtu[row]!, nextHop });
  }

  private addInterface(entry: BenchInterface, kind: number): number {
    const row = this.nextRow++;
    const vrf = entry.vrf ?? 0;
    const { interfaces } = this;
    this.rows.set(entry.name, row);
    if (!this.fib.hasVrf(vrf)) {
      this.fib.createVrf(vrf);
    }
    interfaces.kind[row] = kind;
    interfaces.vrf[row] = vrf;
    interfaces.mtu[row] = entry.mtu ?? 1500;
    interfaces.worker[row] = entry.worker ?? 0;
    interfaces.setMac(row, mac(macText(row)));
    interfaces.setName(row, entry.name);
    if (entry.address !== undefined) {
      const prefix = prefixOf(entry.address);
      interfaces.address[row] = prefix.address;
      this.fib.add(vrf, prefix.address, 32, this.addAdjacency(ADJ_LOCAL, row, prefix.address));
      const toAll = this.addAdjacency(ADJ_LOCAL, row);
      this.fib.add(vrf, ip('255.255.255.255'), 32, toAll);
      this.fib.add(vrf, ip('224.0.0.0'), 24, toAll);
      if (prefix.length < 31) {
        this.fib.add(vrf, (prefix.address | ~ip4Mask(prefix.length)) >>> 0, 32, toAll);
        this.fib.add(vrf, networkOf(prefix), prefix.length, this.addAdjacency(ADJ_GLEAN, row));
      }
    }
    this.six.addInterface(row, hasEthernet(kind) ? mac(macText(row)) : null, entry.address6);
    interfaces.state[row] = INTERFACE_UP;
    return row;
  }

  private addTunnel(tunnel: BenchTunnel): void {
    const row = this.addInterface({ mtu: 1400, ...tunnel }, KIND_TUNNEL);
    const { interfaces } = this;
    interfaces.outerVrf[row] = tunnel.outerVrf ?? 0;
    interfaces.tunnelAdjacency[row] = this.addAdjacency(ADJ_TUNNEL, row);
    const inbound = this.addSa(row, tunnel, tunnel.inbound, SA.SA_INBOUND);
    this.saRows.set(`${tunnel.name} in`, inbound);
    const { family, words } = ipWords(tunnel.local);
    this.spis.set(tunnel.inbound.spi, inbound, SA.spiScope(family, words[0], words[1], words[2], words[3]));
    interfaces.setTunnelSa(row, this.addSa(row, tunnel, tunnel.outbound, SA.SA_OUTBOUND));
    this.saRows.set(`${tunnel.name} out`, interfaces.tunnelSa[row]!);
    this.tunnels.set(row, sectionOf(tunnel), tunnel.outerVrf ?? 0);
  }

  private addSa(row: number, tunnel: BenchTunnel, sa: EspSa, state: number): number {
    const index = this.nextSa++;
    const inbound = state === SA.SA_INBOUND;
    const words = this.sas.words.subarray(index << SA.SA_SHIFT, (index + 1) << SA.SA_SHIFT);
    const slot = nextKeySlot++;
    this.setKey(slot, espKeyOf(sa));
    const worker = (inbound ? tunnel.workerIn : tunnel.workerOut) ?? 0;
    const spec = saSpecOf(tunnel, sa, inbound);
    writeSaRow(this.sas, index, worker, spec, 0);
    if (spec.selectors !== null) words[SA.SA_SELECTORS] = this.selectors.add(spec.selectors);
    words[SA.SA_INTERFACE] = row;
    words[SA.SA_KEY] = slot;
    words[SA.SA_LIMIT_LOW] = -1;
    words[SA.SA_LIMIT_HIGH] = sa.esn ? -1 : 0;
    words[SA.SA_OUTER_VRF] = tunnel.outerVrf ?? 0;
    words[SA.SA_STATE] = state;
    return index;
  }

  /** Makes an adjacency of a kind that routes lead to; for cases that the description cannot say. */
  addLocalAdjacency(name: string, address: string): number {
    return this.addAdjacency(ADJ_LOCAL, this.row(name), ip(address));
  }

  /** Takes a neighbour's link address back: packets for it wait again. */
  forget(name: string, address: string): void {
    if (address.includes(':')) {
      this.six.forget(this.row(name), address);
      return;
    }
    const adjacency = this.neighbours.get(`${this.row(name)} ${address}`);
    if (adjacency === undefined) throw new Error(`${address} is no neighbour of the bench`);
    if (this.adjacencies.kind(adjacency) === ADJ_NEIGHBOUR)
      this.adjacencies.setKind(adjacency, ADJ_INCOMPLETE);
  }
}

export function macText(row: number): string {
  const octet = (value: number): string => (value & 0xff).toString(16).padStart(2, '0');
  return `02:00:00:${octet(row >> 8)}:${octet(row)}:01`;
}

function prefixOf(text: string): { address: number; length: number } {
  const prefix = parseIp4Prefix(text);
  if (prefix === null) throw new Error(`"${text}" is no prefix`);
  return prefix;
}

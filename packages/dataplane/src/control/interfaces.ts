// The box's interfaces: rows for the workers, routes that addresses imply, and what a person is shown.

import type { Ip4Prefix } from '@sluice/shared';
import {
  type InterfaceSection,
  ip4Mask,
  parseIp4Prefix,
  type TunnelSection,
  tunnelIfId,
} from '@sluice/shared';
import type { EpochControl } from '../memory/epoch.js';
import { ADJ_GLEAN, ADJ_LOCAL, ADJ_TUNNEL, type AdjacencyTable } from '../tables/adjacencies.js';
import {
  INTERFACE_DOWN,
  INTERFACE_UP,
  INTERFACES_MAX,
  type InterfaceTable,
  KIND_ETHERNET,
  KIND_NONE,
  KIND_TUNNEL,
} from '../tables/interfaces.js';
import type { RouteSource, RouteTable } from './route-table.js';

export interface Interface {
  row: number;
  name: string;
  kind: 'ethernet' | 'tunnel';
  vrf: number;
  vrfName: string;
  mtu: number;
  enabled: boolean;
  /** Its device has a carrier; always true of what has no device. */
  running: boolean;
  addresses: Ip4Prefix[];
  /** Glean for a port, tunnel for a tunnel: where its connected networks lead. */
  adjacency: number;
  /** Routes that its addresses imply, by source and prefix. */
  implied: Map<string, ImpliedRoute>;
  /** The worker that owns its queues; a tunnel has none, and takes injected packets on this one. */
  worker: number;
  mac: string | null;
  macOctets: Uint8Array | null;
  device: string | null;
  driver: string | null;
  ifId: number | null;
  outerVrf: number | null;
  /** Of a tunnel: the address that its SAs leave from, once it has some. */
  outerAddress: number | null;
}

export interface ImpliedRoute {
  address: number;
  length: number;
  source: RouteSource;
  adjacency: number;
}

export interface PortDetails {
  mac: string;
  macOctets: Uint8Array;
  worker: number;
  driver: string;
}

export class Interfaces {
  private readonly byName = new Map<string, Interface>();
  private readonly linkListeners: ((entry: Interface) => void)[] = [];
  private readonly freeRows: number[] = Array.from({ length: INTERFACES_MAX - 1 }, (_, i) => i + 1);

  constructor(
    private readonly table: InterfaceTable,
    private readonly adjacencies: AdjacencyTable,
    private readonly routes: RouteTable,
    private readonly epoch: EpochControl,
  ) {}

  get(name: string): Interface | undefined {
    return this.byName.get(name);
  }

  ofRow(row: number): Interface | undefined {
    for (const entry of this.byName.values()) if (entry.row === row) return entry;
    return undefined;
  }

  /** Names by row; empty where there is no interface. */
  names(): string[] {
    const names: string[] = [];
    for (const { row, name } of this.byName.values()) names[row] = name;
    return Array.from(names, (name) => name ?? '');
  }

  list(): Interface[] {
    return [...this.byName.values()].sort((a, b) => a.row - b.row);
  }

  /** The row that the next interface will have, for whoever must open its port first. */
  reserveRow(): number {
    const row = this.freeRows.shift();
    if (row === undefined) throw new Error(`all ${INTERFACES_MAX - 1} interfaces are in use`);
    return row;
  }

  returnRow(row: number): void {
    this.freeRows.push(row);
  }

  addPort(row: number, section: InterfaceSection, vrf: number, details: PortDetails): Interface {
    const entry = this.add({
      row,
      name: section.name,
      kind: 'ethernet',
      vrf,
      vrfName: section.vrf,
      mtu: section.mtu,
      enabled: section.enabled,
      running: true,
      addresses: [],
      adjacency: this.adjacencies.add({ kind: ADJ_GLEAN, interface: row, mtu: section.mtu }),
      implied: new Map(),
      worker: details.worker,
      mac: details.mac,
      macOctets: details.macOctets,
      device: section.device,
      driver: details.driver,
      ifId: null,
      outerVrf: null,
      outerAddress: null,
    });
    this.table.kind[row] = KIND_ETHERNET;
    this.table.setMac(row, details.macOctets);
    this.update(entry, section.addresses, section.mtu, section.enabled);
    return entry;
  }

  addTunnel(section: TunnelSection, vrf: number, outerVrf: number, mtu: number, worker: number): Interface {
    const row = this.reserveRow();
    const entry = this.add({
      row,
      name: section.name,
      kind: 'tunnel',
      vrf,
      vrfName: section.vrf,
      mtu,
      enabled: section.enabled,
      running: true,
      addresses: [],
      adjacency: this.adjacencies.add({ kind: ADJ_TUNNEL, interface: row, mtu }),
      implied: new Map(),
      worker,
      mac: null,
      macOctets: null,
      device: null,
      driver: null,
      ifId: tunnelIfId(section),
      outerVrf,
      outerAddress: null,
    });
    this.table.kind[row] = KIND_TUNNEL;
    this.table.tunnelSa[row] = 0;
    this.table.tunnelAdjacency[row] = entry.adjacency;
    this.table.outerVrf[row] = outerVrf;
    this.update(entry, section.addresses, mtu, section.enabled);
    return entry;
  }

  /** Brings addresses, MTU and state of an interface to what they should be; what is right stays untouched. */
  update(entry: Interface, addresses: readonly string[], mtu: number, enabled: boolean): void {
    if (entry.mtu !== mtu || this.table.mtu[entry.row] !== mtu) {
      entry.mtu = mtu;
      this.table.mtu[entry.row] = mtu;
      this.adjacencies.setMtu(entry.adjacency, mtu);
    }
    const wanted = addresses.map((text) => parseIp4Prefix(text)).filter((prefix) => prefix !== null);
    if (!samePrefixes(wanted, entry.addresses)) this.setAddresses(entry, wanted);
    entry.enabled = enabled;
    this.setState(entry);
    this.lendAddresses();
  }

  /** The carrier of an interface's device came or went. */
  setRunning(entry: Interface, running: boolean): void {
    if (entry.running === running) return;
    entry.running = running;
    this.setState(entry);
  }

  /** Called when packets can leave by an interface again, or no longer: `isUp` says which. */
  onLink(listener: (entry: Interface) => void): void {
    this.linkListeners.push(listener);
  }

  /** Enabled, with a carrier. */
  isUp(row: number): boolean {
    const entry = this.ofRow(row);
    return entry?.enabled === true && entry.running;
  }

  private setState(entry: Interface): void {
    const state = entry.enabled && entry.running ? INTERFACE_UP : INTERFACE_DOWN;
    if (Atomics.exchange(this.table.state, entry.row, state) === state) return;
    for (const listener of this.linkListeners) listener(entry);
  }

  /** Takes an interface out. Its row is used again only when no worker can know it any more. */
  remove(entry: Interface): void {
    Atomics.store(this.table.state, entry.row, INTERFACE_DOWN);
    this.setAddresses(entry, []);
    this.byName.delete(entry.name);
    this.table.kind[entry.row] = KIND_NONE;
    this.table.address[entry.row] = 0;
    this.epoch.retire(() => {
      this.adjacencies.release(entry.adjacency);
      this.freeRows.push(entry.row);
    });
    this.lendAddresses();
  }

  /** The interface on whose connected network an address is. */
  connected(vrf: number, address: number): Interface | undefined {
    let best: Interface | undefined;
    let longest = -1;
    for (const entry of this.byName.values()) {
      if (entry.vrf !== vrf) continue;
      for (const prefix of entry.addresses) {
        const mask = ip4Mask(prefix.length);
        if ((prefix.address & mask) >>> 0 === (address & mask) >>> 0 && prefix.length > longest) {
          best = entry;
          longest = prefix.length;
        }
      }
    }
    return best;
  }

  private add(entry: Interface): Interface {
    this.table.vrf[entry.row] = entry.vrf;
    this.table.worker[entry.row] = entry.worker;
    this.byName.set(entry.name, entry);
    return entry;
  }

  /** Adds the routes that are missing, then removes those left over: what both have in common stays untouched. */
  private setAddresses(entry: Interface, addresses: Ip4Prefix[]): void {
    const { routes, adjacencies } = this;
    const wanted = impliedRoutes(entry.kind, addresses);
    for (const [key, { address, length, source }] of wanted) {
      if (entry.implied.has(key)) continue;
      const adjacency =
        source === 'connected'
          ? entry.adjacency
          : adjacencies.add({
              kind: ADJ_LOCAL,
              interface: entry.row,
              mtu: entry.mtu,
              // No next hop: to everyone.
              nextHop: source === 'local' ? address : 0,
            });
      routes.set(entry.vrf, address, length, source, adjacency);
      entry.implied.set(key, { address, length, source, adjacency });
    }
    const gone: number[] = [];
    for (const [key, { address, length, source, adjacency }] of entry.implied) {
      if (wanted.has(key)) continue;
      routes.unset(entry.vrf, address, length, source, adjacency);
      entry.implied.delete(key);
      if (source !== 'connected') gone.push(adjacency);
    }
    this.epoch.retire(() => {
      for (const adjacency of gone) adjacencies.release(adjacency);
    });
    entry.addresses = addresses;
    this.table.address[entry.row] = (addresses[0]?.address ?? 0) | 0;
  }

  /** Tells a tunnel which of the box's addresses its SAs leave from: one that nobody inside it should be shown. */
  setOuterAddress(row: number, address: number): void {
    const entry = this.ofRow(row);
    if (entry === undefined || entry.outerAddress === address) return;
    entry.outerAddress = address;
    this.lendAddresses();
  }

  /**
   * An interface without an address answers by one of its VRF's (RFC 1812 section 2.2.7, unnumbered lines). A tunnel
   * takes its outer address last: the peer drops what its traffic selectors do not cover (RFC 4301 section 5.2).
   */
  private lendAddresses(): void {
    const lenders = this.list().filter((entry) => entry.addresses.length > 0);
    for (const entry of this.byName.values()) {
      if (entry.addresses.length > 0) continue;
      const near = lenders.filter((lender) => lender.vrf === entry.vrf);
      const inside = near.find(({ addresses }) =>
        addresses.every(({ address }) => address !== entry.outerAddress),
      );
      this.table.address[entry.row] = ((inside ?? near[0])?.addresses[0]?.address ?? 0) | 0;
    }
  }
}

type Implied = Omit<ImpliedRoute, 'adjacency'>;

/** The routes of an interface's addresses, by source and prefix: several addresses may share a network. */
function impliedRoutes(kind: Interface['kind'], addresses: readonly Ip4Prefix[]): Map<string, Implied> {
  const implied = new Map<string, Implied>();
  const add = (host: number, length: number, source: RouteSource): void => {
    const address = (host & ip4Mask(length)) >>> 0;
    implied.set(`${source} ${address}/${length}`, { address, length, source });
  };
  for (const { address, length } of addresses) {
    add(address, 32, 'local');
    if (length < 32) add(address, length, 'connected');
    // RFC 3021: a /31 has no broadcast; a tunnel has none either.
    if (length < 31 && kind === 'ethernet') {
      for (const broadcast of broadcasts(address, length)) add(broadcast, 32, 'broadcast');
    }
  }
  return implied;
}

/** A network's own address, which old hosts took for a broadcast (RFC 1122 section 3.3.6), and its last one. */
function broadcasts(address: number, length: number): number[] {
  const mask = ip4Mask(length);
  return [(address & mask) >>> 0, (address | ~mask) >>> 0];
}

function samePrefixes(a: readonly Ip4Prefix[], b: readonly Ip4Prefix[]): boolean {
  return (
    a.length === b.length &&
    a.every((prefix, i) => prefix.address === b[i]?.address && prefix.length === b[i]?.length)
  );
}

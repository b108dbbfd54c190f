// The box's interfaces: rows for the workers, routes that addresses imply, and what a person is shown.

import type { InterfaceSection, TunnelSection } from '@sluice/shared';
import { formatIp4Prefix, formatIp6Prefix, isLinkLocal6, tunnelIfId } from '@sluice/shared';
import type { EpochControl } from '../memory/epoch.js';
import { ADJ_GLEAN, ADJ_TUNNEL, ADJ_UNREACHABLE, type AdjacencyTable } from '../tables/adjacencies.js';
import {
  INTERFACE_DOWN,
  INTERFACE_UP,
  INTERFACES_MAX,
  type InterfaceTable,
  KIND_BRIDGE,
  KIND_ETHERNET,
  KIND_LOOPBACK,
  KIND_NONE,
  KIND_TUNNEL,
  KIND_VLAN,
} from '../tables/interfaces.js';
import { formatMac } from '../wire/ethernet.js';
import { type Address, isIp4, sameAddress } from './address.js';
import { FreeRows } from './free-rows.js';
import { type InterfaceAddress, impliedRoutes } from './implied-routes.js';
import type { Interface, PortDetails, VirtualInterface, VirtualKind } from './interface.js';
import {
  answersFrom,
  globals6,
  isIp4Prefix,
  isIp6Prefix,
  localRow,
  parsePrefix,
  samePrefixes,
  withLinkLocal,
} from './interface-addresses.js';
import { InterfaceIndex } from './interface-index.js';
import type { RouteTable } from './route-table.js';

const VIRTUAL_KINDS: Record<VirtualKind, number> = {
  vlan: KIND_VLAN,
  bridge: KIND_BRIDGE,
  loopback: KIND_LOOPBACK,
};

/** Who says whether an address may be used; see address-detection.ts. */
export interface Admission {
  admit(row: number, address: Address): boolean;
  /** An interface has these addresses and no others. */
  keep(row: number, addresses: readonly Address[]): void;
}

export class Interfaces {
  detection: Admission | null = null;
  private readonly index = new InterfaceIndex();
  /** Interfaces that may answer by another address than they do: those that are new, or all when addresses have changed. */
  private unlent: 'none' | 'all' | Set<Interface> = 'none';
  private readonly linkListeners: ((entry: Interface) => void)[] = [];
  private readonly freeRows = new FreeRows(INTERFACES_MAX);

  constructor(
    private readonly table: InterfaceTable,
    private readonly adjacencies: AdjacencyTable,
    private readonly routes: RouteTable,
    private readonly epoch: EpochControl,
  ) {}

  get(name: string): Interface | undefined {
    return this.index.get(name);
  }

  ofRow(row: number): Interface | undefined {
    return this.index.ofRow(row);
  }

  /** Names by row; empty where there is no interface. */
  names(): string[] {
    const names: string[] = [];
    for (const { row, name } of this.index.list()) names[row] = name;
    return Array.from(names, (name) => name ?? '');
  }

  /** By row. */
  list(): readonly Interface[] {
    return this.index.list();
  }

  /** True when the box has this address in a VRF; a link-local one, on any link of it. */
  isOwn(vrf: number, address: Address): boolean {
    return this.index.isOwn(vrf, address);
  }

  /** The row that the next interface will have, for whoever must open its port first. */
  reserveRow(): number {
    const row = this.freeRows.take();
    if (row === undefined) throw new Error(`all ${INTERFACES_MAX - 1} interfaces are in use`);
    return row;
  }

  returnRow(row: number): void {
    this.freeRows.giveBack(row);
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
      addresses6: [],
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
      addresses6: [],
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

  /** A VLAN, bridge or loopback. It is down, and has no addresses, until the first update(). */
  addVirtual(what: VirtualInterface): Interface {
    const row = this.reserveRow();
    const { mtu, macOctets } = what;
    const entry = this.add({
      ...what,
      row,
      enabled: false,
      running: true,
      addresses: [],
      addresses6: [],
      adjacency: this.adjacencies.add({
        kind: what.kind === 'loopback' ? ADJ_UNREACHABLE : ADJ_GLEAN,
        interface: row,
        mtu,
      }),
      implied: new Map(),
      mac: macOctets === null ? null : formatMac(macOctets),
      device: null,
      driver: null,
      ifId: null,
      outerVrf: null,
      outerAddress: null,
    });
    if (macOctets !== null) this.table.setMac(row, macOctets);
    this.table.kind[row] = VIRTUAL_KINDS[what.kind];
    return entry;
  }

  /** Brings addresses, MTU and state of an interface to what they should be; what is right stays untouched. */
  update(entry: Interface, addresses: readonly string[], mtu: number, enabled: boolean): void {
    if (entry.mtu !== mtu || this.table.mtu[entry.row] !== mtu) {
      entry.mtu = mtu;
      this.table.mtu[entry.row] = mtu;
      this.adjacencies.setMtu(entry.adjacency, mtu);
    }
    const parsed = addresses.map(parsePrefix).filter((prefix) => prefix !== null);
    // What comes in by a bridge's member is the bridge's: it has no address at all.
    const all = this.table.bridge[entry.row] === 0 ? withLinkLocal(parsed, entry) : [];
    const wanted = entry.macOctets === null ? all : this.admitted(entry, all);
    if (!samePrefixes(wanted, [...entry.addresses, ...entry.addresses6])) this.setAddresses(entry, wanted);
    entry.enabled = enabled;
    this.setState(entry);
    if (this.unlent !== 'none') this.lendAddresses();
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

  /** Those that nobody else has, as far as that is known. IPv4 addresses are used in any case. */
  private admitted(entry: Interface, all: InterfaceAddress[]): InterfaceAddress[] {
    this.detection?.keep(
      entry.row,
      all.map(({ address }) => address),
    );
    return all.filter(({ address }) => {
      const admitted = this.detection?.admit(entry.row, address) ?? true;
      return admitted || isIp4(address);
    });
  }

  /** Takes an interface out. Its row is used again only when no worker can know it any more. */
  remove(entry: Interface): void {
    Atomics.store(this.table.state, entry.row, INTERFACE_DOWN);
    this.setAddresses(entry, []);
    this.detection?.keep(entry.row, []);
    this.index.delete(entry);
    if (this.unlent instanceof Set) this.unlent.delete(entry);
    this.table.kind[entry.row] = KIND_NONE;
    this.table.address[entry.row] = 0;
    for (const column of [this.table.address6, this.table.linkLocal6])
      this.storeAddress6(column, entry.row, null);
    this.epoch.retire(() => {
      this.adjacencies.release(entry.adjacency);
      this.freeRows.giveBack(entry.row);
    });
    if (this.unlent !== 'none') this.lendAddresses();
  }

  /** Addresses with their lengths as text, IPv4 before IPv6. */
  addressTexts(entry: Interface): string[] {
    return [...entry.addresses.map(formatIp4Prefix), ...entry.addresses6.map(formatIp6Prefix)];
  }

  private add(entry: Interface): Interface {
    this.table.vrf[entry.row] = entry.vrf;
    this.table.worker[entry.row] = entry.worker;
    this.table.setName(entry.row, entry.name);
    this.index.add(entry);
    this.lendSoon(entry);
    return entry;
  }

  /** Adds the routes that are missing, then removes those left over: what both have in common stays untouched. */
  private setAddresses(entry: Interface, addresses: InterfaceAddress[]): void {
    const { routes, adjacencies } = this;
    const wanted = impliedRoutes(entry, addresses);
    for (const [key, route] of wanted) {
      if (entry.implied.has(key)) continue;
      const { vrf, address, length, source } = route;
      const adjacency = source === 'connected' ? entry.adjacency : adjacencies.add(localRow(entry, route));
      routes.set(vrf, address, length, source, adjacency);
      entry.implied.set(key, { ...route, adjacency });
    }
    const gone: number[] = [];
    for (const [key, { vrf, address, length, source, adjacency }] of entry.implied) {
      if (wanted.has(key)) continue;
      routes.unset(vrf, address, length, source, adjacency);
      entry.implied.delete(key);
      if (source !== 'connected') gone.push(adjacency);
    }
    this.epoch.retire(() => {
      for (const adjacency of gone) adjacencies.release(adjacency);
    });
    const before = [...entry.addresses, ...entry.addresses6];
    this.index.readdress(entry.vrf, before.map(addressOf), addresses.map(addressOf));
    // One that had none, and has none, lends none.
    if (before.length + addresses.length > 0) this.unlent = 'all';
    entry.addresses = addresses.filter(isIp4Prefix);
    entry.addresses6 = addresses.filter(isIp6Prefix);
    const linkLocal = entry.addresses6.find(({ address }) => isLinkLocal6(address));
    this.storeAddress6(this.table.linkLocal6, entry.row, linkLocal?.address ?? null);
  }

  /** Tells a tunnel which of the box's addresses its SAs leave from: one that nobody inside it should be shown. */
  setOuterAddress(row: number, address: Address): void {
    const entry = this.ofRow(row);
    if (entry === undefined || (entry.outerAddress !== null && sameAddress(entry.outerAddress, address)))
      return;
    entry.outerAddress = address;
    this.lendSoon(entry);
    this.lendAddresses();
  }

  /**
   * An interface without an address answers by one of its VRF's (RFC 1812 section 2.2.7, unnumbered lines). A tunnel
   * takes its outer address last: the peer drops what its traffic selectors do not cover (RFC 4301 section 5.2).
   */
  private lendAddresses(): void {
    const { unlent } = this;
    this.unlent = 'none';
    const all = this.list();
    const lenders4 = all.filter(({ addresses }) => addresses.length > 0);
    const lenders6 = all.filter((entry) => globals6(entry).length > 0);
    for (const entry of unlent instanceof Set ? unlent : all) {
      const four = answersFrom(entry, lenders4, ({ addresses }) => addresses);
      this.table.address[entry.row] = ((four as number | null) ?? 0) | 0;
      this.storeAddress6(this.table.address6, entry.row, answersFrom(entry, lenders6, globals6));
    }
  }

  /** Has an interface answer by another address, when it has none: others go on as they do. */
  private lendSoon(entry: Interface): void {
    if (this.unlent === 'none') this.unlent = new Set();
    if (this.unlent !== 'all') this.unlent.add(entry);
  }

  private storeAddress6(column: Int32Array, row: number, address: Address | null): void {
    for (let i = 0; i < 4; i++)
      column[(row << 2) + i] = (address === null || isIp4(address) ? 0 : address[i]!) | 0;
  }
}

function addressOf({ address }: InterfaceAddress): Address {
  return address;
}

// What neighbours need of the rest of the control side: questions on the wire, host routes, and the workers' signal.
import type { EpochControl } from '../memory/epoch.js';
import { eventSignal } from '../native/index.js';
import { scopeOf } from '../tables/ip6-scope.js';
import { type SharedMemory, SIGNAL_NEIGHBOURS } from '../workers/shared-memory.js';
import { type Address, isIp4, isLinkLocal, sameAddress } from './address.js';
import type { Interfaces } from './interfaces.js';
import type { NeighbourPort } from './neighbours.js';
import type { RouteSource, RouteTable } from './route-table.js';

/** Sources of routes whose hosts are on the interface's own link, when they lead to its own adjacency. */
const ON_LINK: readonly RouteSource[] = ['connected', 'static'];

export interface NeighbourParts {
  interfaces: Interfaces;
  routes: RouteTable;
  epoch: EpochControl;
  shared: Pick<SharedMemory, 'signals' | 'workerEvents'>;
  request: NeighbourPort['request'];
  /** The largest IPv6 packet that routers of an interface's link advertise; null for none. */
  mtu6(row: number): number | null;
}

export function neighbourPort(parts: NeighbourParts): NeighbourPort {
  const { interfaces, routes, epoch, shared } = parts;
  const signals = new Int32Array(shared.signals);
  /** Where a neighbour's host route is; null when its interface is gone. */
  const placeOf = (
    row: number,
    address: Address,
  ): { vrf: number; address: Address; length: number } | null => {
    const entry = interfaces.ofRow(row);
    if (entry === undefined) return null;
    if (isIp4(address)) return { vrf: entry.vrf, address, length: 32 };
    return { ...scopeOf(entry.vrf, row, address), length: 128 };
  };
  return {
    request: parts.request,
    onLink: (row, address) => isOnLink(interfaces, routes, row, address),
    ownMac: (row) => interfaces.ofRow(row)?.macOctets ?? new Uint8Array(6),
    mtu: (row, address) => {
      const mtu = interfaces.ofRow(row)?.mtu ?? 0;
      return isIp4(address) ? mtu : Math.min(mtu, parts.mtu6(row) ?? mtu);
    },
    route: (row, address, adjacency) => {
      const place = placeOf(row, address);
      if (place !== null) routes.set(place.vrf, place.address, place.length, 'neighbour', adjacency);
    },
    unroute: (row, address, adjacency) => {
      const place = placeOf(row, address);
      if (place !== null) routes.unset(place.vrf, place.address, place.length, 'neighbour', adjacency);
    },
    changed: () => {
      Atomics.add(signals, SIGNAL_NEIGHBOURS, 1);
      for (const event of shared.workerEvents) eventSignal(event);
    },
    retire: (free) => epoch.retire(free),
  };
}

/**
 * True for what is on a connected network of an interface, or behind a route that names the interface alone; every
 * port's link has link-local addresses. Not for the box's own addresses.
 */
function isOnLink(interfaces: Interfaces, routes: RouteTable, row: number, address: Address): boolean {
  const entry = interfaces.ofRow(row);
  if (entry === undefined || entry.macOctets === null) return false;
  // Link-local addresses are each link's own: another's may be the same.
  if (isLinkLocal(address)) return entry.addresses6.every((own) => !sameAddress(own.address, address));
  return (
    !interfaces.isOwn(entry.vrf, address) &&
    ON_LINK.some((source) => routes.longest(entry.vrf, address, source)?.adjacency === entry.adjacency)
  );
}

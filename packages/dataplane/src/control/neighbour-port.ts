// What neighbours need of the rest of the control side: questions on the wire, host routes, and the workers' signal.
import type { EpochControl } from '../memory/epoch.js';
import { eventSignal } from '../native/index.js';
import { HEARD_IP6, HEARD_NO_MAC } from '../tables/neighbour-records.js';
import { ARP_FRAME_BYTES, ARP_REQUEST, writeArp } from '../wire/arp.js';
import {
  RECORD_HEARD,
  RECORD_RESOLVE,
  type SharedMemory,
  SIGNAL_NEIGHBOURS,
} from '../workers/shared-memory.js';
import { type Address, isIp4 } from './address.js';
import type { Interfaces } from './interfaces.js';
import { macOfWords, type NeighbourPort, type Neighbours } from './neighbours.js';
import type { RouteTable } from './route-table.js';

/** Sends a frame by an interface: `write` fills it at an offset and returns its length in bytes. */
export type SendFrame = (row: number, write: (bytes: Uint8Array, at: number) => number) => void;

export interface NeighbourParts {
  interfaces: Interfaces;
  routes: RouteTable;
  epoch: EpochControl;
  shared: SharedMemory;
  send: SendFrame;
}

export function neighbourPort({ interfaces, routes, epoch, shared, send }: NeighbourParts): NeighbourPort {
  const signals = new Int32Array(shared.signals);
  return {
    request: (row, address, mac) => {
      if (isIp4(address)) requestArp(interfaces, send, row, address, mac);
    },
    onLink: (row, address) => isIp4(address) && isOnLink(interfaces, routes, row, address),
    ownMac: (row) => interfaces.ofRow(row)?.macOctets ?? new Uint8Array(6),
    mtu: (row) => interfaces.ofRow(row)?.mtu ?? 0,
    route: (row, address, adjacency) => {
      const entry = interfaces.ofRow(row);
      if (entry !== undefined && isIp4(address)) routes.set(entry.vrf, address, 32, 'neighbour', adjacency);
    },
    unroute: (row, address, adjacency) => {
      const entry = interfaces.ofRow(row);
      if (entry !== undefined && isIp4(address)) routes.unset(entry.vrf, address, 32, 'neighbour', adjacency);
    },
    changed: () => {
      Atomics.add(signals, SIGNAL_NEIGHBOURS, 1);
      for (const event of shared.workerEvents) eventSignal(event);
    },
    retire: (free) => epoch.retire(free),
  };
}

/** Gives a worker's record to the neighbours; see tables/neighbour-records.ts. */
export function hearRecord(
  neighbours: Neighbours,
  kind: number,
  row: number,
  words: Int32Array,
  at: number,
  now: number,
): void {
  const flags = words[at + 5]! >>> 16;
  const word = (i: number): number => words[at + i]! >>> 0;
  const address: Address = flags & HEARD_IP6 ? [word(1), word(2), word(3), word(4)] : word(1);
  if (kind === RECORD_RESOLVE) neighbours.resolve(row, address, now);
  else if (kind === RECORD_HEARD) {
    const mac = flags & HEARD_NO_MAC ? null : macOfWords(words[at + 5]! & 0xffff, words[at + 6]!);
    neighbours.heard(row, address, { flags, mac }, now);
  }
}

/** True for what is on a connected network of an interface, or behind a route that names the interface alone. */
function isOnLink(interfaces: Interfaces, routes: RouteTable, row: number, address: number): boolean {
  const entry = interfaces.ofRow(row);
  if (entry === undefined || isOwn(interfaces, entry.vrf, address)) return false;
  return (
    interfaces.connected(entry.vrf, address)?.row === row ||
    routes.longest(entry.vrf, address, 'static')?.adjacency === entry.adjacency
  );
}

function isOwn(interfaces: Interfaces, vrf: number, address: number): boolean {
  return interfaces
    .list()
    .some((entry) => entry.vrf === vrf && entry.addresses.some((prefix) => prefix.address === address));
}

function requestArp(
  interfaces: Interfaces,
  send: SendFrame,
  row: number,
  address: number,
  mac: Uint8Array | null,
): void {
  const entry = interfaces.ofRow(row);
  if (entry === undefined || entry.macOctets === null) return;
  // The sender must be on the same network as the target, or it is not answered.
  const own = entry.addresses.find(
    (prefix) => interfaces.connected(entry.vrf, address) === entry && sameNet(prefix, address),
  );
  const { macOctets } = entry;
  send(row, (bytes, at) => {
    writeArp(bytes, at, {
      operation: ARP_REQUEST,
      sourceMac: macOctets,
      senderIp: own?.address ?? entry.addresses[0]?.address ?? 0,
      targetMac: mac,
      targetIp: address,
    });
    return ARP_FRAME_BYTES;
  });
}

function sameNet(prefix: { address: number; length: number }, address: number): boolean {
  return prefix.length === 0 || prefix.address >>> (32 - prefix.length) === address >>> (32 - prefix.length);
}

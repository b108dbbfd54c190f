// All leases, by address and by client in each VRF, and in the order in which they end.

import type { DhcpLeaseState } from '@sluice/shared';
import { DeadlineHeap } from './deadline-heap.js';
import { isActive } from './lease.js';
import { count } from './places.js';

/** What the table knows of a lease of either family. */
export interface TableLease {
  vrf: string;
  /** Of IPv4 a number, of IPv6 text. */
  address: number | string;
  state: DhcpLeaseState;
  client: string;
  port: string;
  /** Beside the port, where there is one. */
  member?: string;
  expiresMs: number;
}

const NONE: readonly never[] = [];

interface VrfLeases<L extends TableLease> {
  byAddress: Map<L['address'], L>;
  byClient: Map<string, L[]>;
  /** Addresses in use by place on the network: ports, and members of bridges. */
  places: Map<string, number>;
}

export class LeaseTable<L extends TableLease> {
  readonly #vrfs = new Map<string, VrfLeases<L>>();
  readonly #deadlines = new DeadlineHeap<L>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(vrf: string, address: L['address']): L | undefined {
    return this.#vrfs.get(vrf)?.byAddress.get(address);
  }

  /** Leases that a client has or had in a VRF. */
  ofClient(vrf: string, client: string): readonly L[] {
    return this.#vrfs.get(vrf)?.byClient.get(client) ?? NONE;
  }

  /** @param place A lease's port or member. */
  activeAt(vrf: string, place: string): number {
    return this.#vrfs.get(vrf)?.places.get(place) ?? 0;
  }

  *all(): IterableIterator<L> {
    for (const { byAddress } of this.#vrfs.values()) yield* byAddress.values();
  }

  /** In place of what was known of that address. */
  put(lease: L): void {
    let table = this.#vrfs.get(lease.vrf);
    if (table === undefined) {
      table = { byAddress: new Map(), byClient: new Map(), places: new Map() };
      this.#vrfs.set(lease.vrf, table);
    }
    const before = table.byAddress.get(lease.address);
    if (before === undefined) this.#size++;
    else unlink(table, before);
    table.byAddress.set(lease.address, lease);
    if (lease.client !== '') {
      const leases = table.byClient.get(lease.client);
      if (leases === undefined) table.byClient.set(lease.client, [lease]);
      else leases.push(lease);
    }
    if (!isActive(lease)) return;
    count(table.places, lease, 1);
    if (lease.expiresMs !== Number.POSITIVE_INFINITY) this.#deadlines.push(lease.expiresMs, lease);
  }

  /** Nothing is known of its address any more. */
  remove(lease: L): void {
    const table = this.#vrfs.get(lease.vrf);
    if (table?.byAddress.get(lease.address) !== lease) return;
    unlink(table, lease);
    table.byAddress.delete(lease.address);
    this.#size--;
  }

  /** Takes the leases out of the order that have ended; their state is the caller's to change. */
  ended(nowMs: number): L[] {
    const ended: L[] = [];
    for (let lease = this.#deadlines.pop(nowMs); lease !== null; lease = this.#deadlines.pop(nowMs)) {
      // One that was renewed or given back since has another object in its place.
      if (this.get(lease.vrf, lease.address) === lease && isActive(lease)) ended.push(lease);
    }
    return ended;
  }
}

function unlink<L extends TableLease>(table: VrfLeases<L>, lease: L): void {
  const leases = table.byClient.get(lease.client);
  const at = leases?.indexOf(lease) ?? -1;
  if (at >= 0) leases?.splice(at, 1);
  if (leases?.length === 0) table.byClient.delete(lease.client);
  if (isActive(lease)) count(table.places, lease, -1);
}

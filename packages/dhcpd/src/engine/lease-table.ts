// All leases, by address and by client in each VRF, and in the order in which they end.
import { DeadlineHeap } from './deadline-heap.js';
import { isActive, type Lease } from './lease.js';

interface VrfLeases {
  byAddress: Map<number, Lease>;
  byClient: Map<string, Set<Lease>>;
  /** Addresses in use by place on the network. */
  ports: Map<string, number>;
}

export class LeaseTable {
  readonly #vrfs = new Map<string, VrfLeases>();
  readonly #deadlines = new DeadlineHeap<Lease>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(vrf: string, address: number): Lease | undefined {
    return this.#vrfs.get(vrf)?.byAddress.get(address);
  }

  /** Leases that a client has or had in a VRF. */
  ofClient(vrf: string, client: string): Iterable<Lease> {
    return this.#vrfs.get(vrf)?.byClient.get(client) ?? [];
  }

  activeOfPort(vrf: string, port: string): number {
    return this.#vrfs.get(vrf)?.ports.get(port) ?? 0;
  }

  *all(): IterableIterator<Lease> {
    for (const { byAddress } of this.#vrfs.values()) yield* byAddress.values();
  }

  /** In place of what was known of that address. */
  put(lease: Lease): void {
    let table = this.#vrfs.get(lease.vrf);
    if (table === undefined) {
      table = { byAddress: new Map(), byClient: new Map(), ports: new Map() };
      this.#vrfs.set(lease.vrf, table);
    }
    const before = table.byAddress.get(lease.address);
    if (before === undefined) this.#size++;
    else unlink(table, before);
    table.byAddress.set(lease.address, lease);
    if (lease.client !== '') {
      const leases = table.byClient.get(lease.client);
      if (leases === undefined) table.byClient.set(lease.client, new Set([lease]));
      else leases.add(lease);
    }
    if (!isActive(lease)) return;
    if (lease.port !== '') table.ports.set(lease.port, (table.ports.get(lease.port) ?? 0) + 1);
    if (lease.expiresMs !== Number.POSITIVE_INFINITY) this.#deadlines.push(lease.expiresMs, lease);
  }

  /** Takes the leases out of the order that have ended; their state is the caller's to change. */
  ended(nowMs: number): Lease[] {
    const ended: Lease[] = [];
    for (let lease = this.#deadlines.pop(nowMs); lease !== null; lease = this.#deadlines.pop(nowMs)) {
      // One that was renewed or given back since has another object in its place.
      if (this.get(lease.vrf, lease.address) === lease && isActive(lease)) ended.push(lease);
    }
    return ended;
  }
}

function unlink(table: VrfLeases, lease: Lease): void {
  const leases = table.byClient.get(lease.client);
  leases?.delete(lease);
  if (leases?.size === 0) table.byClient.delete(lease.client);
  if (!isActive(lease) || lease.port === '') return;
  const left = (table.ports.get(lease.port) ?? 1) - 1;
  if (left === 0) table.ports.delete(lease.port);
  else table.ports.set(lease.port, left);
}

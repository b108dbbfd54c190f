// IPv4 neighbours: who has which address on which interface (RFC 826, RFC 1122 section 2.3.2).
//
// Owned by the control thread: workers park packets and ask, this resolves, ages and tells them. States:
//   incomplete  asked, not answered: its adjacency parks packets
//   reachable   answered not long ago: its adjacency sends
//   probe       answered long ago and asked again, to it alone: still sends
//   failed      did not answer: kept for a while so that it is not asked for every packet
// Never: reachable → incomplete without having failed in between; failed → probe.
import type { AdjacencyTable } from '../tables/adjacencies.js';
import { ADJ_INCOMPLETE } from '../tables/adjacencies.js';
import { ETHERTYPE_IP4 } from '../wire/ethernet.js';

export type NeighbourState = 'incomplete' | 'reachable' | 'probe' | 'failed';

export interface Neighbour {
  row: number;
  /** Unsigned IPv4 address. */
  address: number;
  state: NeighbourState;
  mac: Uint8Array | null;
  adjacency: number;
  /** Routes whose next hop it is; one with references is never forgotten. */
  references: number;
  /** Requests sent since it last answered. */
  tries: number;
  /** When the next step is due, in ms. */
  dueAt: number;
  /** When it last answered, or was made. */
  since: number;
}

/** What this needs of the rest of the control side. */
export interface NeighbourPort {
  /** Sends an ARP request out of an interface; to everyone when `mac` is null. */
  request(row: number, address: number, mac: Uint8Array | null): void;
  /** True when an address is on a network connected to the interface. */
  onLink(row: number, address: number): boolean;
  ownMac(row: number): Uint8Array;
  mtu(row: number): number;
  /** Adds or removes the host route that leads to a neighbour. */
  route(row: number, address: number, adjacency: number): void;
  unroute(row: number, address: number, adjacency: number): void;
  /** Wakes the workers: a parked packet may go on. */
  changed(): void;
  /** Runs once no worker can hold what was unlinked before. */
  retire(free: () => void): void;
}

/** Requests before a neighbour has failed, and the time between them. */
const TRIES = 3;
const RETRY_MS = 1_000;
/** A neighbour is asked again after this time (RFC 1122 section 2.3.2.1 suggests a minute at most). */
const REACHABLE_MS = 30_000;
const FAILED_MS = 5_000;
/** Bounds on what a flood of addresses can make: neighbours in all, and those not answered yet. */
const NEIGHBOURS_MAX = 16_384;
const INCOMPLETE_MAX = 1_024;

export class Neighbours {
  private readonly entries = new Map<number, Neighbour>();
  private incomplete = 0;
  /** Neighbours refused because a bound was reached. */
  refused = 0;

  constructor(
    private readonly adjacencies: AdjacencyTable,
    private readonly port: NeighbourPort,
  ) {}

  list(): Neighbour[] {
    return [...this.entries.values()];
  }

  /** A worker has a packet for this neighbour. */
  resolve(row: number, address: number, now: number): void {
    const entry = this.entries.get(keyOf(row, address));
    if (entry === undefined) {
      if (this.port.onLink(row, address)) this.create(row, address, now);
    } else if (entry.state === 'failed' && now >= entry.dueAt) {
      this.ask(entry, now);
    }
  }

  /** The adjacency of a next hop, which is resolved from now on; release() gives it back. */
  reference(row: number, address: number, now: number): number {
    // The configuration bounds these: a scan that holds all that may wait for an answer must not refuse them.
    const entry = this.entries.get(keyOf(row, address)) ?? this.create(row, address, now, true, false);
    if (entry === null) throw new Error(`there are ${NEIGHBOURS_MAX} neighbours already`);
    entry.references++;
    return entry.adjacency;
  }

  release(row: number, address: number): void {
    const entry = this.entries.get(keyOf(row, address));
    if (entry !== undefined && entry.references > 0) entry.references--;
  }

  /** An ARP packet named this pair. Only what is on the link counts. */
  learn(row: number, address: number, mac: Uint8Array, now: number): void {
    if (!this.port.onLink(row, address)) return;
    const entry = this.entries.get(keyOf(row, address)) ?? this.create(row, address, now, false, false);
    if (entry === null) return;
    if (
      entry.mac !== null &&
      (entry.state === 'reachable' || entry.state === 'probe') &&
      !sameMac(entry.mac, mac)
    ) {
      this.move(entry, mac, now);
      return;
    }
    const known = entry.state === 'reachable' || entry.state === 'probe';
    this.setState(entry, 'reachable');
    entry.tries = 0;
    entry.since = now;
    entry.dueAt = now + REACHABLE_MS;
    if (known) return;
    entry.mac = mac;
    this.adjacencies.resolve(entry.adjacency, mac, this.port.ownMac(row), ETHERTYPE_IP4);
    this.port.route(row, address, entry.adjacency);
    this.port.changed();
  }

  /** Retries, probes and forgets what is due. */
  tick(now: number): void {
    for (const entry of this.entries.values()) {
      if (now < entry.dueAt) continue;
      if (entry.state === 'reachable') {
        this.setState(entry, 'probe');
        entry.tries = 0;
        this.ask(entry, now);
      } else if (entry.state === 'failed') {
        if (entry.references === 0) this.forget(entry);
      } else if (entry.tries < TRIES) {
        this.ask(entry, now);
      } else {
        this.fail(entry, now);
      }
    }
  }

  /** Forgets all neighbours of an interface that is going away; its routes have been removed. */
  clear(row: number): void {
    for (const entry of this.entries.values()) {
      if (entry.row === row) this.forget(entry);
    }
  }

  /** Forgets those of an interface that are on none of its networks any more; routes have let go of them. */
  prune(row: number): void {
    for (const entry of this.entries.values()) {
      if (entry.row === row && entry.references === 0 && !this.port.onLink(row, entry.address))
        this.forget(entry);
    }
  }

  /** An interface has another MTU. */
  setMtu(row: number, mtu: number): void {
    for (const entry of this.entries.values()) {
      if (entry.row === row) this.adjacencies.setMtu(entry.adjacency, mtu);
    }
  }

  private create(
    row: number,
    address: number,
    now: number,
    ask = true,
    boundIncomplete = true,
  ): Neighbour | null {
    if (this.entries.size >= NEIGHBOURS_MAX || (boundIncomplete && this.incomplete >= INCOMPLETE_MAX)) {
      this.refused++;
      return null;
    }
    const adjacency = this.adjacencies.add({
      kind: ADJ_INCOMPLETE,
      interface: row,
      mtu: this.port.mtu(row),
      nextHop: address,
    });
    const entry: Neighbour = {
      row,
      address,
      state: 'failed',
      mac: null,
      adjacency,
      references: 0,
      tries: 0,
      dueAt: now,
      since: now,
    };
    this.entries.set(keyOf(row, address), entry);
    this.setState(entry, 'incomplete');
    if (ask) this.ask(entry, now);
    return entry;
  }

  private ask(entry: Neighbour, now: number): void {
    if (entry.state === 'failed') {
      this.setState(entry, 'incomplete');
      entry.tries = 0;
    }
    entry.tries++;
    entry.dueAt = now + RETRY_MS;
    this.port.request(entry.row, entry.address, entry.state === 'probe' ? entry.mac : null);
  }

  private fail(entry: Neighbour, now: number): void {
    if (entry.state === 'probe') {
      this.port.unroute(entry.row, entry.address, entry.adjacency);
      this.adjacencies.setKind(entry.adjacency, ADJ_INCOMPLETE);
    }
    this.setState(entry, 'failed');
    entry.mac = null;
    entry.dueAt = now + FAILED_MS;
  }

  /** The address answers from another MAC: the adjacency is rewritten when no worker reads it. */
  private move(entry: Neighbour, mac: Uint8Array, now: number): void {
    entry.mac = mac;
    entry.since = now;
    entry.dueAt = now + REACHABLE_MS;
    this.setState(entry, 'reachable');
    this.adjacencies.setKind(entry.adjacency, ADJ_INCOMPLETE);
    this.port.retire(() => {
      if (this.entries.get(keyOf(entry.row, entry.address)) !== entry || entry.mac !== mac) return;
      this.adjacencies.resolve(entry.adjacency, mac, this.port.ownMac(entry.row), ETHERTYPE_IP4);
      this.port.changed();
    });
  }

  private forget(entry: Neighbour): void {
    if (entry.state === 'reachable' || entry.state === 'probe')
      this.port.unroute(entry.row, entry.address, entry.adjacency);
    this.setState(entry, 'failed');
    this.entries.delete(keyOf(entry.row, entry.address));
    this.adjacencies.setKind(entry.adjacency, ADJ_INCOMPLETE);
    this.port.retire(() => this.adjacencies.release(entry.adjacency));
  }

  private setState(entry: Neighbour, state: NeighbourState): void {
    if (entry.state === 'incomplete') this.incomplete--;
    if (state === 'incomplete') this.incomplete++;
    entry.state = state;
  }
}

function keyOf(row: number, address: number): number {
  return row * 4294967296 + address;
}

function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((octet, i) => octet === b[i]);
}

/** The MAC address in two words of a record from a worker. */
export function macOfWords(mac0: number, mac2: number): Uint8Array {
  return Uint8Array.of(mac0, mac0 >>> 8, mac2, mac2 >>> 8, mac2 >>> 16, mac2 >>> 24);
}

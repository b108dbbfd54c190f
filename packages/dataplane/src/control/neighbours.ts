// Neighbours of both families: who has which address on which interface (RFC 826; RFC 4861 section 7.3).
//
// Owned by the control thread: workers park packets and ask, this resolves, ages and tells them. What a message makes
// of an entry, and the states, are in neighbour-states.ts, what of it is not believed in neighbour-doubt.ts. A flood of
// addresses (RFC 6583) finds bounds per interface: few may be asked for at once, and new ones take the place of those
// that were idle longest.
import { ADJ_INCOMPLETE, type AdjacencyTable } from '../tables/adjacencies.js';
import { ETHERTYPE_IP4, ETHERTYPE_IP6 } from '../wire/ethernet.js';
import { type Address, addressKey, isIp4 } from './address.js';
import { type Doubt, doubtClaim, mayAskDoubted, noDoubt } from './neighbour-doubt.js';
import { NeighbourLink } from './neighbour-link.js';
import { type Heard, hear, isUsable, type Known, type NeighbourState, sameMac } from './neighbour-states.js';

export interface Neighbour extends Doubt {
  row: number;
  address: Address;
  state: NeighbourState;
  mac: Uint8Array | null;
  /** It says of itself that it is a router (IPv6). */
  router: boolean;
  adjacency: number;
  /** Routes whose next hop it is; one with references is never forgotten. */
  references: number;
  /** Questions sent since it last answered. */
  tries: number;
  /** When the next step is due, in ms. */
  dueAt: number;
  /** When it last answered, or was made. */
  since: number;
}

/** What this needs of the rest of the control side. */
export interface NeighbourPort {
  /** Sends an ARP request or a neighbour solicitation out of an interface; to everyone when `mac` is null. */
  request(row: number, address: Address, mac: Uint8Array | null): void;
  /** True when an address is on a network connected to the interface. */
  onLink(row: number, address: Address): boolean;
  ownMac(row: number): Uint8Array;
  mtu(row: number, address: Address): number;
  /** Adds or removes the host route that leads to a neighbour. */
  route(row: number, address: Address, adjacency: number): void;
  unroute(row: number, address: Address, adjacency: number): void;
  /** Wakes the workers: a parked packet may go on. */
  changed(): void;
  /** Runs once no worker can hold what was unlinked before. */
  retire(free: () => void): void;
}

/** MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT and DELAY_FIRST_PROBE_TIME of RFC 4861 section 10. */
const TRIES = 3;
const DELAY_MS = 5_000;
/** Ours: how long one that did not answer is left alone, and how long an idle one is remembered. */
const FAILED_MS = 5_000;
const STALE_MS = 600_000;
/** Bounds on what a flood of addresses can make: neighbours in all and of one interface, and those not answered yet. */
export const NEIGHBOURS_MAX = 16_384;
export const NEIGHBOURS_PER_INTERFACE = 8_192;
export const INCOMPLETE_PER_INTERFACE = 512;

/** Hears when a neighbour that a route leads to can be used, or no longer. */
export type NeighbourListener = (row: number, address: Address, usable: boolean) => void;

export class Neighbours {
  private readonly entries = new Map<string, Neighbour>();
  private readonly links = new Map<number, NeighbourLink<Neighbour>>();
  private readonly listeners: NeighbourListener[] = [];
  /** Neighbours refused because a bound was reached, and those forgotten for new ones. */
  refused = 0;
  evicted = 0;
  /** Times that one had another MAC address than before. */
  moved = 0;

  constructor(
    private readonly adjacencies: AdjacencyTable,
    private readonly port: NeighbourPort,
    private readonly random: () => number = Math.random,
  ) {}

  list(): Neighbour[] {
    return [...this.entries.values()];
  }

  get(row: number, address: Address): Neighbour | undefined {
    return this.entries.get(keyOf(row, address));
  }

  onChange(listener: NeighbourListener): void {
    this.listeners.push(listener);
  }

  /** What a router said of an interface's link, in ms; 0 says nothing. */
  setTimers(row: number, reachableMs: number, retransmitMs: number): void {
    this.link(row).setTimers(reachableMs, retransmitMs);
  }

  /** Between two questions on an interface, in ms. */
  retransmitMs(row: number): number {
    return this.link(row).retransmitMs;
  }

  /** A worker has a packet for this neighbour. */
  resolve(row: number, address: Address, now: number): void {
    const entry = this.get(row, address);
    if (entry === undefined) {
      if (!this.port.onLink(row, address)) return;
      const made =
        this.link(row).incomplete < INCOMPLETE_PER_INTERFACE ? this.create(row, address, now) : null;
      if (made === null) this.refused++;
      else this.ask(made, now);
    } else if (entry.state === 'failed' && now >= entry.dueAt) {
      this.ask(entry, now);
    }
  }

  /** The adjacency of a next hop, which is resolved from now on; release() gives it back. */
  reference(row: number, address: Address, now: number): number {
    // The configuration bounds these: a scan that holds all that may wait for an answer must not refuse them.
    let entry = this.get(row, address) ?? null;
    if (entry === null) {
      entry = this.create(row, address, now);
      if (entry === null)
        throw new Error(`all ${NEIGHBOURS_PER_INTERFACE} neighbours that an interface may have are in use`);
      this.ask(entry, now);
    }
    entry.references++;
    this.link(row).weigh(entry);
    return entry.adjacency;
  }

  release(row: number, address: Address): void {
    const entry = this.get(row, address);
    if (entry === undefined || entry.references === 0) return;
    entry.references--;
    this.link(row).weigh(entry);
  }

  /** Somebody spoke. Only what is on the link counts. */
  heard(row: number, address: Address, heard: Heard, now: number): void {
    if (!this.port.onLink(row, address)) return;
    const entry = this.get(row, address) ?? null;
    const after = hear(entry, heard);
    if (after === null) return;
    if (entry !== null) {
      if (doubtClaim(entry, heard, after, now, this.link(row).retransmitMs)) {
        this.adjacencies.watch(entry.adjacency);
      }
      this.become(entry, after, now);
      return;
    }
    const made = this.create(row, address, now);
    if (made === null) this.refused++;
    else this.become(made, after, now);
  }

  /** Asks, probes and forgets what is due. */
  tick(now: number): void {
    for (const entry of this.entries.values()) {
      const used = this.adjacencies.wasUsed(entry.adjacency);
      if (used && mayAskDoubted(entry, now, this.link(entry.row).retransmitMs)) {
        this.setState(entry, 'probe');
        entry.tries = 0;
        this.ask(entry, now);
      } else if (used && entry.state === 'stale') {
        this.setState(entry, 'delay');
        entry.dueAt = now + DELAY_MS;
      }
      if (now >= entry.dueAt) this.step(entry, now);
    }
  }

  /** Forgets all neighbours of an interface that is going away; its routes have been removed. */
  clear(row: number): void {
    for (const entry of this.entries.values()) {
      if (entry.row === row) this.forget(entry);
    }
    this.links.delete(row);
  }

  /** Forgets those of an interface that are on none of its networks any more; routes have let go of them. */
  prune(row: number): void {
    for (const entry of this.entries.values()) {
      if (entry.row === row && entry.references === 0 && !this.port.onLink(row, entry.address))
        this.forget(entry);
    }
  }

  /** A link went away: whoever was there has to be found again. */
  unlink(row: number, now: number): void {
    for (const entry of this.entries.values()) {
      if (entry.row !== row) continue;
      if (entry.references === 0) this.forget(entry);
      else if (isUsable(entry.state) || entry.state === 'incomplete') this.fail(entry, now);
    }
  }

  /** Forgets those that match, or has them asked for anew where routes lead to them. @returns how many matched */
  flush(matches: (entry: Neighbour) => boolean, now: number): number {
    const matching = this.list().filter(matches);
    for (const entry of matching) {
      if (entry.references === 0) {
        this.forget(entry);
        continue;
      }
      this.fail(entry, now);
      this.ask(entry, now);
    }
    return matching.length;
  }

  /** An interface has another MTU. */
  updateMtu(row: number): void {
    for (const entry of this.entries.values()) {
      if (entry.row === row) this.adjacencies.setMtu(entry.adjacency, this.port.mtu(row, entry.address));
    }
  }

  private step(entry: Neighbour, now: number): void {
    if (entry.state === 'reachable') {
      this.setStale(entry, now);
    } else if (entry.state === 'stale') {
      if (entry.references === 0) this.forget(entry);
      else entry.dueAt = now + STALE_MS;
    } else if (entry.state === 'failed') {
      if (entry.references === 0) this.forget(entry);
    } else if (entry.state === 'delay') {
      this.setState(entry, 'probe');
      entry.tries = 0;
      this.ask(entry, now);
    } else if (entry.tries < TRIES) {
      this.ask(entry, now);
    } else {
      this.fail(entry, now);
    }
  }

  private create(row: number, address: Address, now: number): Neighbour | null {
    const link = this.link(row);
    if (link.count >= NEIGHBOURS_PER_INTERFACE && !this.evict(link)) return null;
    if (this.entries.size >= NEIGHBOURS_MAX && !this.evict(link) && !this.evict(this.largestLink()))
      return null;
    const adjacency = this.adjacencies.add({
      kind: ADJ_INCOMPLETE,
      interface: row,
      mtu: this.port.mtu(row, address),
      ...(isIp4(address) ? { nextHop: address } : { nextHop6: address }),
    });
    const entry: Neighbour = {
      row,
      address,
      state: 'failed',
      mac: null,
      router: false,
      adjacency,
      references: 0,
      tries: 0,
      ...noDoubt(),
      dueAt: now,
      since: now,
    };
    this.entries.set(keyOf(row, address), entry);
    link.add();
    return entry;
  }

  /** Makes room: RFC 6583 section 7.1 has entries that are in use outlive a scan. */
  private evict(link: NeighbourLink<Neighbour>): boolean {
    const victim = link.oldestIdle();
    if (victim === undefined) return false;
    this.forget(victim);
    this.evicted++;
    return true;
  }

  private largestLink(): NeighbourLink<Neighbour> {
    return [...this.links.values()].reduce((a, b) => (b.idle.size > a.idle.size ? b : a));
  }

  private ask(entry: Neighbour, now: number): void {
    if (entry.state === 'failed') {
      this.setState(entry, 'incomplete');
      entry.tries = 0;
    }
    entry.tries++;
    entry.askedAt = now;
    entry.awaited = true;
    entry.dueAt = now + this.link(entry.row).retransmitMs;
    const alone = entry.state === 'probe' && !entry.doubted;
    this.port.request(entry.row, entry.address, alone ? entry.mac : null);
  }

  private become(entry: Neighbour, after: Known, now: number): void {
    const { mac: before } = entry;
    const same = before !== null && after.mac !== null && sameMac(before, after.mac);
    const wasUsable = isUsable(entry.state);
    entry.router = after.router;
    if (!isUsable(after.state) || after.mac === null) return;
    if (after.state === 'reachable') {
      this.setState(entry, 'reachable');
      entry.tries = 0;
      entry.since = now;
      entry.dueAt = now + this.link(entry.row).reachableMs(now);
    } else if (after.state === 'stale' && (entry.state !== 'stale' || !same)) {
      this.setStale(entry, now);
    }
    if (same) return;
    entry.mac = after.mac;
    if (!wasUsable) {
      entry.since = now;
      this.write(entry, after.mac);
      this.port.route(entry.row, entry.address, entry.adjacency);
      this.port.changed();
      this.tell(entry, true);
    } else {
      this.moved++;
      this.move(entry, after.mac);
    }
  }

  private setStale(entry: Neighbour, now: number): void {
    this.setState(entry, 'stale');
    entry.tries = 0;
    entry.dueAt = now + STALE_MS;
    this.adjacencies.watch(entry.adjacency);
  }

  private fail(entry: Neighbour, now: number): void {
    const wasUsable = isUsable(entry.state);
    if (wasUsable) {
      this.port.unroute(entry.row, entry.address, entry.adjacency);
      this.adjacencies.setKind(entry.adjacency, ADJ_INCOMPLETE);
    }
    this.setState(entry, 'failed');
    entry.mac = null;
    entry.awaited = false;
    entry.doubted = false;
    // One that was there a moment ago may have moved: the next packet asks everyone (section 7.3.3). A silent
    // address is left alone for a while.
    entry.dueAt = wasUsable ? now : now + FAILED_MS;
    if (wasUsable) this.tell(entry, false);
  }

  private write(entry: Neighbour, mac: Uint8Array): void {
    const type = isIp4(entry.address) ? ETHERTYPE_IP4 : ETHERTYPE_IP6;
    this.adjacencies.resolve(entry.adjacency, mac, this.port.ownMac(entry.row), type);
  }

  /** The address answers from another MAC: the adjacency is rewritten when no worker reads it. */
  private move(entry: Neighbour, mac: Uint8Array): void {
    this.adjacencies.setKind(entry.adjacency, ADJ_INCOMPLETE);
    this.port.retire(() => {
      if (this.get(entry.row, entry.address) !== entry || entry.mac !== mac) return;
      this.write(entry, mac);
      this.port.changed();
    });
  }

  private forget(entry: Neighbour): void {
    const wasUsable = isUsable(entry.state);
    if (wasUsable) this.port.unroute(entry.row, entry.address, entry.adjacency);
    this.link(entry.row).remove(entry);
    entry.state = 'failed';
    this.entries.delete(keyOf(entry.row, entry.address));
    this.adjacencies.setKind(entry.adjacency, ADJ_INCOMPLETE);
    this.port.retire(() => this.adjacencies.release(entry.adjacency));
    if (wasUsable) this.tell(entry, false);
  }

  private tell(entry: Neighbour, usable: boolean): void {
    if (entry.references === 0) return;
    for (const listener of this.listeners) listener(entry.row, entry.address, usable);
  }

  private setState(entry: Neighbour, state: NeighbourState): void {
    this.link(entry.row).setState(entry, state);
  }

  private link(row: number): NeighbourLink<Neighbour> {
    let link = this.links.get(row);
    if (link === undefined) {
      link = new NeighbourLink(this.random);
      this.links.set(row, link);
    }
    return link;
  }
}

function keyOf(row: number, address: Address): string {
  return `${row} ${addressKey(address)}`;
}

/** The MAC address in two words of a record from a worker. */
export function macOfWords(mac0: number, mac2: number): Uint8Array {
  return Uint8Array.of(mac0, mac0 >>> 8, mac2, mac2 >>> 8, mac2 >>> 16, mac2 >>> 24);
}

// Whether anybody else has the box's addresses: duplicate address detection (RFC 4862 section 5.4) for IPv6, address
// conflict detection (RFC 5227) for IPv4; and the announcements that tell everyone whose they are.
//
//   tentative   IPv6 only: probed, not used yet
//   preferred   used; an IPv4 address at once, because whoever configured it wants traffic at once: it is probed
//               meanwhile, and a conflict is told
//   duplicate   IPv6 only: somebody else has it; not used until its link comes up again or it is configured anew
// Never: duplicate → preferred without having been probed again.
import { type Address, addressKey, formatAddress, isIp4 } from './address.js';
import { sameMac } from './neighbour-states.js';

export type AddressState = 'tentative' | 'preferred' | 'duplicate';

export interface WatchedAddress {
  row: number;
  address: Address;
  state: AddressState;
  /** Probes still to be sent, then announcements. */
  probes: number;
  announcements: number;
  /** When the next step is due, in ms; Infinity for none. */
  dueAt: number;
  /** Who else claimed it last, and when. */
  claimedBy: Uint8Array | null;
  claimedAt: number;
  defendedAt: number;
}

export interface DetectionPort {
  probe(row: number, address: Address): void;
  announce(row: number, address: Address): void;
  ownMac(row: number): Uint8Array | null;
  /** Milliseconds between probes on a link (RFC 4862: RetransTimer). */
  retransmitMs(row: number): number;
  nameOf(row: number): string;
  /** Has what is sent to a tentative address dropped, and nobody told of it; or no longer. */
  hold(row: number, address: Address): void;
  release(row: number, address: Address): void;
  /** States have changed: addresses are to be brought to what they should be. */
  changed(): void;
}

/** MAX_RTR_SOLICITATION_DELAY of RFC 4861 section 10: stations that start together must not speak together. */
const FIRST_DELAY_MS = 1_000;
/** RFC 4862 section 5.1: DupAddrDetectTransmits. */
const DAD_TRANSMITS = 1;
/** RFC 5227 section 1.1: PROBE_NUM, PROBE_MIN, PROBE_MAX, ANNOUNCE_NUM, ANNOUNCE_INTERVAL, DEFEND_INTERVAL. */
const PROBES4 = 3;
const PROBE_MIN_MS = 1_000;
const PROBE_MAX_MS = 2_000;
const ANNOUNCEMENTS = 2;
const ANNOUNCE_MS = 2_000;
const DEFEND_MS = 10_000;
/** For how long a conflict is told after its last sign. */
const CLAIM_MS = 60_000;

export class AddressDetection {
  private readonly watched = new Map<string, WatchedAddress>();
  /** By row, where it is another number than DAD_TRANSMITS. */
  private readonly transmits = new Map<number, number>();

  constructor(
    private readonly port: DetectionPort,
    private readonly random: () => number = Math.random,
  ) {}

  list(): WatchedAddress[] {
    return [...this.watched.values()];
  }

  stateOf(row: number, address: Address): AddressState | undefined {
    return this.watched.get(keyOf(row, address))?.state;
  }

  /** How many probes an IPv6 address of an interface needs; 0 for none. */
  setTransmits(row: number, transmits: number): void {
    if (transmits === DAD_TRANSMITS) this.transmits.delete(row);
    else this.transmits.set(row, transmits);
  }

  /** True for an address that may be used now. One that is new is watched from here on. */
  admit(row: number, address: Address, now: number): boolean {
    const known = this.watched.get(keyOf(row, address));
    if (known !== undefined) return known.state === 'preferred';
    const entry: WatchedAddress = {
      row,
      address,
      state: 'preferred',
      probes: 0,
      announcements: 0,
      dueAt: Infinity,
      claimedBy: null,
      claimedAt: -Infinity,
      defendedAt: -Infinity,
    };
    this.watched.set(keyOf(row, address), entry);
    this.start(entry, now);
    return entry.state === 'preferred';
  }

  /** An interface has these addresses and no others. */
  keep(row: number, addresses: readonly Address[]): void {
    const wanted = new Set(addresses.map((address) => keyOf(row, address)));
    for (const [key, entry] of this.watched) {
      if (entry.row !== row || wanted.has(key)) continue;
      if (entry.state !== 'preferred') this.port.release(row, entry.address);
      this.watched.delete(key);
    }
  }

  /** A link came up: somebody else may be on it now (RFC 4862 section 5.4, RFC 5227 section 2.1). */
  linkUp(row: number, now: number): void {
    let changed = false;
    for (const entry of this.watched.values()) {
      if (entry.row !== row) continue;
      const before = entry.state;
      this.start(entry, now);
      changed ||= entry.state !== before;
    }
    if (changed) this.port.changed();
  }

  /** Somebody with this MAC address claims an address of the box, or wants to have it. */
  conflict(row: number, address: Address, mac: Uint8Array, now: number): void {
    const entry = this.watched.get(keyOf(row, address));
    const own = this.port.ownMac(row);
    // What the box sent itself comes back where a link has a loop.
    if (entry === undefined || (own !== null && sameMac(own, mac))) return;
    entry.claimedBy = mac;
    entry.claimedAt = now;
    if (entry.state === 'tentative') {
      entry.state = 'duplicate';
      entry.dueAt = Infinity;
      this.port.changed();
    } else if (entry.state === 'preferred' && now - entry.defendedAt >= DEFEND_MS) {
      // RFC 5227 section 2.4 (c): the box keeps its addresses, and says so now and then.
      entry.defendedAt = now;
      this.port.announce(row, address);
    }
  }

  tick(now: number): void {
    let changed = false;
    for (const entry of this.watched.values()) {
      if (now < entry.dueAt) continue;
      if (entry.probes > 0) {
        entry.probes--;
        this.port.probe(entry.row, entry.address);
        entry.dueAt = now + this.probeGap(entry);
      } else if (entry.state === 'tentative') {
        entry.state = 'preferred';
        entry.announcements = ANNOUNCEMENTS;
        // Announced by the next tick, from an address that is there then.
        entry.dueAt = now + 1;
        this.port.release(entry.row, entry.address);
        changed = true;
      } else if (entry.announcements > 0) {
        entry.announcements--;
        this.port.announce(entry.row, entry.address);
        entry.dueAt = entry.announcements > 0 ? now + ANNOUNCE_MS : Infinity;
      } else {
        entry.dueAt = Infinity;
      }
    }
    if (changed) this.port.changed();
  }

  /** A sentence for each conflict. */
  problems(now: number): string[] {
    return this.list().flatMap((entry) => {
      const { row, address, state, claimedBy, claimedAt } = entry;
      if (claimedBy === null || (state !== 'duplicate' && now - claimedAt > CLAIM_MS)) return [];
      const who = Array.from(claimedBy, (octet) => octet.toString(16).padStart(2, '0')).join(':');
      const what = `${this.port.nameOf(row)}: ${who} has the address ${formatAddress(address)} too`;
      return state === 'duplicate'
        ? [`${what}: it is not used until the link comes up again; give one of the two another`]
        : [`${what}: give one of the two another`];
    });
  }

  private start(entry: WatchedAddress, now: number): void {
    const transmits = this.transmits.get(entry.row) ?? DAD_TRANSMITS;
    const four = isIp4(entry.address);
    const held = entry.state !== 'preferred';
    entry.state = four || transmits === 0 ? 'preferred' : 'tentative';
    if (entry.state === 'tentative' && !held) this.port.hold(entry.row, entry.address);
    if (entry.state === 'preferred' && held) this.port.release(entry.row, entry.address);
    entry.probes = four ? PROBES4 : transmits;
    entry.announcements = ANNOUNCEMENTS;
    if (four) {
      // It is in use already: whoever knew it elsewhere must not go on sending there.
      this.port.announce(entry.row, entry.address);
      entry.announcements--;
    }
    entry.dueAt = now + Math.round(this.random() * FIRST_DELAY_MS);
  }

  private probeGap(entry: WatchedAddress): number {
    if (!isIp4(entry.address)) return this.port.retransmitMs(entry.row);
    return Math.round(PROBE_MIN_MS + this.random() * (PROBE_MAX_MS - PROBE_MIN_MS));
  }
}

function keyOf(row: number, address: Address): string {
  return `${row} ${addressKey(address)}`;
}

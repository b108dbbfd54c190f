// What routers of a link say, where the configuration asks for it (accept_ra): default routes with lifetime and
// preference (RFC 4861 section 6.3.4, RFC 4191), addresses made of their prefixes (RFC 4862 section 5.5), timers, MTU.
//
// Each interface asks for routers when its link comes up, less and less often until one answers (RFC 7559).
import { equals6, type Ip6Prefix, type Ip6Words, isLinkLocal6, isMulticast6 } from '@sluice/shared';
import type { RouterAdvertisement, RouterPreference } from '../wire/ra.js';
import { isReservedIdentifier, stableAddress } from './stable-address.js';

export interface AdvertisementPort {
  /** Sends a router solicitation. */
  solicit(row: number): void;
  nameOf(row: number): string;
  setTimers(row: number, reachableMs: number, retransmitMs: number): void;
  /** Somebody else has an address that was made here. */
  isDuplicate(row: number, address: Ip6Words): boolean;
  /** A neighbour says of itself that it is no router any more. */
  isNoRouter(row: number, router: Ip6Words): boolean;
  /** Addresses, MTU or routers of an interface have changed. */
  changed(row: number): void;
}

export interface LearntRouter {
  row: number;
  address: Ip6Words;
  preference: RouterPreference;
  /** In ms; Infinity for none. */
  until: number;
}

interface LearntAddress {
  prefix: Ip6Words;
  address: Ip6Words;
  /** 64 where the prefix is on the link, 128 where only the address is ours. */
  length: number;
  validUntil: number;
  /** Addresses before this one that somebody else had. */
  attempt: number;
}

interface Link {
  routers: LearntRouter[];
  addresses: LearntAddress[];
  mtu: number | null;
  /** When the next solicitation is due, and the time between the last two; Infinity once a router answered. */
  solicitAt: number;
  gapMs: number;
}

/** RFC 4861 section 10: MAX_RTR_SOLICITATION_DELAY. RFC 7559 section 2: IRT, MRT, and the random part. */
const FIRST_DELAY_MS = 1_000;
const GAP_MS = 4_000;
const GAP_MAX_MS = 3_600_000;
const GAP_RANDOM = 0.1;
/** RFC 4862 section 5.5.3 e: who is not authenticated cannot make a lifetime shorter than this. */
const TWO_HOURS_MS = 7_200_000;
/** RFC 8200 section 5: no link carries less. */
const MTU_MIN = 1_280;
/** RFC 7217 section 6: IDGEN_RETRIES. */
const ATTEMPTS = 3;
/** Ours: what one link can make the box remember. */
const ROUTERS_MAX = 8;
const ADDRESSES_MAX = 16;
const SLAAC_LENGTH = 64;

export class RouterAdvertisements {
  private readonly links = new Map<number, Link>();

  constructor(
    private readonly port: AdvertisementPort,
    private readonly secret: Uint8Array,
    private readonly random: () => number = Math.random,
  ) {}

  /** Has an interface listen to routers, or no longer. */
  accept(row: number, wanted: boolean, now: number): void {
    if (wanted === this.links.has(row)) return;
    if (wanted) {
      const link: Link = { routers: [], addresses: [], mtu: null, solicitAt: 0, gapMs: 0 };
      this.links.set(row, link);
      this.ask(link, now);
    } else {
      this.links.delete(row);
    }
  }

  /** A link came up: its routers may be others. What they said is kept until it ends. */
  linkUp(row: number, now: number): void {
    const link = this.links.get(row);
    if (link !== undefined) this.ask(link, now);
  }

  addresses(row: number): Ip6Prefix[] {
    return (this.links.get(row)?.addresses ?? []).map(({ address, length }) => ({ address, length }));
  }

  mtu(row: number): number | null {
    return this.links.get(row)?.mtu ?? null;
  }

  routers(): LearntRouter[] {
    return [...this.links.values()].flatMap(({ routers }) => routers);
  }

  /** A router spoke; the graph has checked that its message is right and from this link. */
  hear(row: number, router: Ip6Words, said: RouterAdvertisement, now: number): void {
    const link = this.links.get(row);
    if (link === undefined || !isLinkLocal6(router)) return;
    const before = JSON.stringify(link, ['routers', 'address', 'preference', 'addresses', 'length', 'mtu']);
    this.port.setTimers(row, said.reachableMs, said.retransmitMs);
    this.hearRouter(link, row, router, said, now);
    // An MTU that IPv6 does not allow is ignored (section 6.3.4); one above the interface's own has no effect.
    if (said.mtu !== null && said.mtu >= MTU_MIN) link.mtu = said.mtu;
    for (const prefix of said.prefixes) {
      if (prefix.autonomous) this.hearPrefix(link, row, prefix, now);
    }
    if (said.lifetimeS > 0) link.solicitAt = Infinity;
    const after = JSON.stringify(link, ['routers', 'address', 'preference', 'addresses', 'length', 'mtu']);
    if (before !== after) this.port.changed(row);
  }

  tick(now: number): void {
    for (const [row, link] of this.links) {
      const { routers, addresses } = link;
      link.routers = routers.filter(
        ({ until, address }) => now < until && !this.port.isNoRouter(row, address),
      );
      link.addresses = addresses.filter(({ validUntil }) => now < validUntil);
      const moved = link.addresses.map((entry) => this.another(row, entry));
      const changed =
        link.routers.length < routers.length ||
        link.addresses.length < addresses.length ||
        moved.some((each) => each);
      if (link.routers.length === 0 && routers.length > 0) this.ask(link, now);
      if (now >= link.solicitAt) {
        this.port.solicit(row);
        link.gapMs = this.gapAfter(link.gapMs);
        link.solicitAt = now + link.gapMs;
      }
      if (changed) this.port.changed(row);
    }
  }

  private hearRouter(
    link: Link,
    row: number,
    address: Ip6Words,
    said: RouterAdvertisement,
    now: number,
  ): void {
    const known = link.routers.find((router) => equals6(router.address, address));
    if (said.lifetimeS === 0) {
      link.routers = link.routers.filter((router) => router !== known);
      return;
    }
    const until = now + said.lifetimeS * 1000;
    if (known !== undefined) {
      known.until = until;
      known.preference = said.preference;
    } else if (link.routers.length < ROUTERS_MAX) {
      link.routers.push({ row, address, preference: said.preference, until });
    }
  }

  /** RFC 4862 section 5.5.3. */
  private hearPrefix(
    link: Link,
    row: number,
    prefix: RouterAdvertisement['prefixes'][number],
    now: number,
  ): void {
    const { address, length, validS, preferredS, onLink } = prefix;
    if (isLinkLocal6(address) || isMulticast6(address) || preferredS > validS || length !== SLAAC_LENGTH)
      return;
    const network: Ip6Words = [address[0], address[1], 0, 0];
    const validMs = validS * 1000;
    const known = link.addresses.find((entry) => equals6(entry.prefix, network));
    if (known !== undefined) {
      const left = known.validUntil - now;
      known.length = onLink ? SLAAC_LENGTH : 128;
      if (validMs > TWO_HOURS_MS || validMs > left) known.validUntil = now + validMs;
      else if (left > TWO_HOURS_MS) known.validUntil = now + TWO_HOURS_MS;
      return;
    }
    if (validS === 0 || link.addresses.length >= ADDRESSES_MAX) return;
    link.addresses.push({
      prefix: network,
      ...this.make(row, network, 0),
      length: onLink ? SLAAC_LENGTH : 128,
      validUntil: now + validMs,
    });
  }

  /** Makes another address when somebody else has this one; true when it did. */
  private another(row: number, entry: LearntAddress): boolean {
    if (entry.attempt >= ATTEMPTS || !this.port.isDuplicate(row, entry.address)) return false;
    Object.assign(entry, this.make(row, entry.prefix, entry.attempt + 1));
    return true;
  }

  private make(row: number, prefix: Ip6Words, from: number): { address: Ip6Words; attempt: number } {
    for (let attempt = from; ; attempt++) {
      const address = stableAddress(prefix, this.port.nameOf(row), attempt, this.secret);
      if (!isReservedIdentifier(address)) return { address, attempt };
    }
  }

  private ask(link: Link, now: number): void {
    link.gapMs = 0;
    link.solicitAt = now + Math.round(this.random() * FIRST_DELAY_MS);
  }

  /** RFC 7559 section 2, by the algorithm of RFC 8415 section 15. */
  private gapAfter(gapMs: number): number {
    const random = (this.random() * 2 - 1) * GAP_RANDOM;
    if (gapMs === 0) return Math.round(GAP_MS * (1 + random));
    const next = gapMs * (2 + random);
    return Math.round(next > GAP_MAX_MS ? GAP_MAX_MS * (1 + random) : next);
  }
}

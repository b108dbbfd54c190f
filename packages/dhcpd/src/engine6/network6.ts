// A network that is served: its prefixes and pools, who has a reservation, what its clients are told.
import {
  type DelegatedPrefix,
  type Dhcp6Network,
  type Ip6Range,
  inRange6,
  ip6Number,
  isLinkLocal6,
  parseIp6,
  parseIp6Prefix,
  parseIp6Range,
  plainHex,
  rangeOf6,
} from '@sluice/shared';
import { TOLD_PREFERRED_S, TOLD_VALID_S } from '../client/withdrawn-prefixes.js';
import { TokenBucket, TokenBuckets } from '../engine/token-buckets.js';
import { ADDRESS_BITS, type Association, type Resource, type Times } from '../wire6/associations.js';
import { FOREVER_S } from '../wire6/codes.js';
import { textOf } from './lease6.js';
import { encodeOptions6 } from './options6.js';
import { Pool6 } from './pool6.js';

/** Some more than the rate at once: a site's clients start together. */
const NETWORK_BURST = 2;
const CLIENT_BURST = 4;

interface Reservation6 {
  iaid: number | null;
  address: Resource | null;
  prefix: Resource | null;
}

export class Network6 {
  /** The interface, or the network behind relays. */
  readonly name: string;
  readonly vrf: string;
  readonly interface: string | null;
  /** What its clients' addresses are of. */
  readonly links: readonly Ip6Range[];
  readonly relays: ReadonlySet<bigint> | null;
  readonly times: Times;
  readonly requests: TokenBucket;
  readonly clientRequests: TokenBuckets;
  readonly options: ReadonlyMap<number, Buffer>;
  readonly pools: { na: readonly Pool6[]; pd: readonly Pool6[] };
  readonly #own: ReadonlySet<bigint>;
  readonly #delegated: readonly (DelegatedPrefix & { range: Ip6Range })[];
  readonly #reservations = new Map<string, Reservation6[]>();
  /** By text, and whose it is. */
  readonly #reserved = new Map<string, string>();

  constructor(
    readonly state: Dhcp6Network,
    nowMs: number,
  ) {
    const { server, vrf, addresses } = state;
    this.name = server.interface ?? server.subnet ?? '';
    this.vrf = vrf;
    this.interface = server.interface ?? null;
    const prefixes = (server.subnet === undefined ? addresses : [server.subnet])
      .map((text) => parseIp6Prefix(text)!)
      .filter(({ address }) => !isLinkLocal6(address));
    this.links = prefixes.map(rangeOf6);
    // The first address of a prefix is every router's (RFC 4291 section 2.6.1).
    this.#own = new Set([
      ...prefixes.map(({ address }) => ip6Number(address)),
      ...this.links.map(({ first }) => first),
    ]);
    this.relays = server.relays === undefined ? null : new Set(server.relays.map(numberOf));
    const { valid_lifetime_s: validS } = server;
    const preferredS =
      server.preferred_lifetime_s ?? (validS === FOREVER_S ? validS : Math.floor(validS * PREFERRED_SHARE));
    this.times = { preferredS, validS };
    this.#delegated = (state.delegated ?? []).map((one) => ({
      ...one,
      range: rangeOf6(parseIp6Prefix(one.prefix)!),
    }));
    const { requests_per_s: rate, client_requests_per_s: clientRate } = server.limits;
    this.requests = new TokenBucket(rate, rate * NETWORK_BURST, nowMs);
    this.clientRequests = new TokenBuckets(clientRate, clientRate * CLIENT_BURST);
    this.options = encodeOptions6(server.options);
    this.pools = {
      na: server.pools.map(({ range }) => new Pool6(parseIp6Range(range)!, ADDRESS_BITS)),
      pd: server.delegation.map(({ prefix, length }) => new Pool6(rangeOf6(parseIp6Prefix(prefix)!), length)),
    };
    for (const { duid, iaid, address, prefix } of server.reservations) {
      const client = plainHex(duid);
      const reservation: Reservation6 = {
        iaid: iaid ?? null,
        address: address === undefined ? null : { address: numberOf(address), length: ADDRESS_BITS },
        prefix: prefix === undefined ? null : prefixOf(prefix),
      };
      this.#reservations.set(client, [...(this.#reservations.get(client) ?? []), reservation]);
      for (const resource of [reservation.address, reservation.prefix])
        if (resource !== null) this.#reserved.set(textOf(resource), client);
    }
  }

  /** How long a client may have it: no longer than the delegated prefix that it is of (RFC 9096 section 3.4). */
  timesOf({ address }: Resource, nowMs: number): Times {
    const delegated = this.#delegated.find(({ range }) => inRange6(range, address));
    if (delegated === undefined) return this.times;
    const left = (untilMs: number): number => Math.max(0, Math.floor((untilMs - nowMs) / 1000));
    const { preferredS, validS } = this.times;
    return {
      preferredS: Math.min(preferredS, TOLD_PREFERRED_S, left(delegated.preferred_until_ms)),
      validS: Math.min(validS, TOLD_VALID_S, left(delegated.valid_until_ms)),
    };
  }

  isOnLink(address: bigint): boolean {
    return this.links.some((link) => inRange6(link, address));
  }

  isReserved(text: string): boolean {
    return this.#reserved.has(text);
  }

  /** What is reserved for an association, those for its IAID first. */
  reservedFor(client: string, { kind, iaid }: Association): Resource[] {
    const all = this.#reservations.get(client) ?? [];
    return [...all.filter((one) => one.iaid === iaid), ...all.filter((one) => one.iaid === null)].flatMap(
      (one) => (kind === 'pd' ? one.prefix : one.address) ?? [],
    );
  }

  /** Whether a client may have it, as far as the configuration says. */
  mayHave(resource: Resource, client: string): boolean {
    const owner = this.#reserved.get(textOf(resource));
    if (owner !== undefined) return owner === client;
    if (resource.length === ADDRESS_BITS && this.#own.has(resource.address)) return false;
    const pools = resource.length === ADDRESS_BITS ? [...this.pools.na, ...this.pools.pd] : this.pools.pd;
    return pools.some((pool) => pool.has(resource));
  }

  /** Addresses and prefixes that clients can be given. */
  get capacity(): number {
    return [...this.pools.na, ...this.pools.pd].reduce((sum, pool) => sum + pool.capacity, 0);
  }
}

/** Of the valid lifetime: 7.5 of 12 hours. */
const PREFERRED_SHARE = 0.625;

function numberOf(text: string): bigint {
  return ip6Number(parseIp6(text)!);
}

function prefixOf(text: string): Resource {
  const { address, length } = parseIp6Prefix(text)!;
  return { address: ip6Number(address), length };
}

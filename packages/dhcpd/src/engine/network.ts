// A network that is served: its subnets and pools, who has a reservation, what clients are given.
import {
  contains,
  DHCP_FOREVER_S,
  type DhcpNetwork,
  type Ip4Prefix,
  type Ip4Range,
  inRange,
  networkOf,
  parseIp4,
  parseIp4Prefix,
  parseIp4Range,
  plainHex,
} from '@sluice/shared';
import type { Message } from '../wire/message.js';
import { type ClientClass, compileClass } from './classes.js';
import type { Client } from './client.js';
import { compileGiven, type Given, mergeGiven } from './given.js';
import { Offers } from './offers.js';
import { Pool } from './pool.js';
import { TokenBucket, TokenBuckets } from './token-buckets.js';

/** Some more than the rate at once: a site's clients start together. */
const NETWORK_BURST = 2;
const CLIENT_BURST = 4;
/** Of what the network may send, so that one member leaves others as much. */
const MEMBER_SHARE = 0.5;

export interface Subnet {
  prefix: Ip4Prefix;
  /** The box's address there; null behind relays. */
  own: number | null;
}

export interface Reservation {
  address: number;
  given: Given;
}

export class Network {
  /** The interface, or the subnet behind relays. */
  readonly name: string;
  readonly interface: string | null;
  readonly vrf: string;
  readonly subnets: readonly Subnet[];
  readonly pools: readonly Pool[];
  readonly offers = new Offers();
  /** Addresses that are being asked about, by the place of those whom they are for. */
  readonly probed = new Map<string, number>();
  readonly requests: TokenBucket;
  readonly clientRequests: TokenBuckets;
  /** Of each member of its bridge; null where they are not bounded. */
  readonly memberRequests: TokenBuckets | null;
  readonly relays: ReadonlySet<number> | null;
  readonly #members: ReadonlyMap<string, string>;
  readonly #reservations = new Map<string, Reservation>();
  readonly #reserved = new Map<number, string>();
  readonly #excluded: readonly Ip4Range[];
  readonly #classes: readonly (ClientClass & { given: Given })[];
  readonly #given: Given;
  readonly #merged = new Map<string, Given>();

  constructor(
    readonly state: DhcpNetwork,
    nowMs: number,
  ) {
    const { server, vrf, addresses, members } = state;
    this.interface = server.interface ?? null;
    this.name = server.interface ?? server.subnet ?? '';
    this.vrf = vrf;
    this.subnets = subnetsOf(server.subnet, addresses);
    this.pools = server.pools.map(
      ({ range, classes }) =>
        new Pool(parseIp4Range(range)!, classes === undefined ? null : new Set(classes)),
    );
    this.relays = server.relays === undefined ? null : new Set(server.relays.map((text) => parseIp4(text)!));
    this.#excluded = merged(server.exclude.map((text) => parseIp4Range(text)!));
    this.#classes = server.classes.map((section) => ({
      ...compileClass(section),
      given: compileGiven(section),
    }));
    this.#given = compileGiven(server);
    for (const section of server.reservations) {
      const { mac, client_id: id } = section;
      const client = mac === undefined ? `id ${plainHex(id ?? '')}` : `mac ${mac.toLowerCase()}`;
      const address = parseIp4(section.address)!;
      this.#reservations.set(client, { address, given: compileGiven(section) });
      this.#reserved.set(address, client);
    }
    const { requests_per_s: rate, client_requests_per_s: clientRate, per_port: perPort } = server.limits;
    this.requests = new TokenBucket(rate, rate * NETWORK_BURST, nowMs);
    this.#members = new Map(members.map((member) => [member, `${this.name}/${member}`]));
    const share = rate * MEMBER_SHARE;
    this.memberRequests =
      perPort === undefined || members.length === 0 ? null : new TokenBuckets(share, share * NETWORK_BURST);
    this.clientRequests = new TokenBuckets(clientRate, clientRate * CLIENT_BURST);
  }

  subnetOf(address: number): Subnet | undefined {
    for (const subnet of this.subnets) if (contains(subnet.prefix, address)) return subnet;
    return undefined;
  }

  /** What a lease says of the member that a message came by: those that are not known are one. Empty without a bridge. */
  memberOf(name: string): string {
    if (this.#members.size === 0) return '';
    return this.#members.get(name) ?? `${this.name}/${UNKNOWN_MEMBER}`;
  }

  /** By client identifier first, which says more than a network card. */
  reservationOf(client: Client): Reservation | undefined {
    if (this.#reservations.size === 0) return undefined;
    const byId = client.clientId === '' ? undefined : this.#reservations.get(`id ${client.clientId}`);
    return byId ?? this.#reservations.get(`mac ${client.mac}`);
  }

  /** Whether an address is reserved, for whomever. */
  isReserved(address: number): boolean {
    return this.#reserved.has(address);
  }

  /** Whether a client may have an address, as far as the configuration says. */
  mayHave(address: number, client: Client, classes: ReadonlySet<string>): boolean {
    if (this.#reserved.has(address)) return this.reservationOf(client)?.address === address;
    const pool = this.poolOf(address);
    return pool !== undefined && isOpenTo(pool, classes) && !this.isKeptBack(address);
  }

  /** Excluded, or the box's own. */
  isKeptBack(address: number): boolean {
    for (const range of this.#excluded) if (inRange(range, address)) return true;
    for (const { own } of this.subnets) if (own === address) return true;
    return false;
  }

  poolOf(address: number): Pool | undefined {
    for (const pool of this.pools) if (pool.has(address)) return pool;
    return undefined;
  }

  classesOf(message: Message, client: Client): Set<string> {
    if (this.#classes.length === 0) return NO_CLASSES;
    return new Set(this.#classes.filter((entry) => entry.matches(message, client)).map(({ name }) => name));
  }

  /** A reservation's options before those of classes in their order, and those before the server's. */
  givenTo(client: Client, classes: ReadonlySet<string>): Given {
    const reservation = this.reservationOf(client);
    if (reservation === undefined && classes.size === 0) return this.#given;
    const names = this.#classes.filter(({ name }) => classes.has(name));
    if (reservation !== undefined)
      return mergeGiven([reservation.given, ...names.map(({ given }) => given), this.#given]);
    const key = names.map(({ name }) => name).join('\n');
    let merged = this.#merged.get(key);
    if (merged === undefined) {
      merged = mergeGiven([...names.map(({ given }) => given), this.#given]);
      this.#merged.set(key, merged);
    }
    return merged;
  }

  /** Seconds, of what a client asks for; DHCP_FOREVER_S is for ever. */
  leaseTime(asked: number | null): number {
    const { lease_time_s: usual, lease_time_max_s: most = usual } = this.state.server;
    if (asked === null) return usual;
    return Math.min(Math.max(asked, Math.min(usual, LEASE_TIME_MIN)), most, DHCP_FOREVER_S);
  }

  /** Addresses that clients can be given. */
  get capacity(): number {
    const given = this.pools.reduce((sum, { range }) => sum + range.last - range.first + 1, 0);
    const inPools = [...this.#reserved.keys()].filter((address) =>
      this.pools.some((pool) => pool.has(address)),
    );
    return given - this.#keptBackInPools() + this.#reserved.size - inPools.length;
  }

  #keptBackInPools(): number {
    const own = this.subnets.flatMap(({ own: address }) => (address === null ? [] : [address]));
    const lonely = own.filter(
      (address) =>
        this.pools.some((pool) => pool.has(address)) &&
        !this.#excluded.some((range) => inRange(range, address)),
    );
    const excluded = this.pools.flatMap(({ range }) =>
      this.#excluded.map(({ first, last }) =>
        Math.max(0, Math.min(range.last, last) - Math.max(range.first, first) + 1),
      ),
    );
    return lonely.length + excluded.reduce((sum, count) => sum + count, 0);
  }
}

const UNKNOWN_MEMBER = '?';
const NO_CLASSES: Set<string> = new Set();
/** Shorter ones only make traffic. */
const LEASE_TIME_MIN = 60;

/** In order, without overlaps. */
function merged(ranges: readonly Ip4Range[]): Ip4Range[] {
  const all: Ip4Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = all.at(-1);
    if (last !== undefined && range.first <= last.last) last.last = Math.max(last.last, range.last);
    else all.push({ ...range });
  }
  return all;
}

export function isOpenTo({ classes }: Pool, of: ReadonlySet<string>): boolean {
  return classes === null || [...classes].some((name) => of.has(name));
}

function subnetsOf(subnet: string | undefined, addresses: readonly string[]): Subnet[] {
  if (subnet !== undefined) return [{ prefix: parseIp4Prefix(subnet)!, own: null }];
  return addresses.map((text) => {
    const prefix = parseIp4Prefix(text)!;
    return { prefix: { address: networkOf(prefix), length: prefix.length }, own: prefix.address };
  });
}

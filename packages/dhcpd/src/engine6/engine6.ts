// The server's side of RFC 8415, without sockets, disk or clock: messages in, outcomes out.
//
//   SOLICIT ──▶ (what would be given) ADVERTISE ──REQUEST──▶ bound ──RELEASE──▶ forgotten
//      └── with rapid commit ────────────────────────────────▲ │  └──time──▶ forgotten
//                                              RENEW, REBIND ┘ └─DECLINE─▶ declined ──time──▶ forgotten
//
// What must not happen: an address or prefix bound to two clients, or one given that is reserved for another or declined.
import {
  type Dhcp6Network,
  formatIp6Number,
  ip6Number,
  ip6WordsOf,
  isLinkLocal6,
  parseIp6,
  parseIp6Prefix,
} from '@sluice/shared';
import { isActive } from '../engine/lease.js';
import { LeaseTable } from '../engine/lease-table.js';
import { ADDRESS_BITS, type Association, associationsOf, type Resource } from '../wire6/associations.js';
import {
  CONFIRM,
  DECLINE6,
  INFORMATION_REQUEST,
  OPTION_SERVER_ID6,
  REBIND,
  RELEASE6,
  RENEW,
  REPLY,
  REQUEST6,
  SOLICIT,
  STATUS_USE_MULTICAST,
} from '../wire6/codes.js';
import type { Received6 } from '../wire6/message.js';
import { type Arrival6, type Client6, clientOf6, placeOf } from './client6.js';
import { type CounterName6, counters6 } from './counters6.js';
import { answer6, type Exchange6 } from './exchange.js';
import { handleInformation } from './information.js';
import { type Lease6, textOf } from './lease6.js';
import { handleDecline6, handleRelease6 } from './leave.js';
import { Network6 } from './network6.js';
import { drop6, type Outcome6 } from './outcome6.js';
import { handleConfirm, handleRebind, handleRenew } from './renew.js';
import { handleRequest6, handleSolicit } from './solicit.js';

interface Kind {
  counter: CounterName6;
  /** Whether it names this server's DUID: it must, must not, or may. */
  serverId: 'must' | 'never' | 'may';
  handle(exchange: Exchange6): Outcome6;
}

const KINDS: Readonly<Record<number, Kind>> = {
  [SOLICIT]: { counter: 'dhcp6_solicit', serverId: 'never', handle: handleSolicit },
  [REQUEST6]: { counter: 'dhcp6_request', serverId: 'must', handle: handleRequest6 },
  [CONFIRM]: { counter: 'dhcp6_confirm', serverId: 'never', handle: handleConfirm },
  [RENEW]: { counter: 'dhcp6_renew', serverId: 'must', handle: handleRenew },
  [REBIND]: { counter: 'dhcp6_rebind', serverId: 'never', handle: handleRebind },
  [RELEASE6]: { counter: 'dhcp6_release', serverId: 'must', handle: handleRelease6 },
  [DECLINE6]: { counter: 'dhcp6_decline', serverId: 'must', handle: handleDecline6 },
  [INFORMATION_REQUEST]: { counter: 'dhcp6_information', serverId: 'may', handle: handleInformation },
};

/** Associations of one message: a router has two, and few have more. */
const ASSOCIATIONS_MAX = 16;

export class Engine6 {
  readonly leases = new LeaseTable<Lease6>();
  readonly counters = counters6();
  readonly #counts = new Map<Network6, number>();
  networks: readonly Network6[] = [];

  constructor(
    /** The server's own identity. */
    readonly duid: Buffer,
  ) {}

  configure(networks: readonly Dhcp6Network[], nowMs: number): void {
    this.networks = networks
      .filter(({ server }) => server.enabled)
      .map((network) => new Network6(network, nowMs));
    this.#counts.clear();
    for (const lease of this.leases.all()) this.#count(lease, 1);
  }

  /** A lease that the log has kept. */
  restore(lease: Lease6): void {
    if (isActive(lease)) this.put(lease);
    else this.#forget(lease);
  }

  receive({ message, relays }: Received6, arrival: Arrival6, nowMs: number): Outcome6 {
    const kind = KINDS[message.type];
    if (kind === undefined) return drop6('dhcp6_unknown_type');
    if (relays.length === 0 && !isLinkLocal6(ip6WordsOf(arrival.source)))
      return drop6('dhcp6_not_link_local');
    const network = this.#networkOf({ message, relays }, arrival);
    if (network === null) return drop6('dhcp6_no_network');
    if (relays.length > 0 && network.relays !== null && !network.relays.has(arrival.source))
      return drop6('dhcp6_relay_refused');
    if (!network.clientRequests.take(placeOf(relays, arrival.source).port, nowMs))
      return drop6('dhcp6_client_over_rate');
    if (!network.requests.take(nowMs)) return drop6('dhcp6_over_rate');
    this.counters.add(kind.counter);
    const client = clientOf6(message, relays, arrival);
    if (client === null && message.type !== INFORMATION_REQUEST) return drop6('dhcp6_no_client_id');
    const wrong = this.#wrongServer(kind, { message, relays });
    if (wrong !== null) return drop6(wrong);
    const associations = associationsOf(message);
    if (associations === null) return drop6('dhcp6_malformed');
    if (associations.length > ASSOCIATIONS_MAX) return drop6('dhcp6_too_many');
    const exchange = { engine: this, network, message, relays, arrival, client, associations, nowMs };
    // Nobody was told that it may (section 18.4).
    if (arrival.destination !== 0n && relays.length === 0) {
      if (kind.serverId !== 'must') return drop6('dhcp6_by_unicast');
      this.counters.add('dhcp6_unicast_refused');
      const status = { code: STATUS_USE_MULTICAST, text: 'write to the group ff02::1:2' };
      return answer6(exchange, { type: REPLY, status, bare: true });
    }
    return kind.handle(exchange);
  }

  #wrongServer({ serverId }: Kind, { message }: Received6): CounterName6 | null {
    const named = message.options.get(OPTION_SERVER_ID6);
    if (!message.options.has(OPTION_SERVER_ID6)) return serverId === 'must' ? 'dhcp6_server_id' : null;
    if (serverId === 'never' || named === undefined) return 'dhcp6_server_id';
    return named.equals(this.duid) ? null : 'dhcp6_other_server';
  }

  /** By the link that the nearest relay names, or that it came in by. */
  #networkOf({ relays }: Received6, { vrf, interface: name }: Arrival6): Network6 | null {
    const link = [...relays].reverse().find((relay) => relay.link !== 0n)?.link;
    const found = this.networks.find((network) =>
      link === undefined
        ? network.interface !== null && network.interface === name
        : network.vrf === vrf && network.isOnLink(link),
    );
    return found ?? null;
  }

  /** Leases whose time is over, as they are now. */
  expire(nowMs: number): Lease6[] {
    return this.leases.ended(nowMs).map((lease) => this.free(lease, 'expired'));
  }

  put(lease: Lease6): void {
    const before = this.leases.get(lease.vrf, lease.address);
    if (before !== undefined) this.#count(before, -1);
    this.leases.put(lease);
    this.#count(lease, 1);
  }

  /** Ends a lease. Nothing of it is kept but in the log: its client has the same place in the pool again. */
  free(lease: Lease6, state: 'expired' | 'released'): Lease6 {
    this.#forget(lease);
    return { ...lease, state };
  }

  decline(network: Network6, lease: Lease6, nowMs: number): Lease6 {
    const { decline_hold_s: hold } = network.state.server;
    const stranger = { client: '', iaid: 0, hostName: '', interface: '', via: '', port: '' };
    const declined: Lease6 = {
      ...lease,
      ...stranger,
      state: 'declined',
      startedMs: nowMs,
      expiresMs: nowMs + hold * 1000,
    };
    this.put(declined);
    return declined;
  }

  /** Leases of an association that are in force. */
  ofAssociation(
    { vrf }: Network6,
    { duid }: Client6,
    { kind, iaid }: Pick<Association, 'kind' | 'iaid'>,
  ): Lease6[] {
    return [...this.leases.ofClient(vrf, duid)].filter((lease) => lease.kind === kind && lease.iaid === iaid);
  }

  /** Whether nobody else has it: free, or this association's own. */
  canHave(
    { vrf }: Network6,
    { duid }: Client6,
    { kind, iaid }: Pick<Association, 'kind' | 'iaid'>,
    resource: Resource,
  ): boolean {
    const lease = this.leases.get(vrf, textOf(resource));
    return lease === undefined || (lease.client === duid && lease.kind === kind && lease.iaid === iaid);
  }

  resourceOf({ address }: Lease6): Resource {
    const prefix = parseIp6Prefix(address);
    if (prefix !== null) return { address: ip6Number(prefix.address), length: prefix.length };
    return { address: ip6Number(parseIp6(address)!), length: ADDRESS_BITS };
  }

  textOfAddress(address: bigint): string {
    return formatIp6Number(address);
  }

  /** The network whose lease it is; null where the configuration has none any more. */
  networkOfLease(lease: Lease6): Network6 | null {
    const resource = this.resourceOf(lease);
    return (
      this.networks.find(
        (network) =>
          network.vrf === lease.vrf &&
          (network.isReserved(lease.address) || network.mayHave(resource, lease.client)),
      ) ?? null
    );
  }

  countOf(network: Network6): number {
    return this.#counts.get(network) ?? 0;
  }

  #forget(lease: Lease6): void {
    const before = this.leases.get(lease.vrf, lease.address);
    if (before === undefined) return;
    this.#count(before, -1);
    this.leases.remove(before);
  }

  #count(lease: Lease6, by: number): void {
    const network = this.networkOfLease(lease);
    if (network !== null) this.#counts.set(network, this.countOf(network) + by);
  }
}

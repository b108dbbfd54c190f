// The server's side of RFC 2131, without sockets, disk or clock: messages in, outcomes out.
//
//   DISCOVER ──▶ an address ──▶ (asked about) ──▶ offered ──REQUEST──▶ bound ──RELEASE──▶ released
//                                    │                                 │  └──time──▶ expired
//                                    └─ somebody answers ─▶ declined ◀─┘ DECLINE
//
// What must not happen: an address bound to two clients, one offered that is bound, reserved for another or declined.
import type { DhcpState } from '@sluice/shared';
import {
  BOOTREQUEST,
  DECLINE,
  DISCOVER,
  INFORM,
  OPTION_MESSAGE_TYPE,
  RELEASE,
  REQUEST,
} from '../wire/codes.js';
import type { Message } from '../wire/message.js';
import type { Arrival } from './arrival.js';
import { type Client, clientOf } from './client.js';
import { Counters, MEANINGS4 } from './counters.js';
import { handleDiscover } from './discover.js';
import { isActive, type Lease } from './lease.js';
import { LeaseTable } from './lease-table.js';
import type { Network, Subnet } from './network.js';
import { Networks } from './networks.js';
import { handleDecline, handleInform, handleRelease } from './other-messages.js';
import { drop, type Outcome } from './outcome.js';
import { count, type Placed } from './places.js';
import { handleRequest } from './request.js';

/** What handlers of messages work on. */
export interface Exchange {
  engine: Engine;
  message: Message;
  arrival: Arrival;
  network: Network;
  client: Client;
  classes: ReadonlySet<string>;
  /** The address that this server answers by. */
  serverId: number;
  nowMs: number;
}

export class Engine {
  readonly leases = new LeaseTable<Lease>();
  readonly counters = new Counters(MEANINGS4);
  /** Addresses that are being asked about, and the clients that they are for. */
  readonly #probed = new Set<string>();
  networks = new Networks({ networks: [], vrfs: [] }, 0);

  /** Serves what the configuration says from now on. Leases stay, offers that were made are forgotten. */
  configure(state: Pick<DhcpState, 'networks' | 'vrfs'>, nowMs: number): void {
    this.networks = new Networks(state, nowMs);
    this.returnFree();
  }

  /** A lease that the log has kept. */
  restore(lease: Lease): void {
    this.leases.put(lease);
  }

  /** After leases were restored: what nobody holds is free for others, the longest unused first. */
  returnFree(): void {
    const free = [...this.leases.all()].filter((lease) => !isActive(lease));
    free.sort((a, b) => a.expiresMs - b.expiresMs);
    for (const { vrf, address } of free) this.giveBack(vrf, address);
  }

  receive(message: Message, arrival: Arrival, nowMs: number): Outcome {
    if (message.op !== BOOTREQUEST) return drop('not_a_request');
    const typeOption = message.options.get(OPTION_MESSAGE_TYPE);
    if (typeOption === undefined) return drop('bootp');
    const network = this.networks.find(message, arrival);
    if (network === null) return drop('no_network');
    if (message.giaddr !== 0 && network.relays !== null && !network.relays.has(message.giaddr))
      return drop('relay_refused');
    const client = clientOf(message, arrival.sourceMac, network.memberOf(arrival.member));
    if (!network.clientRequests.take(client.mac, nowMs)) return drop('client_over_rate');
    if (network.memberRequests?.take(client.member, nowMs) === false) return drop('member_over_rate');
    if (!network.requests.take(nowMs)) return drop('over_rate');
    const exchange: Exchange = {
      engine: this,
      message,
      arrival,
      network,
      client,
      classes: network.classesOf(message, client),
      serverId: this.networks.serverId(message, arrival, network),
      nowMs,
    };
    switch (typeOption.length === 1 ? typeOption[0] : 0) {
      case DISCOVER:
        this.counters.add('discover');
        return handleDiscover(exchange);
      case REQUEST:
        this.counters.add('request');
        return handleRequest(exchange);
      case DECLINE:
        this.counters.add('decline');
        return handleDecline(exchange);
      case RELEASE:
        this.counters.add('release');
        return handleRelease(exchange);
      case INFORM:
        this.counters.add('inform');
        return handleInform(exchange);
      default:
        return drop('unknown_type');
    }
  }

  /** Leases and offers whose time is over. Returns the leases as they are now, to be announced. */
  expire(nowMs: number): Lease[] {
    for (const network of this.networks.all) {
      for (const { address } of network.offers.lapsed(nowMs)) this.giveBack(network.vrf, address);
    }
    return this.leases.ended(nowMs).map((lease) => this.free(lease, 'expired'));
  }

  /** Ends a lease: its client keeps the memory of it, the address is for others again. */
  free(lease: Lease, state: 'expired' | 'released'): Lease {
    const freed: Lease = { ...lease, state };
    this.leases.put(freed);
    this.giveBack(lease.vrf, lease.address);
    return freed;
  }

  /** An address in use by a stranger: left alone for a while. Who says so, if a client does, has one less for that time. */
  decline(network: Network, address: number, nowMs: number, by: Placed = NOWHERE): Lease {
    const declined: Lease = {
      ...STRANGER,
      port: by.port,
      member: by.member ?? '',
      vrf: network.vrf,
      address,
      startedMs: nowMs,
      expiresMs: nowMs + network.state.server.decline_hold_s * 1000,
    };
    this.leases.put(declined);
    return declined;
  }

  /** Whether nobody holds an address, has been offered it, or is about to be. */
  isFree(network: Network, address: number): boolean {
    return (
      !isActive(this.leases.get(network.vrf, address)) &&
      network.offers.get(address) === undefined &&
      !this.#isProbed(network, address)
    );
  }

  /** Whether this client can have it: free, its own, or offered to it. */
  canHave({ network, client }: Exchange, address: number): boolean {
    if (network.subnetOf(address) === undefined) return false;
    const lease = this.leases.get(network.vrf, address);
    const offer = network.offers.get(address);
    return (
      (!isActive(lease) || lease?.client === client.key) &&
      (offer === undefined || offer.client === client.key) &&
      !this.#isProbed(network, address)
    );
  }

  isProbingFor(network: Network, client: string): boolean {
    return this.#isProbed(network, client);
  }

  #isProbed({ vrf }: Network, what: number | string): boolean {
    return this.#probed.size > 0 && this.#probed.has(`${vrf} ${what}`);
  }

  startProbe({ vrf, probed }: Network, address: number, client: Client): void {
    this.#probed.add(`${vrf} ${address}`).add(`${vrf} ${client.key}`);
    count(probed, client, 1);
  }

  endProbe({ vrf, probed }: Network, address: number, client: Client): void {
    this.#probed.delete(`${vrf} ${address}`);
    this.#probed.delete(`${vrf} ${client.key}`);
    count(probed, client, -1);
  }

  /** Addresses that are in use, offered or about to be behind a port or a member. */
  countAt({ vrf, offers, probed }: Network, place: string): number {
    return this.leases.activeAt(vrf, place) + offers.at(place) + (probed.get(place) ?? 0);
  }

  /** Takes back what a client was offered; `kept` is the address that it gets now. */
  forgetOffer(network: Network, client: string, kept: number | null): void {
    const offer = network.offers.ofClient(client);
    if (offer === undefined) return;
    network.offers.remove(offer);
    if (offer.address !== kept) this.giveBack(network.vrf, offer.address);
  }

  /** Of an interface with several addresses, the one in the client's subnet; one that the client was told stays. */
  serverIdFor({ serverId, arrival, message }: Exchange, { own }: Subnet): number {
    return message.giaddr === 0 && arrival.destination === 0 && own !== null ? own : serverId;
  }

  giveBack(vrf: string, address: number): void {
    const network = this.networks.ofAddress(vrf, address);
    network?.poolOf(address)?.giveBack(address);
  }
}

const STRANGER = {
  state: 'declined',
  client: '',
  mac: '',
  clientId: '',
  hostName: '',
  vendorClass: '',
  circuitId: '',
  remoteId: '',
} as const;

const NOWHERE: Placed = { port: '' };

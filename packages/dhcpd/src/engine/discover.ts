// DHCPDISCOVER: finds an address for a client, has it asked about, offers it (RFC 2131 section 4.3.1).
import { OFFER, OPTION_LEASE_TIME, OPTION_REQUESTED_ADDRESS } from '../wire/codes.js';
import { readU32 } from '../wire/options.js';
import { grant } from './answer.js';
import type { Exchange } from './engine.js';
import type { Lease } from './lease.js';
import { isOpenTo } from './network.js';
import { OFFER_HOLD_MS } from './offers.js';
import { drop, type Outcome } from './outcome.js';

/** Addresses that strangers turn out to have, before a client is left to ask again. */
const CONFLICTS_MAX = 4;
const NO_ADDRESSES: readonly number[] = [];

export function handleDiscover(exchange: Exchange): Outcome {
  return offerNext(exchange, 0);
}

function offerNext(exchange: Exchange, conflicts: number): Outcome {
  const { engine, network, client } = exchange;
  if (engine.isProbingFor(network, client.key)) return drop('still_probed');
  const chosen = choose(exchange);
  if (typeof chosen === 'string') return drop(chosen);
  const { address, known } = chosen;
  if (known || network.state.server.probe_ms === 0) return makeOffer(exchange, address);

  engine.startProbe(network, address, client);
  return {
    kind: 'probe',
    probe: {
      network,
      address,
      routed: exchange.arrival.interface !== network.interface || network.interface === null,
      resume: (inUse, nowMs) => {
        const later = { ...exchange, nowMs };
        engine.endProbe(network, address, client);
        if (!inUse) return makeOffer(later, address);
        engine.counters.add('conflict');
        const declined = engine.decline(network, address, nowMs);
        const next =
          conflicts + 1 < CONFLICTS_MAX ? offerNext(later, conflicts + 1) : drop('no_free_address');
        return withWrite(next, declined);
      },
    },
  };
}

/** What was found out is kept, whatever becomes of the client. */
function withWrite(next: Outcome, lease: Lease): Outcome {
  switch (next.kind) {
    case 'answer':
    case 'settled':
      return { ...next, writes: [lease, ...next.writes] };
    case 'drop':
      return { kind: 'settled', writes: [lease], reason: next.reason };
    case 'probe': {
      const { resume } = next.probe;
      return {
        kind: 'probe',
        probe: { ...next.probe, resume: (...found) => withWrite(resume(...found), lease) },
      };
    }
  }
}

interface Chosen {
  address: number;
  /** It is this client's already, or was offered to it: nobody need be asked. */
  known: boolean;
}

/** In the order of RFC 2131 section 4.3.1; the name of a counter when there is none. */
function choose(exchange: Exchange): Chosen | 'no_free_address' | FullPlace {
  const { engine, network, client, classes, message } = exchange;
  const reserved = network.reservationOf(client)?.address;
  if (reserved !== undefined && engine.canHave(exchange, reserved)) return own(exchange, reserved);
  const full = fullPlace(exchange);
  for (const address of addressesBefore(exchange)) {
    if (network.mayHave(address, client, classes) && engine.canHave(exchange, address)) {
      const chosen = own(exchange, address);
      // What it had once is one more now.
      if (chosen.known || full === null) return chosen;
    }
  }
  if (full !== null) return full;
  const wish = readU32(message.options, OPTION_REQUESTED_ADDRESS);
  if (wish !== null && network.mayHave(wish, client, classes) && engine.canHave(exchange, wish))
    return { address: wish, known: false };
  const { vrf } = network;
  for (const pool of network.pools) {
    if (!isOpenTo(pool, classes)) continue;
    const address = pool.take(
      (candidate) => engine.isFree(network, candidate) && network.mayHave(candidate, client, classes),
      (candidate) => engine.leases.get(vrf, candidate) !== undefined,
    );
    if (address !== null) return { address, known: false };
  }
  return 'no_free_address';
}

/** What it is offered, then what it has or had, the latest first. */
function addressesBefore({ engine, network, client }: Exchange): readonly number[] {
  const offer = network.offers.ofClient(client.key);
  const leases = engine.leases.ofClient(network.vrf, client.key);
  if (offer === undefined && leases.length === 0) return NO_ADDRESSES;
  const addresses = [...leases].sort((a, b) => b.expiresMs - a.expiresMs).map(({ address }) => address);
  return offer === undefined ? addresses : [offer.address, ...addresses];
}

function own(exchange: Exchange, address: number): Chosen {
  return { address, known: holds(exchange, address) };
}

/** Whether an address is a client's, or was offered to it, so that it is counted where the client is. */
export function holds({ engine, network, client }: Exchange, address: number): boolean {
  const lease = engine.leases.get(network.vrf, address);
  const bound = lease?.state === 'bound' && lease.client === client.key;
  return bound || network.offers.get(address)?.client === client.key;
}

export type FullPlace = 'place_full' | 'port_full';

/** Where as many addresses are as are allowed: behind the client's port or MAC address, or behind the bridge's member. */
export function fullPlace({ engine, network, client }: Exchange): FullPlace | null {
  const { limits } = network.state.server;
  const most = client.port.startsWith('circuit') ? limits.leases_per_circuit : limits.leases_per_mac;
  if (most !== undefined && engine.countAt(network, client.port) >= most) return 'place_full';
  const { per_port: perPort } = limits;
  if (perPort === undefined || client.member === '') return null;
  return engine.countAt(network, client.member) >= perPort ? 'port_full' : null;
}

function makeOffer(exchange: Exchange, address: number): Outcome {
  const { engine, network, client, classes, message, arrival, nowMs } = exchange;
  engine.forgetOffer(network, client.key, address);
  network.offers.put({
    address,
    client: client.key,
    port: client.port,
    member: client.member,
    expiresMs: nowMs + OFFER_HOLD_MS,
  });
  const subnet = network.subnetOf(address)!;
  const answer = grant(OFFER, message, arrival, engine.serverIdFor(exchange, subnet), {
    address,
    leaseTimeS: network.leaseTime(readU32(message.options, OPTION_LEASE_TIME)),
    subnet,
    given: network.givenTo(client, classes),
  });
  return { kind: 'answer', answer, writes: [] };
}

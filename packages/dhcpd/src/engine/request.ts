// DHCPREQUEST: of a client that selects an offer, comes back after a reboot, renews or rebinds (RFC 2131 section 4.3.2).
//
//                 server identifier   requested address   ciaddr
//   selecting     yes                 yes                 0
//   rebooting     no                  yes                 0
//   renewing,     no                  no                  the client's
//   rebinding
import { DHCP_FOREVER_S } from '@sluice/shared';
import { ACK, OPTION_LEASE_TIME, OPTION_REQUESTED_ADDRESS, OPTION_SERVER_ID } from '../wire/codes.js';
import { readU32 } from '../wire/options.js';
import { grant, refuse } from './answer.js';
import { fullPlace, holds } from './discover.js';
import type { Exchange } from './engine.js';
import { isActive, type Lease } from './lease.js';
import { drop, type Outcome } from './outcome.js';

const TOO_MANY = 'there are too many addresses behind your port';

export function handleRequest(exchange: Exchange): Outcome {
  const { message } = exchange;
  const chosen = readU32(message.options, OPTION_SERVER_ID);
  const asked = readU32(message.options, OPTION_REQUESTED_ADDRESS);
  if (chosen !== null) return selecting(exchange, chosen, asked ?? message.ciaddr);
  const address = message.ciaddr === 0 ? asked : message.ciaddr;
  return address === null || address === 0 ? drop('malformed') : returning(exchange, address);
}

function selecting(exchange: Exchange, chosen: number, address: number): Outcome {
  const { engine, network, client, classes, arrival } = exchange;
  if (chosen !== exchange.serverId && !engine.networks.isOwn(arrival.vrf, chosen)) {
    engine.forgetOffer(network, client.key, null);
    return drop('other_server_chosen');
  }
  if (network.subnetOf(address) === undefined) return nak(exchange, 'that address is not of this network');
  // An offer of before a restart of this server is not known any more; the address is as good.
  if (!network.mayHave(address, client, classes) || !engine.canHave(exchange, address))
    return nak(exchange, 'that address is not free for you');
  if (isOneTooMany(exchange, address)) return nak(exchange, TOO_MANY);
  return bind(exchange, address);
}

/** Of a client that has, or says it has, an address. */
function returning(exchange: Exchange, address: number): Outcome {
  const { engine, network, client, classes } = exchange;
  if (network.subnetOf(address) === undefined) return nak(exchange, 'that address is not of this network');
  const lease = engine.leases.get(network.vrf, address);
  const reserved = network.reservationOf(client);
  const may = network.mayHave(address, client, classes);
  // Its reservation is free by now, and it is to have that one.
  const moves =
    reserved !== undefined && reserved.address !== address && engine.canHave(exchange, reserved.address);
  const knows = lease?.client === client.key || reserved?.address === address;
  if (knows && may && !moves && engine.canHave(exchange, address))
    return isOneTooMany(exchange, address) ? nak(exchange, TOO_MANY) : bind(exchange, address);
  // A client that this server knows by another address, or whose address is somebody else's, is wrong; of one that it
  // does not know at all another server may have the record: it MUST remain silent.
  const elsewhere = engine.leases
    .ofClient(network.vrf, client.key)
    .some((other) => isActive(other) && network.subnetOf(other.address) !== undefined);
  const wrong = knows || elsewhere || isActive(lease) || reserved !== undefined;
  if (wrong) return nak(exchange, 'that address is not yours');
  return network.state.server.authoritative
    ? nak(exchange, 'that address was not given by this server')
    : drop('unknown_lease');
}

/** Of an address that the client does not hold, unless it is reserved for it. */
function isOneTooMany(exchange: Exchange, address: number): boolean {
  const { network, client } = exchange;
  if (holds(exchange, address) || network.reservationOf(client)?.address === address) return false;
  return fullPlace(exchange) !== null;
}

function bind(exchange: Exchange, address: number): Outcome {
  const { engine, network, client, classes, message, arrival, nowMs } = exchange;
  const seconds = network.leaseTime(readU32(message.options, OPTION_LEASE_TIME));
  const before = engine.leases.get(network.vrf, address);
  const mine = before?.state === 'bound' && before.client === client.key ? before : undefined;
  const { key } = client;
  const lease: Lease = {
    mac: client.mac,
    clientId: client.clientId,
    vendorClass: client.vendorClass,
    circuitId: client.circuitId,
    remoteId: client.remoteId,
    port: client.port,
    hostName: client.hostName || (mine?.hostName ?? ''),
    // A renewal comes by routing, which does not say by which member.
    member: arrival.member === '' && mine !== undefined ? mine.member : client.member,
    client: key,
    vrf: network.vrf,
    address,
    state: 'bound',
    startedMs: mine?.startedMs ?? nowMs,
    expiresMs: seconds === DHCP_FOREVER_S ? Number.POSITIVE_INFINITY : nowMs + seconds * 1000,
  };
  engine.forgetOffer(network, key, address);
  const writes = [lease];
  // One client, one address of a network: what it had before is for others.
  for (const other of [...engine.leases.ofClient(network.vrf, key)]) {
    if (other.state === 'bound' && other.address !== address && network.subnetOf(other.address) !== undefined)
      writes.push(engine.free(other, 'released'));
  }
  engine.leases.put(lease);
  const subnet = network.subnetOf(address)!;
  const answer = grant(ACK, message, arrival, engine.serverIdFor(exchange, subnet), {
    address,
    leaseTimeS: seconds,
    subnet,
    given: network.givenTo(client, classes),
  });
  return { kind: 'answer', answer, writes };
}

function nak(exchange: Exchange, reason: string): Outcome {
  const { engine, network, client, message, arrival, serverId } = exchange;
  engine.forgetOffer(network, client.key, null);
  return { kind: 'answer', answer: refuse(message, arrival, serverId, reason), writes: [] };
}

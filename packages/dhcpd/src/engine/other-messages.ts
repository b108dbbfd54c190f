// DHCPDECLINE, DHCPRELEASE and DHCPINFORM (RFC 2131 sections 4.3.3 to 4.3.5).
import { ACK, OPTION_REQUESTED_ADDRESS } from '../wire/codes.js';
import { readU32 } from '../wire/options.js';
import { grant } from './answer.js';
import type { Exchange } from './engine.js';
import { drop, type Outcome } from './outcome.js';

/** Only of who has the address, or was just offered it: otherwise one station could empty the pools. */
export function handleDecline(exchange: Exchange): Outcome {
  const { engine, network, client, message, nowMs } = exchange;
  const address = readU32(message.options, OPTION_REQUESTED_ADDRESS);
  if (address === null) return drop('malformed');
  const lease = engine.leases.get(network.vrf, address);
  const offered = network.offers.get(address)?.client === client.key;
  if (!offered && !(lease?.state === 'bound' && lease.client === client.key)) return drop('not_ours');
  engine.forgetOffer(network, client.key, null);
  return { kind: 'settled', writes: [engine.decline(network, address, nowMs, client)], reason: 'settled' };
}

export function handleRelease({ engine, network, client, message }: Exchange): Outcome {
  const lease = engine.leases.get(network.vrf, message.ciaddr);
  if (lease?.state !== 'bound' || lease.client !== client.key) return drop('not_ours');
  return { kind: 'settled', writes: [engine.free(lease, 'released')], reason: 'settled' };
}

/** Options for a client that has its address by other means. */
export function handleInform(exchange: Exchange): Outcome {
  const { engine, network, client, classes, message, arrival } = exchange;
  if (message.ciaddr === 0) return drop('no_address_of_its_own');
  const subnet = network.subnetOf(message.ciaddr);
  if (subnet === undefined) return drop('no_network');
  const answer = grant(ACK, message, arrival, engine.serverIdFor(exchange, subnet), {
    address: message.ciaddr,
    leaseTimeS: null,
    subnet,
    given: network.givenTo(client, classes),
  });
  return { kind: 'answer', answer, writes: [] };
}

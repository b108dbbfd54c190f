// Gives an association an address or a prefix: what it has, what is reserved for it, what it wishes, or one that is free.

import { isActive } from '../engine/lease.js';
import type { Association, Granted6, Resource } from '../wire6/associations.js';
import { STATUS_NO_ADDRESSES, STATUS_NO_PREFIXES } from '../wire6/codes.js';
import type { Client6 } from './client6.js';
import { type Exchange6, endOf, type Settled6 } from './exchange.js';
import { type Lease6, textOf } from './lease6.js';

/** @param binds False for an ADVERTISE, which holds nothing: a REQUEST may get another. */
export function assign(
  exchange: Exchange6,
  client: Client6,
  association: Association,
  binds: boolean,
  writes: Lease6[],
  taken: Set<string>,
): Settled6 {
  const resource = choose(exchange, client, association, binds, taken);
  if (resource === null) {
    exchange.engine.counters.add('dhcp6_no_address');
    return refused(association);
  }
  taken.add(textOf(resource));
  if (binds) writes.push(...bind(exchange, client, association, resource));
  return { association, granted: [granted(exchange, resource)], status: null };
}

export function refused(association: Association): Settled6 {
  const status =
    association.kind === 'pd'
      ? { code: STATUS_NO_PREFIXES, text: 'no prefix is free for you' }
      : { code: STATUS_NO_ADDRESSES, text: 'no address is free for you' };
  return { association, granted: [], status };
}

export function granted({ network, nowMs }: Exchange6, resource: Resource): Granted6 {
  return { ...resource, times: network.timesOf(resource, nowMs) };
}

function choose(
  exchange: Exchange6,
  client: Client6,
  association: Association,
  binds: boolean,
  taken: ReadonlySet<string>,
): Resource | null {
  const { engine, network } = exchange;
  if (association.kind === 'ta') return null;
  const has = (resource: Resource): boolean =>
    !taken.has(textOf(resource)) && engine.canHave(network, client, association, resource);
  const reserved = network.reservedFor(client.duid, association).find(has);
  if (reserved !== undefined) return reserved;
  const current = engine.ofAssociation(network, client, association);
  const held = current.map(engine.resourceOf).find((resource) => network.mayHave(resource, client.duid));
  if (held !== undefined && has(held)) return held;
  // What was bound for this message is among the leases.
  if (!hasRoom(exchange, client, binds ? 0 : taken.size)) return null;
  const wished = association.resources.find(
    (resource) => resource.address !== 0n && network.mayHave(resource, client.duid) && has(resource),
  );
  if (wished !== undefined) return wished;
  const who = `${client.duid} ${association.kind} ${association.iaid}`;
  for (const pool of poolsFor(exchange, association)) {
    const resource = pool.take(who, (one) => network.mayHave(one, client.duid) && has(one));
    if (resource !== null) return resource;
  }
  return null;
}

/** Those of the length that a client wishes come first (RFC 8168), then as they are in the configuration. */
function poolsFor({ network }: Exchange6, { kind, resources }: Association) {
  if (kind !== 'pd') return network.pools.na;
  const wished = resources.find(({ length }) => length > 0)?.length;
  return [...network.pools.pd].sort((a, b) => Number(b.length === wished) - Number(a.length === wished));
}

/** Within the limits of the network, of one client, and of its place. */
export function hasRoom({ engine, network }: Exchange6, client: Client6, taken: number): boolean {
  const { limits } = network.state.server;
  const ofClient = [...engine.leases.ofClient(network.vrf, client.duid)].filter(isActive).length;
  return (
    ofClient + taken < limits.leases_per_client &&
    engine.leases.activeAt(network.vrf, client.port) + taken < limits.leases_per_port &&
    engine.countOf(network) + taken < limits.leases
  );
}

/** The leases to write: the new one, and those of the association that it takes the place of. */
export function bind(
  { engine, network, relays, arrival, nowMs }: Exchange6,
  client: Client6,
  { kind, iaid }: Association,
  resource: Resource,
): Lease6[] {
  const address = textOf(resource);
  const before = engine.leases.get(network.vrf, address);
  const lease: Lease6 = {
    vrf: network.vrf,
    address,
    kind: kind === 'pd' ? 'pd' : 'na',
    state: 'bound',
    client: client.duid,
    iaid,
    hostName: client.hostName || (before?.hostName ?? ''),
    interface: relays.length === 0 ? (arrival.interface ?? '') : '',
    via: engine.textOfAddress(client.address),
    port: client.port,
    startedMs: before?.client === client.duid ? before.startedMs : nowMs,
    expiresMs: endOf(nowMs, network.timesOf(resource, nowMs).validS),
  };
  const others = engine
    .ofAssociation(network, client, { kind, iaid })
    .filter((other) => other.address !== address)
    .map((other) => engine.free(other, 'released'));
  engine.put(lease);
  return [...others, lease];
}

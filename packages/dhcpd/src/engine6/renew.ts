// CONFIRM, RENEW and REBIND: of a client that has, or says it has, addresses and prefixes (RFC 8415 sections 18.3.3 to
// 18.3.5).
import type { Association, Granted6, Resource } from '../wire6/associations.js';
import { REPLY, STATUS_NO_BINDING, STATUS_NOT_ON_LINK, STATUS_SUCCESS } from '../wire6/codes.js';
import { assign, bind, granted, hasRoom } from './assign.js';
import type { Client6 } from './client6.js';
import { answer6, type Exchange6, type Settled6 } from './exchange.js';
import { type Lease6, textOf } from './lease6.js';
import { drop6, type Outcome6 } from './outcome6.js';

export function handleConfirm(exchange: Exchange6): Outcome6 {
  const { network, associations } = exchange;
  const addresses = associations
    .filter(({ kind }) => kind !== 'pd')
    .flatMap(({ resources }) => resources.map(({ address }) => address));
  if (addresses.length === 0 || network.links.length === 0) return drop6('dhcp6_nothing_to_confirm');
  const status = addresses.every((address) => network.isOnLink(address))
    ? { code: STATUS_SUCCESS, text: 'all addresses are of this link' }
    : { code: STATUS_NOT_ON_LINK, text: 'not all addresses are of this link' };
  return answer6(exchange, { type: REPLY, status });
}

export const handleRenew = (exchange: Exchange6): Outcome6 => extend(exchange, false);

export const handleRebind = (exchange: Exchange6): Outcome6 => extend(exchange, true);

function extend(exchange: Exchange6, rebinds: boolean): Outcome6 {
  const { client, associations } = exchange;
  if (client === null) return drop6('dhcp6_no_client_id');
  const writes: Lease6[] = [];
  const taken = new Set<string>();
  const settled = associations.map((one) => extendOne(exchange, client, one, rebinds, writes, taken));
  return answer6(exchange, { type: REPLY, settled, writes });
}

function extendOne(
  exchange: Exchange6,
  client: Client6,
  association: Association,
  rebinds: boolean,
  writes: Lease6[],
  taken: Set<string>,
): Settled6 {
  const { engine, network } = exchange;
  const asked = association.resources.filter(({ address }) => address !== 0n);
  const known = association.kind === 'ta' ? [] : engine.ofAssociation(network, client, association);
  if (asked.length === 0 && known.length === 0)
    return assign(exchange, client, association, true, writes, taken);
  const kept = asked.find((resource) => isGood(exchange, client, association, resource, known, taken));
  const others = asked.filter((resource) => resource !== kept).map(withdrawn);
  if (kept !== undefined) {
    taken.add(textOf(kept));
    writes.push(...bind(exchange, client, association, kept));
    return { association, granted: [granted(exchange, kept), ...others], status: null };
  }
  if (known.length === 0) {
    engine.counters.add('dhcp6_no_binding');
    // Who rebinds asks any server, and is to give up what is not right; who renews will send a REQUEST.
    if (rebinds) return { association, granted: others, status: null };
    const status = { code: STATUS_NO_BINDING, text: 'nobody here knows of it' };
    return { association, granted: [], status };
  }
  // The configuration has others for it now.
  const anew = assign(exchange, client, association, true, writes, taken);
  return { ...anew, granted: [...anew.granted, ...others] };
}

/**
 * Whether an association may keep what it says it has: its lease, or, where none is known, what nobody else has and it may
 * have: its lease was lost or has ended.
 */
function isGood(
  exchange: Exchange6,
  client: Client6,
  association: Association,
  resource: Resource,
  known: readonly Lease6[],
  taken: ReadonlySet<string>,
): boolean {
  const { engine, network } = exchange;
  const text = textOf(resource);
  if (association.kind === 'ta' || taken.has(text) || !network.mayHave(resource, client.duid)) return false;
  if (known.length > 0) return known.some(({ address }) => address === text);
  return engine.canHave(network, client, association, resource) && hasRoom(exchange, client, 0);
}

/** Lifetimes of 0: not to be used any more. */
function withdrawn(resource: Resource): Granted6 {
  return { ...resource, times: { preferredS: 0, validS: 0 } };
}

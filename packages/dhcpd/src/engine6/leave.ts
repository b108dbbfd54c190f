// RELEASE and DECLINE (RFC 8415 sections 18.3.7 and 18.3.8).
import { REPLY, STATUS_NO_BINDING, STATUS_SUCCESS } from '../wire6/codes.js';
import { answer6, type Exchange6, type Settled6 } from './exchange.js';
import { type Lease6, textOf } from './lease6.js';
import { drop6, type Outcome6 } from './outcome6.js';

export function handleRelease6(exchange: Exchange6): Outcome6 {
  return leave(exchange, (lease) => exchange.engine.free(lease, 'released'));
}

/** A prefix is not declined: nobody probes it. */
export function handleDecline6(exchange: Exchange6): Outcome6 {
  const { engine, network, nowMs } = exchange;
  return leave(exchange, (lease) => (lease.kind === 'na' ? engine.decline(network, lease, nowMs) : null));
}

/** Only of who has it: otherwise one station could empty the pools. */
function leave(exchange: Exchange6, end: (lease: Lease6) => Lease6 | null): Outcome6 {
  const { engine, network, client, associations } = exchange;
  if (client === null) return drop6('dhcp6_no_client_id');
  const writes: Lease6[] = [];
  const unknown: Settled6[] = [];
  for (const association of associations) {
    const mine = engine.ofAssociation(network, client, association);
    const named = new Set(association.resources.map(textOf));
    const ended = mine.filter(({ address }) => named.has(address)).map(end);
    writes.push(...ended.filter((lease) => lease !== null));
    if (ended.length > 0) continue;
    engine.counters.add('dhcp6_no_binding');
    const status = { code: STATUS_NO_BINDING, text: 'nobody here knows of it' };
    unknown.push({ association, granted: [], status });
  }
  const status = { code: STATUS_SUCCESS, text: 'done' };
  return answer6(exchange, { type: REPLY, status, settled: unknown, writes, bare: true });
}

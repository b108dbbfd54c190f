// SOLICIT and REQUEST (RFC 8415 sections 18.3.1 and 18.3.2).
import { ADVERTISE, OPTION_RAPID_COMMIT, REPLY, STATUS_NOT_ON_LINK } from '../wire6/codes.js';
import { assign } from './assign.js';
import { answer6, type Exchange6, type Settled6 } from './exchange.js';
import type { Lease6 } from './lease6.js';
import { drop6, type Outcome6 } from './outcome6.js';

export function handleSolicit(exchange: Exchange6): Outcome6 {
  const { network, message, client, associations } = exchange;
  if (client === null) return drop6('dhcp6_no_client_id');
  const rapid = network.state.server.rapid_commit && message.options.has(OPTION_RAPID_COMMIT);
  const writes: Lease6[] = [];
  const taken = new Set<string>();
  const settled = associations.map((one) => assign(exchange, client, one, rapid, writes, taken));
  return answer6(exchange, { type: rapid ? REPLY : ADVERTISE, rapid, settled, writes });
}

export function handleRequest6(exchange: Exchange6): Outcome6 {
  const { network, client, associations } = exchange;
  if (client === null) return drop6('dhcp6_no_client_id');
  const writes: Lease6[] = [];
  const taken = new Set<string>();
  const settled = associations.map((one): Settled6 => {
    const elsewhere =
      one.kind !== 'pd' && one.resources.some(({ address }) => address !== 0n && !network.isOnLink(address));
    if (!elsewhere) return assign(exchange, client, one, true, writes, taken);
    const status = { code: STATUS_NOT_ON_LINK, text: 'that address is not of this link' };
    return { association: one, granted: [], status };
  });
  return answer6(exchange, { type: REPLY, settled, writes });
}

// INFORMATION-REQUEST: options for a client that has its addresses by other means (RFC 8415 section 18.3.6).
import { OPTION_REFRESH_TIME, OPTION_REQUESTED, REPLY } from '../wire6/codes.js';
import { answer6, type Exchange6 } from './exchange.js';
import { drop6, type Outcome6 } from './outcome6.js';

export function handleInformation(exchange: Exchange6): Outcome6 {
  if (exchange.associations.length > 0) return drop6('dhcp6_with_associations');
  const asked = exchange.message.options.get(OPTION_REQUESTED);
  let refresh = false;
  for (let at = 0; asked !== undefined && at + 2 <= asked.length; at += 2)
    refresh ||= asked.readUInt16BE(at) === OPTION_REFRESH_TIME;
  return answer6(exchange, { type: REPLY, refresh });
}

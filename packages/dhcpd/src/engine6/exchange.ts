// What handlers of messages work on, and the answers that they make.
import type { Association, Granted6, Status6 } from '../wire6/associations.js';
import { encodeAssociation, encodeStatus } from '../wire6/associations.js';
import {
  ADVERTISE,
  FOREVER_S,
  OPTION_CLIENT_ID6,
  OPTION_PREFERENCE,
  OPTION_RAPID_COMMIT,
  OPTION_REFRESH_TIME,
  OPTION_REQUESTED,
  OPTION_SERVER_ID6,
} from '../wire6/codes.js';
import { buildMessage6, type Message6, type Relay6 } from '../wire6/message.js';
import { option6, words32 } from '../wire6/options.js';
import type { Arrival6, Client6 } from './client6.js';
import type { Engine6 } from './engine6.js';
import type { Lease6 } from './lease6.js';
import type { Network6 } from './network6.js';
import type { Outcome6 } from './outcome6.js';

/** RFC 8415 section 21.4. */
const RENEW_SHARE = 0.5;
const REBIND_SHARE = 0.8;

export interface Exchange6 {
  engine: Engine6;
  network: Network6;
  message: Message6;
  relays: readonly Relay6[];
  arrival: Arrival6;
  /** Null of an INFORMATION-REQUEST without a DUID. */
  client: Client6 | null;
  associations: readonly Association[];
  nowMs: number;
}

/** What an association is answered. */
export interface Settled6 {
  association: Association;
  granted: Granted6[];
  status: Status6 | null;
}

export interface Reply6 {
  type: number;
  settled?: readonly Settled6[];
  status?: Status6;
  writes?: Lease6[];
  rapid?: boolean;
  /** Whether it tells how long options hold: of an INFORMATION-REQUEST. */
  refresh?: boolean;
  /** Options of the configuration; all answers have them but those to who leaves. */
  bare?: boolean;
}

export function answer6(exchange: Exchange6, reply: Reply6): Outcome6 {
  const { network, engine, message, relays } = exchange;
  const { type, settled = [], status, writes = [], rapid = false, refresh = false, bare = false } = reply;
  const options = [option6(OPTION_SERVER_ID6, engine.duid)];
  const clientId = message.options.get(OPTION_CLIENT_ID6);
  if (clientId !== undefined) options.unshift(option6(OPTION_CLIENT_ID6, clientId));
  const { preference, refresh_s: refreshS } = network.state.server;
  if (type === ADVERTISE && preference > 0)
    options.push(option6(OPTION_PREFERENCE, Buffer.from([preference])));
  if (rapid) options.push(option6(OPTION_RAPID_COMMIT));
  if (status !== undefined) options.push(encodeStatus(status));
  for (const { association, granted, status: own } of settled)
    options.push(encodeAssociation(association, granted, renewOf(granted), own));
  if (refresh) options.push(option6(OPTION_REFRESH_TIME, words32(refreshS)));
  if (!bare) options.push(...requested(exchange));
  return {
    kind: 'answer',
    answer: {
      counter: type === ADVERTISE ? 'dhcp6_advertise' : 'dhcp6_reply',
      payload: buildMessage6(type, message.transaction, options, relays),
    },
    writes,
  };
}

/** T1 and T2, of the shortest preferred lifetime; those of an association without anything mean nothing. */
function renewOf(granted: readonly Granted6[]): readonly [number, number] {
  const preferred = granted.filter(({ times }) => times.validS > 0).map(({ times }) => times.preferredS);
  if (preferred.length === 0) return [0, 0];
  const least = Math.min(...preferred);
  if (least === FOREVER_S) return [FOREVER_S, FOREVER_S];
  return [Math.floor(least * RENEW_SHARE), Math.floor(least * REBIND_SHARE)];
}

/** In the order in which the client asks for them (section 21.7). */
function requested({ network, message }: Exchange6): Buffer[] {
  const list = message.options.get(OPTION_REQUESTED);
  const codes = new Set<number>();
  for (let at = 0; list !== undefined && at + 2 <= list.length; at += 2) codes.add(list.readUInt16BE(at));
  return [...codes].flatMap((code) => {
    const value = network.options.get(code);
    return value === undefined ? [] : [option6(code, value)];
  });
}

export function endOf(nowMs: number, validS: number): number {
  return validS === FOREVER_S ? Number.POSITIVE_INFINITY : nowMs + validS * 1000;
}

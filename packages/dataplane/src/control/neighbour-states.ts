// What a message says of a neighbour, and what its entry is then (RFC 4861 sections 7.2.3, 7.2.5 and 7.3.2).
//
// The same for both families: ARP's messages are read as the neighbour discovery messages that they correspond to.
// States:
//   incomplete  asked, not answered: its adjacency parks packets
//   reachable   answered not long ago
//   stale       its MAC address is known, whether it is there is not: used until somebody uses it
//   delay       was used: somebody may say soon that it is there
//   probe       nobody did: asked, to it alone
//   failed      did not answer: kept for a while so that it is not asked for every packet
// Reachable, stale, delay and probe send. Never: a state that sends → incomplete; failed → delay or probe.
import {
  HEARD_ADVERTISEMENT,
  HEARD_HOST,
  HEARD_OVERRIDE,
  HEARD_ROUTER,
  HEARD_SOLICITED,
} from '../tables/neighbour-records.js';

export type NeighbourState = 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed';

/** True in the states whose MAC address is known and used. */
export function isUsable(state: NeighbourState): boolean {
  return state !== 'incomplete' && state !== 'failed';
}

export interface Known {
  state: NeighbourState;
  mac: Uint8Array | null;
  router: boolean;
}

/** What somebody said: HEARD_… flags, and the MAC address when it named one. */
export interface Heard {
  flags: number;
  mac: Uint8Array | null;
}

/** The entry after a message; null when the message makes none. `entry` is null for a neighbour that nobody knows. */
export function hear(entry: Known | null, heard: Heard): Known | null {
  return heard.flags & HEARD_ADVERTISEMENT ? advertised(entry, heard) : solicited(entry, heard);
}

/** RFC 4861 section 7.2.5, row by row. */
function advertised(entry: Known | null, { flags, mac }: Heard): Known | null {
  // "If no entry exists, the advertisement SHOULD be silently discarded": nobody had asked.
  if (entry === null) return null;
  const router = (flags & HEARD_ROUTER) !== 0;
  const solicitedFlag = (flags & HEARD_SOLICITED) !== 0;
  if (!isUsable(entry.state)) {
    if (mac === null) return entry;
    return { state: solicitedFlag ? 'reachable' : 'stale', mac, router };
  }
  const other = mac !== null && entry.mac !== null && !sameMac(mac, entry.mac);
  if (other && !(flags & HEARD_OVERRIDE)) {
    return entry.state === 'reachable' ? { ...entry, state: 'stale' } : entry;
  }
  return {
    state: solicitedFlag ? 'reachable' : other ? 'stale' : entry.state,
    mac: mac ?? entry.mac,
    router,
  };
}

/** Sections 7.2.3, 6.2.6, 6.3.4 and 8.3: whoever speaks to the box names its own MAC address, but proves no way back. */
function solicited(entry: Known | null, { flags, mac }: Heard): Known | null {
  const router = (flags & HEARD_ROUTER) !== 0 || (entry?.router === true && !(flags & HEARD_HOST));
  if (mac === null) return entry === null ? null : { ...entry, router };
  if (entry !== null && isUsable(entry.state) && entry.mac !== null && sameMac(entry.mac, mac)) {
    return { ...entry, router };
  }
  return { state: 'stale', mac, router };
}

export function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((octet, i) => octet === b[i]);
}

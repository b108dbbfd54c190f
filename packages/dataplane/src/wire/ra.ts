// Router advertisements (RFC 4861 section 4.2), read by the control side once the graph has checked them.
import type { Ip6Words } from '@sluice/shared';
import { OPTION_MTU, OPTION_PREFIX, RA_BYTES } from './nd.js';

/** RFC 4191 section 2.1: a 2-bit preference; the reserved value counts as medium. */
export type RouterPreference = 'high' | 'medium' | 'low';

export interface AdvertisedPrefix {
  address: Ip6Words;
  length: number;
  onLink: boolean;
  autonomous: boolean;
  /** In seconds; Infinity for ever. */
  validS: number;
  preferredS: number;
}

export interface RouterAdvertisement {
  /** 0 says nothing. */
  hopLimit: number;
  preference: RouterPreference;
  /** 0: not a default router. */
  lifetimeS: number;
  /** 0 says nothing. */
  reachableMs: number;
  retransmitMs: number;
  mtu: number | null;
  prefixes: AdvertisedPrefix[];
}

const PREFERENCES: readonly RouterPreference[] = ['medium', 'high', 'medium', 'low'];
const PREFIX_ON_LINK = 0x80;
const PREFIX_AUTONOMOUS = 0x40;
/** Octets of the prefix and MTU options. */
const PREFIX_BYTES = 32;
const MTU_BYTES = 8;
const FOR_EVER = 0xffffffff;

/** Reads the message of a packet whose ICMPv6 header is at the start of `message` and whose options add up. */
export function readRouterAdvertisement(message: Uint8Array): RouterAdvertisement {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const advertisement: RouterAdvertisement = {
    hopLimit: view.getUint8(4),
    preference: PREFERENCES[(view.getUint8(5) >>> 3) & 3]!,
    lifetimeS: view.getUint16(6),
    reachableMs: view.getUint32(8),
    retransmitMs: view.getUint32(12),
    mtu: null,
    prefixes: [],
  };
  for (let at = RA_BYTES; at + 8 <= message.length; ) {
    const size = view.getUint8(at + 1) * 8;
    if (size === 0 || at + size > message.length) break;
    const kind = view.getUint8(at);
    if (kind === OPTION_MTU && size === MTU_BYTES) advertisement.mtu = view.getUint32(at + 4);
    if (kind === OPTION_PREFIX && size === PREFIX_BYTES) advertisement.prefixes.push(readPrefix(view, at));
    at += size;
  }
  return advertisement;
}

function readPrefix(view: DataView, at: number): AdvertisedPrefix {
  const flags = view.getUint8(at + 3);
  const seconds = (offset: number): number => {
    const value = view.getUint32(at + offset);
    return value === FOR_EVER ? Infinity : value;
  };
  return {
    address: [
      view.getUint32(at + 16),
      view.getUint32(at + 20),
      view.getUint32(at + 24),
      view.getUint32(at + 28),
    ],
    length: view.getUint8(at + 2),
    onLink: (flags & PREFIX_ON_LINK) !== 0,
    autonomous: (flags & PREFIX_AUTONOMOUS) !== 0,
    validS: seconds(4),
    preferredS: seconds(8),
  };
}

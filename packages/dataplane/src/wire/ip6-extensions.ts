// Extension headers of IPv6 (RFC 8200 section 4): where a packet's chain of headers leads, within bounds.
import { readU16 } from './ip4.js';
import {
  IP6_BYTES,
  IP6_DST,
  IP6_NEXT_HEADER,
  PROTOCOL_AH,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_FRAGMENT,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_ROUTING,
} from './ip6.js';

/** Offsets in a fragment header (RFC 8200 section 4.5). */
export const FRAGMENT_BYTES = 8;
export const FRAGMENT_WORD = 2;
export const FRAGMENT_ID = 4;
/** In its word: the offset in octets, and "more fragments". */
export const FRAGMENT_OFFSET = 0xfff8;
export const FRAGMENT_MORE = 1;

/** Offsets in a routing header (RFC 8200 section 4.4). */
export const ROUTING_TYPE = 2;
export const ROUTING_SEGMENTS_LEFT = 3;

/**
 * Extension headers and their octets looked at in one packet: RFC 8504 section 5.3 lets nodes have such limits. Tuning:
 * an honest packet has one or two of a few octets; each costs the worker a step.
 */
const EXTENSION_HEADERS_MAX = 8;
const EXTENSION_BYTES_MAX = 512;
/** Options other than padding in one header, and octets of padding in a row (RFC 8504 section 5.3). */
const OPTIONS_MAX = 8;
const PADDING_MAX = 7;

/** What findIp6Upper says of a chain. */
export const CHAIN_GOOD = 0;
/** It ends behind the packet. */
export const CHAIN_TRUNCATED = 1;
/** It has more headers or octets than the limits. */
export const CHAIN_TOO_LONG = 2;
/** A hop-by-hop header elsewhere than first: no known next header there (RFC 8200 section 4.1). */
export const CHAIN_MISPLACED = 3;

/**
 * Where a chain ends: the upper layer's protocol and its absolute offset; where the routing header and the fragment
 * header stand, 0 for none; and where the next-header octet stands that names the protocol.
 */
export const ip6Upper = {
  protocol: 0,
  at: 0,
  named: 0,
  routing: 0,
  fragmentAt: 0,
  /** Has a fragment header. */
  fragment: false,
  /** Its offset is not 0: no upper-layer header follows. */
  laterFragment: false,
};

/** True when what follows is an extension header that findIp6Upper looks through. */
export function isExtension(protocol: number): boolean {
  return (
    protocol === PROTOCOL_HOP_BY_HOP ||
    protocol === PROTOCOL_ROUTING ||
    protocol === PROTOCOL_FRAGMENT ||
    protocol === PROTOCOL_DESTINATION_OPTIONS ||
    protocol === PROTOCOL_AH
  );
}

/** Octets of the extension header of kind `protocol` at `at`, by its length field. */
export function extensionBytes(bytes: Uint8Array, at: number, protocol: number): number {
  if (protocol === PROTOCOL_FRAGMENT) return FRAGMENT_BYTES;
  // RFC 4302 section 2.2: in 4-octet units, minus 2.
  if (protocol === PROTOCOL_AH) return (bytes[at + 1]! + 2) << 2;
  return (bytes[at + 1]! + 1) << 3;
}

/**
 * Looks through the extension headers of the packet at `ip`, which ends at `end`. The result is in ip6Upper until the
 * next call; when it is not CHAIN_GOOD, it says where the walk stopped.
 */
export function findIp6Upper(bytes: Uint8Array, ip: number, end: number): number {
  let protocol = bytes[ip + IP6_NEXT_HEADER]!;
  let named = ip + IP6_NEXT_HEADER;
  let at = ip + IP6_BYTES;
  let verdict = CHAIN_GOOD;
  ip6Upper.routing = 0;
  ip6Upper.fragmentAt = 0;
  ip6Upper.fragment = false;
  ip6Upper.laterFragment = false;
  for (let count = 0; isExtension(protocol) && !ip6Upper.laterFragment; count++) {
    if (protocol === PROTOCOL_HOP_BY_HOP && count !== 0) {
      verdict = CHAIN_MISPLACED;
      break;
    }
    if (count === EXTENSION_HEADERS_MAX) {
      verdict = CHAIN_TOO_LONG;
      break;
    }
    const size = at + 8 > end ? 8 : extensionBytes(bytes, at, protocol);
    if (at + size > end) {
      verdict = CHAIN_TRUNCATED;
      break;
    }
    if (at + size - ip - IP6_BYTES > EXTENSION_BYTES_MAX) {
      verdict = CHAIN_TOO_LONG;
      break;
    }
    if (protocol === PROTOCOL_ROUTING) {
      if (ip6Upper.routing === 0) ip6Upper.routing = at;
    } else if (protocol === PROTOCOL_FRAGMENT) {
      ip6Upper.fragment = true;
      ip6Upper.fragmentAt = at;
      ip6Upper.laterFragment = (readU16(bytes, at + FRAGMENT_WORD) & FRAGMENT_OFFSET) !== 0;
    }
    protocol = bytes[at]!;
    named = at;
    at += size;
  }
  ip6Upper.protocol = protocol;
  ip6Upper.named = named;
  ip6Upper.at = at;
  return verdict;
}

/** What an options header says of itself to the node that it is for: see checkOptions. */
export const OPTIONS_GOOD = 0;
/** Discard in silence. */
export const OPTIONS_DISCARD = 1;
/** Discard, and answer with parameter problem code 2 at optionAt.at. */
export const OPTIONS_PROBLEM = 2;
/** More options or padding than the limits. */
export const OPTIONS_TOO_MANY = 3;
/** An option reaches beyond its header. */
export const OPTIONS_BROKEN = 4;

/** Where the option stands that the last OPTIONS_PROBLEM was about. */
export const optionAt = { at: 0 };

const OPTION_PAD1 = 0;
const OPTION_PADN = 1;
/** IANA's "Destination Options and Hop-by-Hop Options": router alert (RFC 2711), which asks for nothing more here. */
const OPTION_ROUTER_ALERT = 5;
/** The highest two bits of a type that nobody knows: what to do (RFC 8200 section 4.2). */
const ACTION_SKIP = 0;
const ACTION_DISCARD = 1;
const ACTION_PROBLEM = 2;

/**
 * Goes through the options of the hop-by-hop or destination options header at `at`, whose chain findIp6Upper has found
 * good, of the packet at `ip`.
 */
export function checkOptions(bytes: Uint8Array, ip: number, at: number): number {
  const end = at + ((bytes[at + 1]! + 1) << 3);
  let options = 0;
  let padding = 0;
  for (let option = at + 2; option < end; ) {
    const type = bytes[option]!;
    const size = type === OPTION_PAD1 ? 1 : 2 + (option + 1 < end ? bytes[option + 1]! : end);
    if (option + size > end) return OPTIONS_BROKEN;
    if (type === OPTION_PAD1 || type === OPTION_PADN) {
      padding += size;
      if (padding > PADDING_MAX) return OPTIONS_TOO_MANY;
    } else {
      padding = 0;
      if (++options > OPTIONS_MAX) return OPTIONS_TOO_MANY;
      const action = type >>> 6;
      if (type !== OPTION_ROUTER_ALERT && action !== ACTION_SKIP) {
        optionAt.at = option;
        const toGroup = bytes[ip + IP6_DST] === 0xff;
        return action === ACTION_DISCARD || (action !== ACTION_PROBLEM && toGroup)
          ? OPTIONS_DISCARD
          : OPTIONS_PROBLEM;
      }
    }
    option += size;
  }
  return OPTIONS_GOOD;
}

// ip6-local: packets addressed to the box: options that are for it, then what the data plane answers itself, and what
// Linux gets.
//
// Expects: adjacency of kind ADJ_LOCAL; its IPv6 next hop is the address, or :: for a group. ip6-input has looked
//          through the extension headers.
// Next:    icmp6-nd-input, esp-input (ESP, and ESP in UDP told from IKE by the non-ESP marker, RFC 3948 section 2.2),
//          ip6-icmp-echo, gre-input, ipip-input, path-mtu, ip6-icmp-error about an option or header that RFC 8200 has
//          answered, punt; ip6-reassembly with fragments, which come back as whole packets. What no program of the box
//          listens for is Linux's to refuse.
import { defineNode, NEXT_DROP } from '../graph/node.js';
import type { PacketPool } from '../memory/packet-pool.js';
import { ADJ_SHIFT, isToAll6 } from '../tables/adjacencies.js';
import { classifyUdp, UDP_ESP, UDP_KEEPALIVE } from '../wire/esp-in-udp.js';
import {
  CODE6_ERRONEOUS_FIELD,
  CODE6_NEXT_HEADER,
  CODE6_OPTION,
  ICMP6_BYTES,
  ICMP6_ECHO_REQUEST,
  ICMP6_PACKET_TOO_BIG,
  ICMP6_PARAMETER_PROBLEM,
  isNeighbourDiscovery,
} from '../wire/icmp6.js';
import { PROTOCOL_ESP, PROTOCOL_GRE, PROTOCOL_IPIP, PROTOCOL_UDP, readU16 } from '../wire/ip4.js';
import {
  IP6_BYTES,
  IP6_NEXT_HEADER,
  PROTOCOL_AH,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_ICMP6,
  PROTOCOL_IPV6,
  PROTOCOL_NO_NEXT_HEADER,
  PROTOCOL_ROUTING,
} from '../wire/ip6.js';
import {
  CHAIN_MISPLACED,
  checkOptions,
  extensionBytes,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  FRAGMENT_WORD,
  findIp6Upper,
  ip6Upper,
  isExtension,
  OPTIONS_BROKEN,
  OPTIONS_DISCARD,
  OPTIONS_GOOD,
  OPTIONS_TOO_MANY,
  optionAt,
  ROUTING_SEGMENTS_LEFT,
  ROUTING_TYPE,
} from '../wire/ip6-extensions.js';
import { icmpErrorAuxOfOwn } from './icmp-error.js';
import { ND_IN_FRAGMENT } from './icmp6-nd-input.js';
import { isOwnSource6 } from './own-source.js';

const NEXT_PUNT = 0;
const NEXT_ESP = 1;
const NEXT_ECHO = 2;
const NEXT_ICMP_ERROR = 3;
const NEXT_GRE = 4;
const NEXT_IPIP = 5;
const NEXT_ND = 6;
const NEXT_REASSEMBLY = 7;
const NEXT_PATH_MTU = 8;

const COUNT_NAT_KEEPALIVE = 0;
const COUNT_NO_NEXT_HEADER = 1;
const COUNT_OPTION_DISCARDED = 2;
const COUNT_TOO_MANY_OPTIONS = 3;
const COUNT_BAD_OPTION = 4;
const COUNT_OWN_SOURCE = 5;
/** Answered with a parameter problem; the ones before are drops. */
const COUNT_UNKNOWN_OPTION = 6;
const COUNT_UNKNOWN_ROUTING = 7;
const COUNT_MISPLACED = 8;

/** What openChain and demultiplex return besides counters: where the packet goes. */
const GOOD = -1;
const TO_PUNT = -2;
const TO_ESP = -3;
const TO_ECHO = -4;
const TO_GRE = -5;
const TO_IPIP = -6;
const TO_ND = -7;
const TO_REASSEMBLY = -8;
const TO_PATH_MTU = -9;

/** By where the packet goes, negated. */
const NEXT_OF = new Uint8Array([
  0,
  0,
  NEXT_PUNT,
  NEXT_ESP,
  NEXT_ECHO,
  NEXT_GRE,
  NEXT_IPIP,
  NEXT_ND,
  NEXT_REASSEMBLY,
  NEXT_PATH_MTU,
]);

/**
 * By where the packet goes, negated: 1 where its source matters. ESP tells by itself whose it is, neighbour discovery
 * looks for whoever claims an address of the box, and fragments come back whole.
 */
const CHECKS_SOURCE = Uint8Array.from(NEXT_OF, (_, i) =>
  i < 2 || [TO_ESP, TO_ND, TO_REASSEMBLY].includes(-i) ? 0 : 1,
);

export const ip6Local = defineNode({
  name: 'ip6-local',
  next: [
    'punt',
    'esp-input',
    'ip6-icmp-echo',
    'ip6-icmp-error',
    'gre-input',
    'ipip-input',
    'icmp6-nd-input',
    'ip6-reassembly',
    'path-mtu',
  ],
  counters: [
    { name: 'nat_keepalive', severity: 'info', drop: true, help: 'a NAT keepalive (RFC 3948 section 2.3)' },
    { name: 'no_next_header', severity: 'info', drop: true, help: 'carries nothing (next header 59)' },
    {
      name: 'option_discarded',
      severity: 'info',
      drop: true,
      help: 'carries an unknown option that asks to be discarded in silence (RFC 8200 section 4.2)',
    },
    {
      name: 'too_many_options',
      severity: 'warning',
      drop: true,
      help: 'more options or padding than RFC 8504 section 5.3 has nodes accept',
    },
    { name: 'bad_option', severity: 'error', drop: true, help: 'an option that is longer than its header' },
    {
      name: 'own_source',
      severity: 'warning',
      drop: true,
      help: "a link brought it from one of the box's own addresses: forged, or the link has a loop",
    },
    {
      name: 'unknown_option',
      severity: 'info',
      help: 'carries an unknown option that asks for an answer: answered with parameter problem',
    },
    {
      name: 'unknown_routing',
      severity: 'info',
      help: 'a routing header with segments left: answered with parameter problem',
    },
    {
      name: 'misplaced_hop_by_hop',
      severity: 'info',
      help: 'hop-by-hop options that are not first: answered with parameter problem',
    },
  ],

  run(context, frame, next, counters): void {
    const { pool, adjacencies } = context;
    const { offset, length, l3, adjacency, bytes } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const ip = l3[packet]!;
      const end = offset[packet]! + length[packet]!;
      let verdict = isExtension(bytes[ip + IP6_NEXT_HEADER]!) ? openChain(pool, packet, ip, end) : GOOD;
      if (verdict === GOOD) {
        const toAll = isToAll6(adjacencies, adjacency[packet]! << ADJ_SHIFT);
        // Neighbour discovery in fragments is never put together (RFC 6980): its node drops the first one. Options
        // behind a fragment header, and what is in them, are for the whole packet.
        if (isForNd(pool, packet, ip, end)) verdict = TO_ND;
        else if (isFragment(bytes)) verdict = TO_REASSEMBLY;
        else verdict = toAll ? TO_PUNT : demultiplex(bytes, ip, end);
        if (verdict < 0 && CHECKS_SOURCE[-verdict] === 1 && isOwnSource6(context, packet))
          verdict = COUNT_OWN_SOURCE;
      }
      if (verdict >= 0) {
        counters[verdict]!++;
        pool.reason[packet] = verdict;
        next[i] = verdict < COUNT_UNKNOWN_OPTION ? NEXT_DROP : NEXT_ICMP_ERROR;
      } else {
        next[i] = NEXT_OF[-verdict]!;
      }
    }
  },
});

/** Where the upper layer's packet goes, or its drop's counter. */
function demultiplex(bytes: Uint8Array, ip: number, end: number): number {
  findIp6Upper(bytes, ip, end);
  const { protocol, at } = ip6Upper;
  if (protocol === PROTOCOL_ESP) return TO_ESP;
  if (protocol === PROTOCOL_GRE) return TO_GRE;
  if (protocol === PROTOCOL_IPIP || protocol === PROTOCOL_IPV6) return TO_IPIP;
  if (protocol === PROTOCOL_NO_NEXT_HEADER) return COUNT_NO_NEXT_HEADER;
  if (protocol === PROTOCOL_UDP) {
    const kind = classifyUdp(bytes, at, end - at);
    return kind === UDP_ESP ? TO_ESP : kind === UDP_KEEPALIVE ? COUNT_NAT_KEEPALIVE : TO_PUNT;
  }
  if (protocol !== PROTOCOL_ICMP6 || end - at < ICMP6_BYTES) return TO_PUNT;
  if (bytes[at] === ICMP6_PACKET_TOO_BIG) return TO_PATH_MTU;
  // Behind extension headers an echo request is rare enough to be left to Linux.
  return bytes[at] === ICMP6_ECHO_REQUEST && at === ip + IP6_BYTES ? TO_ECHO : TO_PUNT;
}

/** True for neighbour discovery, whose groups are the data plane's too. Sets aux for icmp6-nd-input. */
function isForNd(pool: PacketPool, packet: number, ip: number, end: number): boolean {
  const { bytes } = pool;
  findIp6Upper(bytes, ip, end);
  const { protocol, at, laterFragment } = ip6Upper;
  if (protocol !== PROTOCOL_ICMP6 || laterFragment || at >= end || !isNeighbourDiscovery(bytes[at]!))
    return false;
  pool.aux[packet] = (at - ip) | (ip6Upper.fragment ? ND_IN_FRAGMENT : 0);
  return true;
}

/** True when the packet that findIp6Upper saw last is one of several: an atomic fragment (RFC 6946) is whole. */
function isFragment(bytes: Uint8Array): boolean {
  return (
    ip6Upper.fragment &&
    (readU16(bytes, ip6Upper.fragmentAt + FRAGMENT_WORD) & (FRAGMENT_OFFSET | FRAGMENT_MORE)) !== 0
  );
}

/**
 * Does what the extension headers ask of their destination, as far as the first fragment header: what is behind that is
 * for whoever puts the packet together. GOOD, TO_PUNT, or a counter; sets aux for those that are answered.
 */
function openChain(pool: PacketPool, packet: number, ip: number, end: number): number {
  const { bytes } = pool;
  const chain = findIp6Upper(bytes, ip, end);
  const stop = ip6Upper.fragmentAt === 0 ? ip6Upper.at : ip6Upper.fragmentAt;
  let protocol = bytes[ip + IP6_NEXT_HEADER]!;
  for (let at = ip + IP6_BYTES; at < stop; ) {
    if (protocol === PROTOCOL_HOP_BY_HOP || protocol === PROTOCOL_DESTINATION_OPTIONS) {
      const verdict = optionsVerdict(checkOptions(bytes, ip, at));
      if (verdict === COUNT_UNKNOWN_OPTION) {
        setProblem(pool, packet, CODE6_OPTION, optionAt.at - ip);
      }
      if (verdict !== GOOD) return verdict;
    } else if (protocol === PROTOCOL_ROUTING && bytes[at + ROUTING_SEGMENTS_LEFT] !== 0) {
      setProblem(pool, packet, CODE6_ERRONEOUS_FIELD, at + ROUTING_TYPE - ip);
      return COUNT_UNKNOWN_ROUTING;
    } else if (protocol === PROTOCOL_AH) {
      // Nobody here has its SAs.
      return TO_PUNT;
    }
    const size = extensionBytes(bytes, at, protocol);
    protocol = bytes[at]!;
    at += size;
  }
  if (chain !== CHAIN_MISPLACED) return GOOD;
  setProblem(pool, packet, CODE6_NEXT_HEADER, ip6Upper.named - ip);
  return COUNT_MISPLACED;
}

function optionsVerdict(options: number): number {
  switch (options) {
    case OPTIONS_GOOD:
      return GOOD;
    case OPTIONS_DISCARD:
      return COUNT_OPTION_DISCARDED;
    case OPTIONS_TOO_MANY:
      return COUNT_TOO_MANY_OPTIONS;
    case OPTIONS_BROKEN:
      return COUNT_BAD_OPTION;
    default:
      return COUNT_UNKNOWN_OPTION;
  }
}

function setProblem(pool: PacketPool, packet: number, code: number, pointer: number): void {
  pool.aux[packet] = icmpErrorAuxOfOwn(ICMP6_PARAMETER_PROBLEM, code, pointer);
}

// icmp6-nd-input: neighbour discovery for the box (RFC 4861): answers solicitations, hears who is where, gives router
// advertisements to the control side.
//
// Expects: ip6-local has run: an ICMPv6 message of types 133 to 137; aux is its offset from l3, with ND_IN_FRAGMENT.
// Next:    interface-output (our advertisement, in place of the solicitation), punt (advertisements to the box, which
//          Linux may await too, and solicitations of routers, which radvd answers).
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { KIND_TUNNEL } from '../tables/interfaces.js';
import {
  HEARD_ADVERTISEMENT,
  HEARD_HOST,
  HEARD_IP6,
  HEARD_NO_MAC,
  HEARD_OVERRIDE,
  HEARD_ROUTER,
  HEARD_SOLICITED,
} from '../tables/neighbour-records.js';
import { ETHERNET_BYTES, ETHERNET_SOURCE } from '../wire/ethernet.js';
import { ICMP6_CODE, ICMP6_TYPE, icmp6Sum } from '../wire/icmp6.js';
import { IP6_DST, IP6_HOP_LIMIT, IP6_SRC, isLinkLocalAt, isUnspecifiedAt, readWord } from '../wire/ip6.js';
import {
  findLinkAddress,
  isSolicitedNodeOf,
  LINK_ADDRESS_MALFORMED,
  NA_FLAGS,
  NA_OVERRIDE,
  NA_ROUTER,
  NA_SOLICITED,
  ND_HOP_LIMIT,
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_NEIGHBOUR_SOLICITATION,
  ND_REDIRECT,
  ND_ROUTER_ADVERTISEMENT,
  ND_ROUTER_SOLICITATION,
  ND_TARGET,
  ndHeaderBytes,
  OPTION_SOURCE_LINK,
  OPTION_TARGET_LINK,
} from '../wire/nd.js';
import { answerSolicitation } from './nd-answer.js';
import { ELSEWHERE, ownerOf, TENTATIVE } from './nd-owner.js';

/** In aux: the packet has a fragment header. */
export const ND_IN_FRAGMENT = 1 << 16;

const NEXT_OUTPUT = 0;
const NEXT_PUNT = 1;

const COUNT_TRUNCATED = 0;
const COUNT_HOP_LIMIT = 1;
const COUNT_CHECKSUM = 2;
const COUNT_CODE = 3;
const COUNT_OPTION = 4;
const COUNT_LINK_ADDRESS = 5;
const COUNT_FRAGMENTED = 6;
const COUNT_TARGET = 7;
const COUNT_DESTINATION = 8;
const COUNT_SOURCE = 9;
const COUNT_UNSPECIFIED = 10;
const COUNT_CONFLICT = 11;
const COUNT_NOT_FOR_US = 12;
const COUNT_RS = 13;
const COUNT_RA_UNWANTED = 14;
const COUNT_RA_HEARD = 15;
const COUNT_RA_LIMITED = 16;
const COUNT_REDIRECT = 17;
const COUNT_NOT_ETHERNET = 18;
const COUNT_CONTROL_BUSY = 19;
const COUNT_ANSWERED = 20;
const COUNT_NOT_LEARNT = 21;
/** What check() and the functions behind it return besides drops. */
const GOOD = -1;
const ANSWER = -2;
const TO_LINUX = -3;
const TAKEN = -4;

const drop = (
  name: string,
  severity: 'info' | 'warning' | 'error',
  help: string,
): { name: string; severity: 'info' | 'warning' | 'error'; drop: true; help: string } => ({
  name,
  severity,
  drop: true,
  help,
});

export const icmp6NdInput = defineNode({
  name: 'icmp6-nd-input',
  next: ['interface-output', 'punt'],
  counters: [
    drop('truncated', 'error', 'shorter than its kind of message is'),
    drop('bad_hop_limit', 'warning', 'hop limit below 255: it does not come from this link'),
    drop('bad_checksum', 'error', 'ICMPv6 checksum is wrong'),
    drop('bad_code', 'error', 'code is not 0'),
    drop('bad_option', 'error', 'an option without length, or longer than the message'),
    drop('bad_link_address', 'warning', 'names a group, or nothing, as a link-layer address'),
    drop('fragmented', 'warning', 'in a fragment, which no honest node sends (RFC 6980)'),
    drop('bad_target', 'warning', 'about a multicast address'),
    drop('bad_destination', 'warning', 'sent to another address than its kind of message is sent to'),
    drop('bad_source', 'warning', 'from another address than its kind of message is sent from'),
    drop('unspecified_with_link_address', 'warning', 'names a link-layer address of no address'),
    drop(
      'address_conflict',
      'error',
      "another station claims one of the box's addresses, or wants to have it (RFC 4862 section 5.4)",
    ),
    drop('not_for_us', 'info', 'a solicitation for an address that is not ours'),
    drop(
      'router_solicitation',
      'info',
      'a host looks for routers where the box is a host itself, and advertises nothing (accept_ra)',
    ),
    drop(
      'router_not_asked',
      'info',
      'a router advertises itself, and this interface accepts none (accept_ra)',
    ),
    drop('router_heard', 'info', 'router advertisements that the control side took'),
    drop('router_limited', 'warning', 'more router advertisements than are looked at in a second'),
    drop('redirect', 'info', 'a redirect: the box is a router, and follows none (RFC 4861 section 8.2)'),
    drop('no_ethernet', 'info', 'on an interface without link-layer addresses'),
    drop('control_busy', 'warning', 'more conflicts or advertisements than the control side could take'),
    { name: 'answered', severity: 'info', help: 'neighbour solicitations answered' },
    {
      name: 'not_learnt',
      severity: 'warning',
      help: 'heard more neighbours than the control side could take',
    },
  ],

  run(context, frame, next, counters): void {
    const { pool, interfaces } = context;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      let verdict = interfaces.kind[pool.rxInterface[packet]!] === KIND_TUNNEL ? COUNT_NOT_ETHERNET : GOOD;
      if (verdict === GOOD) verdict = check(context, packet);
      if (verdict === GOOD) verdict = take(context, packet, counters);
      if (verdict >= 0) {
        counters[verdict]!++;
        pool.reason[packet] = verdict;
        next[i] = NEXT_DROP;
      } else if (verdict === ANSWER) {
        answerSolicitation(context, packet);
        counters[COUNT_ANSWERED]!++;
        next[i] = NEXT_OUTPUT;
      } else if (verdict === TAKEN) {
        counters[COUNT_RA_HEARD]!++;
        next[i] = NEXT_CONSUMED;
      } else {
        next[i] = NEXT_PUNT;
      }
    }
  },
});

/** What sections 6.1, 7.1 and 8.1 have every message fulfil: GOOD or a drop. */
function check({ pool }: NodeContext, packet: number): number {
  const { bytes, u16, i32 } = pool;
  const ip = pool.l3[packet]!;
  const icmp = ip + (pool.aux[packet]! & 0xffff);
  const size = pool.offset[packet]! + pool.length[packet]! - icmp;
  if (pool.aux[packet]! & ND_IN_FRAGMENT) return COUNT_FRAGMENTED;
  if (bytes[ip + IP6_HOP_LIMIT] !== ND_HOP_LIMIT) return COUNT_HOP_LIMIT;
  const type = bytes[icmp + ICMP6_TYPE]!;
  if (size < ndHeaderBytes(type)) return COUNT_TRUNCATED;
  if (icmp6Sum(u16, bytes, ip, icmp, size) !== 0xffff) return COUNT_CHECKSUM;
  if (bytes[icmp + ICMP6_CODE] !== 0) return COUNT_CODE;
  const isNs = type === ND_NEIGHBOUR_SOLICITATION;
  const isNa = type === ND_NEIGHBOUR_ADVERTISEMENT;
  const unspecified = isUnspecifiedAt(i32, ip + IP6_SRC);
  if (type === ND_ROUTER_ADVERTISEMENT || type === ND_REDIRECT) {
    if (!isLinkLocalAt(bytes, ip + IP6_SRC)) return COUNT_SOURCE;
  } else if (isNs || isNa) {
    if (bytes[icmp + ND_TARGET] === 0xff) return COUNT_TARGET;
    if (isNs && unspecified && !isSolicitedNodeOf(bytes, ip + IP6_DST, icmp + ND_TARGET))
      return COUNT_DESTINATION;
    if (isNa && bytes[ip + IP6_DST] === 0xff && bytes[icmp + NA_FLAGS]! & NA_SOLICITED)
      return COUNT_DESTINATION;
  }
  const link = linkAddressOf(bytes, icmp, icmp + size);
  if (link < 0) return link === LINK_ADDRESS_MALFORMED ? COUNT_LINK_ADDRESS : COUNT_OPTION;
  const fromNobody = unspecified && (isNs || type === ND_ROUTER_SOLICITATION);
  return fromNobody && link !== 0 ? COUNT_UNSPECIFIED : GOOD;
}

/** Acts on a message that is right. */
function take(context: NodeContext, packet: number, counters: Float64Array): number {
  const { pool, services, interfaces, advertisements, now } = context;
  const { bytes } = pool;
  const row = pool.rxInterface[packet]!;
  const ip = pool.l3[packet]!;
  const icmp = ip + (pool.aux[packet]! & 0xffff);
  const link = linkAddressOf(bytes, icmp, pool.offset[packet]! + pool.length[packet]!);
  switch (bytes[icmp + ICMP6_TYPE]!) {
    case ND_ROUTER_SOLICITATION:
      if (link !== 0) hear(context, packet, ip + IP6_SRC, link, HEARD_HOST, counters);
      return interfaces.acceptRa[row] === 0 ? TO_LINUX : COUNT_RS;
    case ND_ROUTER_ADVERTISEMENT:
      if (interfaces.acceptRa[row] === 0) return COUNT_RA_UNWANTED;
      if (!advertisements.take(row, now)) return COUNT_RA_LIMITED;
      hear(context, packet, ip + IP6_SRC, link, HEARD_ROUTER, counters);
      return services.giveToControl(packet) ? TAKEN : COUNT_CONTROL_BUSY;
    case ND_REDIRECT:
      return COUNT_REDIRECT;
    case ND_NEIGHBOUR_SOLICITATION:
      return takeSolicitation(context, packet, ip, icmp, link, counters);
    default:
      return takeAdvertisement(context, packet, icmp, link, counters);
  }
}

function takeSolicitation(
  context: NodeContext,
  packet: number,
  ip: number,
  icmp: number,
  link: number,
  counters: Float64Array,
): number {
  const { pool } = context;
  const whose = ownerOf(context, packet, icmp + ND_TARGET);
  const nobody = isUnspecifiedAt(pool.i32, ip + IP6_SRC);
  if (whose === ELSEWHERE) return COUNT_NOT_FOR_US;
  if (whose === TENTATIVE) {
    // Somebody who wants the same address; one who only asks for it gets no answer yet (RFC 4862 section 5.4.3).
    return nobody ? conflict(context, packet, icmp + ND_TARGET) : COUNT_NOT_FOR_US;
  }
  if (!nobody && ownerOf(context, packet, ip + IP6_SRC) !== ELSEWHERE) {
    return conflict(context, packet, ip + IP6_SRC);
  }
  if (!nobody && link !== 0) hear(context, packet, ip + IP6_SRC, link, 0, counters);
  return ANSWER;
}

function takeAdvertisement(
  context: NodeContext,
  packet: number,
  icmp: number,
  link: number,
  counters: Float64Array,
): number {
  if (ownerOf(context, packet, icmp + ND_TARGET) !== ELSEWHERE) {
    return conflict(context, packet, icmp + ND_TARGET);
  }
  const flags = context.pool.bytes[icmp + NA_FLAGS]!;
  const how =
    HEARD_ADVERTISEMENT |
    (flags & NA_SOLICITED ? HEARD_SOLICITED : 0) |
    (flags & NA_OVERRIDE ? HEARD_OVERRIDE : 0) |
    (flags & NA_ROUTER ? HEARD_ROUTER : 0);
  hear(context, packet, icmp + ND_TARGET, link, how, counters);
  return TO_LINUX;
}

/** Where the link-layer address that goes with a message's kind is; 0 for none, or findLinkAddress's codes. */
function linkAddressOf(bytes: Uint8Array, icmp: number, end: number): number {
  const type = bytes[icmp + ICMP6_TYPE]!;
  const wanted =
    type === ND_NEIGHBOUR_ADVERTISEMENT || type === ND_REDIRECT ? OPTION_TARGET_LINK : OPTION_SOURCE_LINK;
  return findLinkAddress(bytes, icmp + ndHeaderBytes(type), end, wanted);
}

/** Tells the control side of a neighbour; `link` is where its link-layer address is, 0 for none. */
function hear(
  { pool, services }: NodeContext,
  packet: number,
  address: number,
  link: number,
  how: number,
  counters: Float64Array,
): void {
  const { bytes, i32 } = pool;
  const heard = services.heard(
    pool.rxInterface[packet]!,
    how | HEARD_IP6 | (link === 0 ? HEARD_NO_MAC : 0),
    readWord(i32, address, 0),
    readWord(i32, address, 1),
    readWord(i32, address, 2),
    readWord(i32, address, 3),
    link === 0 ? 0 : bytes[link]! | (bytes[link + 1]! << 8),
    link === 0 ? 0 : readLittleEndian(bytes, link + 2),
  );
  if (!heard) counters[COUNT_NOT_LEARNT]!++;
}

/** Tells the control side that the station that sent this has an address of the box. */
function conflict({ pool, services }: NodeContext, packet: number, address: number): number {
  const { bytes, i32 } = pool;
  const mac = pool.l3[packet]! - ETHERNET_BYTES + ETHERNET_SOURCE;
  const told = services.conflict(
    pool.rxInterface[packet]!,
    HEARD_IP6,
    readWord(i32, address, 0),
    readWord(i32, address, 1),
    readWord(i32, address, 2),
    readWord(i32, address, 3),
    bytes[mac]! | (bytes[mac + 1]! << 8),
    readLittleEndian(bytes, mac + 2),
  );
  return told ? COUNT_CONFLICT : COUNT_CONTROL_BUSY;
}

/** An address in an option stands 2 modulo 4: no aligned load reads its last four octets. */
function readLittleEndian(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

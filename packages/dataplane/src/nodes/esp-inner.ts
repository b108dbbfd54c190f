// What was inside an ESP packet that esp-decrypt has opened, in every case: padding, next header, traffic selectors, and
// the packet that goes on. esp-open.ts makes shorter work of what has nothing special.
import { AUDIT_PADDING, AUDIT_SELECTOR } from '../graph/audit.js';
import type { NodeContext } from '../graph/context.js';
import { FLAG_DECRYPTED, FLAG_PROTECTED, FLAG_TRACE } from '../memory/packet-pool.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  MODE_TUNNEL,
  SA_COUNTERS_SHIFT,
  SA_INTERFACE,
  SA_MODE,
  SA_POLICY,
  SA_REFUSED,
  SA_SELECTORS,
  SA_SHIFT,
  SA_SPI,
} from '../tables/security-associations.js';
import { selectorsAllow } from '../tables/selectors.js';
import { decapsulate, trafficClass } from '../wire/ecn.js';
import { ESP_TRAILER_BYTES, isPadding, NEXT_HEADER_DUMMY } from '../wire/esp.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_FRAGMENT,
  IP4_PROTOCOL,
  IP4_TOTAL_LENGTH,
  PROTOCOL_GRE,
  PROTOCOL_IPIP,
  setHeaderChecksum,
  writeU16,
} from '../wire/ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER, IP6_PAYLOAD_LENGTH, PROTOCOL_IPV6 } from '../wire/ip6.js';
import { enterTunnel } from './enter-tunnel.js';

/** Indices of esp-decrypt's `next`. */
export const NEXT_IP4 = 0;
export const NEXT_IP6 = 1;
const NEXT_GRE = 2;
const NEXT_IPIP = 3;

/** Index of the first of these reasons among esp-decrypt's counters; unwrapEsp returns the complement of one. */
export const COUNT_FIRST_OF_INNER = 5;
const BAD_PADDING = ~0;
const DUMMY = ~1;
const BAD_NEXT_HEADER = ~2;
const NO_TUNNEL = ~3;
const CONGESTED = ~4;
const OUTSIDE_SELECTOR = ~5;

/**
 * Makes of an opened packet (`sealed` octets of payload, padding and trailer at `payload`) the one that goes on: an
 * index of esp-decrypt's `next`, or the complement of a reason why there is none. `low` and `high` are its sequence
 * number's halves.
 */
export function unwrapEsp(
  context: NodeContext,
  packet: number,
  sa: number,
  payload: number,
  sealed: number,
  low: number,
  high: number,
): number {
  const { pool, sas, interfaces } = context;
  const { bytes } = pool;
  const at = sa << SA_SHIFT;
  const trailer = payload + sealed - ESP_TRAILER_BYTES;
  const padding = bytes[trailer]!;
  const size = sealed - ESP_TRAILER_BYTES - padding;
  if (size < 0 || !isPadding(bytes, payload + size, padding)) {
    audit(context, at, AUDIT_PADDING, low, high, pool.l3[packet]!, -1, -1);
    return BAD_PADDING;
  }
  const nextHeader = bytes[trailer + 1]!;
  if (nextHeader === NEXT_HEADER_DUMMY) return DUMMY;
  const row = sas.words[at + SA_INTERFACE]!;
  const tunnelMode = sas.words[at + SA_MODE] === MODE_TUNNEL;
  const to = tunnelMode ? nextOfTunnel(nextHeader) : nextOfTransport(nextHeader);
  if (to < 0) return to;
  if (interfaces.state[row] !== INTERFACE_UP) return NO_TUNNEL;
  if (!tunnelMode)
    return restore(context, packet, sa, row, payload, size, nextHeader, low, high) ? to : OUTSIDE_SELECTOR;

  const four = nextHeader === PROTOCOL_IPIP;
  // A header that is short, or of another version than ESP says, is left to ip4-input and ip6-input.
  if (size >= (four ? IP4_BYTES : IP6_BYTES) && bytes[payload]! >>> 4 === (four ? 4 : 6)) {
    if (!allows(context, sa, payload, payload + size)) {
      audit(context, at, AUDIT_SELECTOR, low, high, pool.l3[packet]!, payload, payload + size);
      return OUTSIDE_SELECTOR;
    }
    const policy = sas.words[at + SA_POLICY]!;
    const outside = trafficClass(bytes, pool.l3[packet]!);
    if (!decapsulate(bytes, pool.u16, outside, payload, policy)) return CONGESTED;
  }
  pool.flags[packet] = (pool.flags[packet]! & FLAG_TRACE) | FLAG_DECRYPTED;
  enterTunnel(context, packet, row, payload, size);
  return to;
}

function nextOfTunnel(nextHeader: number): number {
  if (nextHeader === PROTOCOL_IPIP) return NEXT_IP4;
  return nextHeader === PROTOCOL_IPV6 ? NEXT_IP6 : BAD_NEXT_HEADER;
}

function nextOfTransport(nextHeader: number): number {
  if (nextHeader === PROTOCOL_GRE) return NEXT_GRE;
  return nextHeader === PROTOCOL_IPIP || nextHeader === PROTOCOL_IPV6 ? NEXT_IPIP : BAD_NEXT_HEADER;
}

/**
 * Transport mode: the packet as its sender had it before ESP came in, its IP header right before the payload. Options
 * of IPv4 stay; extension headers of IPv6 have done their work. False when no selector allows it.
 */
function restore(
  context: NodeContext,
  packet: number,
  sa: number,
  row: number,
  payload: number,
  size: number,
  nextHeader: number,
  low: number,
  high: number,
): boolean {
  const { pool } = context;
  const { bytes } = pool;
  const outer = pool.l3[packet]!;
  const four = bytes[outer]! >>> 4 === 4;
  const header = four ? headerBytes(bytes, outer) : IP6_BYTES;
  const ip = payload - header;
  bytes.copyWithin(ip, outer, outer + header);
  if (four) {
    writeU16(bytes, ip + IP4_TOTAL_LENGTH, header + size);
    writeU16(bytes, ip + IP4_FRAGMENT, 0);
    bytes[ip + IP4_PROTOCOL] = nextHeader;
    setHeaderChecksum(pool.u16, ip, header);
  } else {
    writeU16(bytes, ip + IP6_PAYLOAD_LENGTH, size);
    bytes[ip + IP6_NEXT_HEADER] = nextHeader;
  }
  if (!allows(context, sa, ip, payload + size)) {
    audit(context, sa << SA_SHIFT, AUDIT_SELECTOR, low, high, ip, ip, payload + size);
    return false;
  }
  pool.offset[packet] = ip;
  pool.l3[packet] = ip;
  pool.length[packet] = header + size;
  pool.rxInterface[packet] = row;
  pool.flags[packet] = (pool.flags[packet]! & FLAG_TRACE) | FLAG_DECRYPTED | FLAG_PROTECTED;
  return true;
}

/** True when the SA's traffic selectors cover the packet: whoever has its key may send that and nothing else. */
function allows({ pool, sas }: NodeContext, sa: number, ip: number, end: number): boolean {
  const run = sas.words[(sa << SA_SHIFT) + SA_SELECTORS]!;
  if (run === 0 || selectorsAllow(sas.selectors, run, pool.bytes, ip, end, 0, 0)) return true;
  sas.counters[(sa << SA_COUNTERS_SHIFT) + SA_REFUSED]!++;
  return false;
}

function audit(
  context: NodeContext,
  at: number,
  reason: number,
  low: number,
  high: number,
  outer: number,
  inner: number,
  innerEnd: number,
): void {
  const { pool, sas } = context;
  const row = sas.words[at + SA_INTERFACE]!;
  context.audit.refused(
    context,
    reason,
    sas.words[at + SA_SPI]!,
    low,
    high,
    row,
    pool.bytes,
    outer,
    inner,
    innerEnd,
  );
}

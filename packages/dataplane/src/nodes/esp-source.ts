// Where a peer behind a NAT speaks from: its address and port may change while an SA lives (RFC 7296 section 2.23, RFC
// 3948 section 4). Only an authenticated packet newer than all before it is believed: an old one may be late, or sent
// again by somebody else.
import type { NodeContext } from '../graph/context.js';
import {
  SA_FAMILY,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_SRC,
  SA_TOLD_AT,
  SA_TOLD_SOURCE,
  SA_UDP_SRC,
} from '../tables/security-associations.js';
import { IP4_PROTOCOL, IP4_SRC, PROTOCOL_UDP, readI32, readU16 } from '../wire/ip4.js';
import { IP6_SRC } from '../wire/ip6.js';
import { findIp6Upper, ip6Upper } from '../wire/ip6-extensions.js';
import { UDP_BYTES, UDP_SRC } from '../wire/udp.js';

/** The source of the packet looked at last: its address's words, and its port. */
const source = new Int32Array(5);
const PORT = 4;

/**
 * Looks at an ESP packet that has not been unwrapped yet, of an SA in UDP whose row begins at `at`, and whose sequence
 * number has the halves `low` and `high`. True when it is the newest and comes from elsewhere than the SA says; tellSource
 * passes it on once it is authenticated.
 */
export function isFromElsewhere(
  { pool, sas: { words } }: NodeContext,
  packet: number,
  at: number,
  low: number,
  high: number,
): boolean {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const udp = pool.aux2[packet]! - UDP_BYTES;
  let from = ip + IP4_SRC;
  let count = 1;
  source.fill(0);
  if (words[at + SA_FAMILY] === 4) {
    if (bytes[ip + IP4_PROTOCOL] !== PROTOCOL_UDP) return false;
  } else {
    findIp6Upper(bytes, ip, pool.offset[packet]! + pool.length[packet]!);
    if (ip6Upper.protocol !== PROTOCOL_UDP) return false;
    from = ip + IP6_SRC;
    count = 4;
  }
  source[PORT] = readU16(bytes, udp + UDP_SRC);
  let same = source[PORT] === words[at + SA_UDP_SRC];
  for (let i = 0; i < count; i++) {
    source[i] = readI32(bytes, from + 4 * i);
    same = same && source[i] === words[at + SA_SRC + i];
  }
  if (same) return false;
  const newestHigh = words[at + SA_SEQ_HIGH]! >>> 0;
  return high >>> 0 > newestHigh || (high >>> 0 === newestHigh && low >>> 0 > words[at + SA_SEQ_LOW]! >>> 0);
}

/**
 * Tells the control side where the packet of isFromElsewhere came from: once when it is new, and then once a second
 * until the SA says so too.
 */
export function tellSource(context: NodeContext, sa: number): void {
  const { words } = context.sas;
  const at = sa << SA_SHIFT;
  let told = 0;
  for (let i = 0; i <= PORT; i++) told = Math.imul(told, 31) ^ source[i]!;
  const second = (context.now / 1000) | 0;
  if (words[at + SA_TOLD_SOURCE] === told && words[at + SA_TOLD_AT] === second) return;
  const spi = words[at + SA_SPI]!;
  if (!context.services.mapping(sa, spi, words[at + SA_FAMILY]!, source, source[PORT]!)) return;
  words[at + SA_TOLD_SOURCE] = told;
  words[at + SA_TOLD_AT] = second;
}

// ip4-icmp-error: turns a packet that cannot go on into the ICMP error about it (RFC 792, RFC 1812 section 4.3.2).
//
// Expects: aux as icmpErrorAux() makes it; the packet as it was received, from l3 on.
// Next:    ip4-lookup, towards the sender, in the VRF and from an address of the interface that it came in by. That is
//          what a traceroute is to show; RFC 1812 section 4.3.2.4 has the one that the error leaves by, which is another
//          only where the ways there and back differ.
//
// Redirects (RFC 1812 section 5.2.7.2) are not sent: hosts do not trust them, and a packet that leaves by the interface
// that it came in by is forwarded all the same.
import type { NodeContext } from '../graph/context.js';
import { FLAG_LINK_GROUP } from '../memory/packet-pool.js';
import { ADJ_KIND, ADJ_LOCAL, ADJ_NEXT_HOP, ADJ_SHIFT } from '../tables/adjacencies.js';
import { sumBytes } from '../wire/checksum.js';
import { ICMP_BYTES, ICMP_CHECKSUM, ICMP_CODE, ICMP_NEXT_HOP_MTU, isIcmpError } from '../wire/icmp4.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_DST,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_PROTOCOL,
  IP4_SRC,
  PROTOCOL_ICMP,
  readI32,
  readU16,
  writeI32,
  writeIp4Header,
  writeU16,
} from '../wire/ip4.js';
import {
  COUNT_ABOUT_ERROR,
  COUNT_ABOUT_FRAGMENT,
  COUNT_ABOUT_GROUP,
  COUNT_NO_SOURCE,
  defineIcmpError,
  errorCode,
  errorType,
  errorValue,
  SEND,
} from './icmp-error.js';

export { icmpErrorAux } from './icmp-error.js';

/** Bytes of an error at most, its own header included (RFC 1812 section 4.3.2.3). */
const ERROR_BYTES_MAX = 576;
const QUOTE_BYTES_MAX = ERROR_BYTES_MAX - IP4_BYTES - ICMP_BYTES;
/** Precedence of errors: internetwork control (RFC 1812 section 4.3.2.5). */
const TOS_INTERNETWORK_CONTROL = 0xc0;

export const ip4IcmpError = defineIcmpError({
  name: 'ip4-icmp-error',
  lookup: 'ip4-lookup',
  counters: [
    {
      name: 'about_fragment',
      severity: 'info',
      drop: true,
      help: 'dropped in silence: not the first fragment',
    },
  ],
  limiter: (context) => context.icmpErrors,
  verdict: mayAnswer,

  write({ pool, interfaces }, packet, size): void {
    const { bytes, u16 } = pool;
    const ip = pool.l3[packet]!;
    const quote = Math.min(size, QUOTE_BYTES_MAX);
    const icmp = ip - ICMP_BYTES;
    const outer = icmp - IP4_BYTES;
    const total = IP4_BYTES + ICMP_BYTES + quote;
    const aux = pool.aux[packet]!;
    const source = interfaces.address[pool.rxInterface[packet]!]!;
    const sender = readI32(bytes, ip + IP4_SRC);
    bytes[icmp] = errorType(aux);
    bytes[icmp + ICMP_CODE] = errorCode(aux);
    writeU16(bytes, icmp + ICMP_CHECKSUM, 0);
    writeI32(bytes, icmp + 4, 0);
    writeU16(bytes, icmp + ICMP_NEXT_HOP_MTU, errorValue(aux));
    u16[(icmp + ICMP_CHECKSUM) >>> 1] = ~sumBytes(u16, bytes, icmp, ICMP_BYTES + quote);
    writeIp4Header(pool.i32, outer, total, 0, 0, TOS_INTERNETWORK_CONTROL, PROTOCOL_ICMP, source, sender);
    pool.offset[packet] = outer;
    pool.l3[packet] = outer;
    pool.length[packet] = total;
  },
});

/** SEND, or the counter of why no error may be sent about this packet (RFC 1812 section 4.3.2.7). */
function mayAnswer(
  { pool, interfaces, fib, adjacencies }: NodeContext,
  packet: number,
  size: number,
): number {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  if (
    pool.flags[packet]! & FLAG_LINK_GROUP ||
    bytes[ip + IP4_DST]! >= 224 ||
    bytes[ip + IP4_SRC]! >= 224 ||
    bytes[ip + IP4_SRC] === 0
  ) {
    return COUNT_ABOUT_GROUP;
  }
  if (readU16(bytes, ip + IP4_FRAGMENT) & IP4_FRAGMENT_OFFSET) return COUNT_ABOUT_FRAGMENT;
  if (bytes[ip + IP4_PROTOCOL] === PROTOCOL_ICMP) {
    const header = headerBytes(bytes, ip);
    // An ICMP packet too short to show its type could be an error: it gets none.
    if (size <= header || isIcmpError(bytes[ip + header]!)) return COUNT_ABOUT_ERROR;
  }
  const row = pool.rxInterface[packet]!;
  // A source that is a connected network's broadcast is no single host either.
  const back = fib.lookup(interfaces.vrf[row]!, readI32(bytes, ip + IP4_SRC)) << ADJ_SHIFT;
  if (adjacencies[back + ADJ_KIND] === ADJ_LOCAL && adjacencies[back + ADJ_NEXT_HOP] === 0) {
    return COUNT_ABOUT_GROUP;
  }
  return interfaces.address[row] === 0 ? COUNT_NO_SOURCE : SEND;
}

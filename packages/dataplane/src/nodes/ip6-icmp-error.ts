// ip6-icmp-error: turns a packet that cannot go on into the ICMPv6 error about it (RFC 4443).
//
// Expects: aux as icmpErrorAux() makes it; the packet as it was received, from l3 on.
// Next:    ip6-lookup, towards the sender. Comes from the address that the packet was sent to when that was the box's,
//          else from one of the interface that it came in by, of the sender's scope (RFC 4443 section 2.2).
import type { NodeContext } from '../graph/context.js';
import { FLAG_LINK_GROUP } from '../memory/packet-pool.js';
import {
  CODE6_OPTION,
  ICMP6_BYTES,
  ICMP6_CODE,
  ICMP6_PACKET_TOO_BIG,
  ICMP6_PARAMETER,
  ICMP6_PARAMETER_PROBLEM,
  ICMP6_TYPE,
  isIcmp6Error,
  isNeighbourDiscovery,
  setIcmp6Checksum,
} from '../wire/icmp6.js';
import { writeI32 } from '../wire/ip4.js';
import {
  copyAddress6,
  IP6_BYTES,
  IP6_DST,
  IP6_MTU_MIN,
  IP6_SRC,
  isLinkLocalAt,
  isUnspecifiedAt,
  PROTOCOL_ICMP6,
  writeAddress6,
  writeIp6Start,
} from '../wire/ip6.js';
import { findIp6Upper, ip6Upper } from '../wire/ip6-extensions.js';
import {
  COUNT_ABOUT_ERROR,
  COUNT_ABOUT_GROUP,
  COUNT_NO_SOURCE,
  defineIcmpError,
  errorCode,
  errorType,
  errorValue,
  isFromDestination,
  SEND,
} from './icmp-error.js';

/** As much of the packet as leaves the error within the least MTU (RFC 4443 section 2.4 c). */
const QUOTE_BYTES_MAX = IP6_MTU_MIN - IP6_BYTES - ICMP6_BYTES;

export const ip6IcmpError = defineIcmpError({
  name: 'ip6-icmp-error',
  lookup: 'ip6-lookup',
  limiter: (context) => context.icmp6Errors,
  verdict: mayAnswer,

  write({ pool, interfaces }, packet, size): void {
    const { bytes, u16, i32 } = pool;
    const ip = pool.l3[packet]!;
    const quote = Math.min(size, QUOTE_BYTES_MAX);
    const icmp = ip - ICMP6_BYTES;
    const outer = icmp - IP6_BYTES;
    const message = ICMP6_BYTES + quote;
    const aux = pool.aux[packet]!;
    const row = pool.rxInterface[packet]!;
    writeIp6Start(i32, outer, message, 0, 0, PROTOCOL_ICMP6);
    if (isFromDestination(aux) && bytes[ip + IP6_DST] !== 0xff) {
      copyAddress6(i32, ip + IP6_DST, outer + IP6_SRC);
    } else {
      const { linkLocal6, address6 } = interfaces;
      writeAddress6(
        i32,
        outer + IP6_SRC,
        isLinkLocalAt(bytes, ip + IP6_SRC) ? linkLocal6 : address6,
        row << 2,
      );
    }
    copyAddress6(i32, ip + IP6_SRC, outer + IP6_DST);
    bytes[icmp + ICMP6_TYPE] = errorType(aux);
    bytes[icmp + ICMP6_CODE] = errorCode(aux);
    writeI32(bytes, icmp + ICMP6_PARAMETER, errorValue(aux));
    setIcmp6Checksum(u16, bytes, outer, icmp, message);
    pool.offset[packet] = outer;
    pool.l3[packet] = outer;
    pool.length[packet] = IP6_BYTES + message;
  },
});

/** SEND, or the counter of why no error may be sent about this packet (RFC 4443 section 2.4 e). */
function mayAnswer({ pool, interfaces }: NodeContext, packet: number, size: number): number {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const aux = pool.aux[packet]!;
  const type = errorType(aux);
  const toGroup = bytes[ip + IP6_DST] === 0xff;
  // Path MTU discovery and unknown options work for groups too (e.3).
  const aboutGroups =
    type === ICMP6_PACKET_TOO_BIG || (type === ICMP6_PARAMETER_PROBLEM && errorCode(aux) === CODE6_OPTION);
  if (
    ((toGroup || pool.flags[packet]! & FLAG_LINK_GROUP) && !aboutGroups) ||
    bytes[ip + IP6_SRC] === 0xff ||
    isUnspecifiedAt(pool.i32, ip + IP6_SRC)
  ) {
    return COUNT_ABOUT_GROUP;
  }
  findIp6Upper(bytes, ip, ip + size);
  if (ip6Upper.protocol === PROTOCOL_ICMP6) {
    // What does not show its type could be an error: it gets none.
    if (ip6Upper.laterFragment || ip6Upper.at >= ip + size) return COUNT_ABOUT_ERROR;
    const about = bytes[ip6Upper.at]!;
    if (isIcmp6Error(about) || isNeighbourDiscovery(about)) return COUNT_ABOUT_ERROR;
  }
  if (isFromDestination(aux) && !toGroup) return SEND;
  const { linkLocal6, address6 } = interfaces;
  const own = isLinkLocalAt(bytes, ip + IP6_SRC) ? linkLocal6 : address6;
  const row = pool.rxInterface[packet]! << 2;
  return (own[row]! | own[row + 1]! | own[row + 2]! | own[row + 3]!) === 0 ? COUNT_NO_SOURCE : SEND;
}

// ip4-icmp-error: turns a packet that cannot go on into the ICMP error about it (RFC 792, RFC 1812 section 4.3.2).
//
// Expects: aux as icmpErrorAux() makes it; the packet as it was received, from l3 on.
// Next:    ip4-lookup, towards the sender.
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LINK_GROUP, FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
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

const NEXT_LOOKUP = 0;

const COUNT_SENT = 0;
const COUNT_RATE_LIMITED = 1;
const COUNT_ABOUT_ERROR = 2;
const COUNT_ABOUT_GROUP = 3;
const COUNT_ABOUT_FRAGMENT = 4;
const COUNT_NO_SOURCE = 5;
const SEND = -1;

/** Bytes of an error at most, its own header included (RFC 1812 section 4.3.2.3). */
const ERROR_BYTES_MAX = 576;
const QUOTE_BYTES_MAX = ERROR_BYTES_MAX - IP4_BYTES - ICMP_BYTES;
/** Precedence of errors: internetwork control (RFC 1812 section 4.3.2.5). */
const TOS_INTERNETWORK_CONTROL = 0xc0;

/** What the sending node puts into pool.aux: ICMP type, code, and next-hop MTU in bytes (RFC 1191). */
export function icmpErrorAux(type: number, code: number, mtu: number): number {
  return (type << 24) | (code << 16) | mtu;
}

export const ip4IcmpError = defineNode({
  name: 'ip4-icmp-error',
  next: ['ip4-lookup'],
  counters: [
    { name: 'sent', severity: 'info', help: 'packets dropped with an ICMP error to their sender' },
    {
      name: 'rate_limited',
      severity: 'warning',
      drop: true,
      help: 'dropped in silence: too many errors a second',
    },
    { name: 'about_error', severity: 'info', drop: true, help: 'dropped in silence: itself an ICMP error' },
    {
      name: 'about_group',
      severity: 'info',
      drop: true,
      help: 'dropped in silence: to or from a group or broadcast address',
    },
    {
      name: 'about_fragment',
      severity: 'info',
      drop: true,
      help: 'dropped in silence: not the first fragment',
    },
    {
      name: 'no_source',
      severity: 'warning',
      drop: true,
      help: 'dropped in silence: no address in this VRF to answer from',
    },
  ],

  run(context, frame, next, counters): void {
    const { pool, interfaces, services } = context;
    const { offset, length, l3, rxInterface, flags, bytes, u16 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const ip = l3[packet]!;
      const row = rxInterface[packet]!;
      const size = length[packet]! - (ip - offset[packet]!);
      const source = interfaces.address[row]!;
      let verdict = mayAnswer(bytes, ip, size, flags[packet]!);
      if (verdict === SEND && source === 0) verdict = COUNT_NO_SOURCE;
      if (verdict === SEND && !context.icmpErrors.take(context.now)) verdict = COUNT_RATE_LIMITED;
      if (verdict !== SEND) {
        counters[verdict]!++;
        pool.reason[packet] = verdict;
        next[i] = NEXT_DROP;
        continue;
      }
      services.dropped(packet);
      const quote = Math.min(size, QUOTE_BYTES_MAX);
      const icmp = ip - ICMP_BYTES;
      const outer = icmp - IP4_BYTES;
      const aux = pool.aux[packet]!;
      const sender = readI32(bytes, ip + IP4_SRC);
      bytes[icmp] = aux >>> 24;
      bytes[icmp + ICMP_CODE] = aux >>> 16;
      writeU16(bytes, icmp + ICMP_CHECKSUM, 0);
      writeI32(bytes, icmp + 4, 0);
      writeU16(bytes, icmp + ICMP_NEXT_HOP_MTU, aux);
      u16[(icmp + ICMP_CHECKSUM) >>> 1] = ~sumBytes(u16, bytes, icmp, ICMP_BYTES + quote);
      writeIp4Header(
        bytes,
        u16,
        outer,
        IP4_BYTES + ICMP_BYTES + quote,
        0,
        0,
        TOS_INTERNETWORK_CONTROL,
        PROTOCOL_ICMP,
        source,
        sender,
      );
      offset[packet] = outer;
      l3[packet] = outer;
      length[packet] = IP4_BYTES + ICMP_BYTES + quote;
      pool.vrf[packet] = interfaces.vrf[row]!;
      flags[packet] = flags[packet]! | FLAG_LOCAL_ORIGIN;
      counters[COUNT_SENT]!++;
      next[i] = NEXT_LOOKUP;
    }
  },
});

/** SEND, or the counter of why no error may be sent about this packet (RFC 1812 section 4.3.2.7). */
function mayAnswer(bytes: Uint8Array, ip: number, size: number, flags: number): number {
  if (
    flags & FLAG_LINK_GROUP ||
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
  return SEND;
}

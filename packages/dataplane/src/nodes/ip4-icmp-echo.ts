// ip4-icmp-echo: answers an echo request to the box (RFC 1122 section 3.2.2.6).
//
// Expects: a whole, unfragmented ICMP echo request to one of the box's addresses.
// Next:    ip4-lookup, the reply in place of the request.
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import { sumBytes } from '../wire/checksum.js';
import { ICMP_CHECKSUM, ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST } from '../wire/icmp4.js';
import {
  headerBytes,
  IP4_DST,
  IP4_FRAGMENT,
  IP4_SRC,
  IP4_TTL,
  setHeaderChecksum,
  TTL_DEFAULT,
  writeU16,
} from '../wire/ip4.js';
import { turnEcho } from './echo.js';

const NEXT_LOOKUP = 0;

const COUNT_REPLIES = 0;
const COUNT_CHECKSUM = 1;

export const ip4IcmpEcho = defineNode({
  name: 'ip4-icmp-echo',
  next: ['ip4-lookup'],
  counters: [
    { name: 'replies', severity: 'info', help: 'echo requests answered' },
    { name: 'bad_checksum', severity: 'error', drop: true, help: 'ICMP checksum is wrong' },
  ],

  run({ pool }, frame, next, counters): void {
    const { offset, length, l3, flags, bytes, u16, i32 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const ip = l3[packet]!;
      const header = headerBytes(bytes, ip);
      const icmp = ip + header;
      const size = length[packet]! - (icmp - offset[packet]!);
      if (sumBytes(u16, bytes, icmp, size) !== 0xffff) {
        counters[COUNT_CHECKSUM]!++;
        pool.reason[packet] = COUNT_CHECKSUM;
        next[i] = NEXT_DROP;
        continue;
      }
      // Of the two zeros of one's complement, 0xffff is right for every message, 0 only where an octet is not
      // zero (RFC 1624 section 3): a reply can be all zeros.
      if (turnEcho(bytes, u16, icmp, ICMP_ECHO_REQUEST, ICMP_ECHO_REPLY) === 0) {
        u16[(icmp + ICMP_CHECKSUM) >>> 1] = 0xffff;
      }

      const source = i32[(ip + IP4_SRC) >>> 2]!;
      i32[(ip + IP4_SRC) >>> 2] = i32[(ip + IP4_DST) >>> 2]!;
      i32[(ip + IP4_DST) >>> 2] = source;
      bytes[ip + IP4_TTL] = TTL_DEFAULT;
      // A reply larger than the way back may be fragmented: its DF says nothing of ours.
      writeU16(bytes, ip + IP4_FRAGMENT, 0);
      setHeaderChecksum(u16, ip, header);
      flags[packet] = flags[packet]! | FLAG_LOCAL_ORIGIN;
      counters[COUNT_REPLIES]!++;
      next[i] = NEXT_LOOKUP;
    }
  },
});

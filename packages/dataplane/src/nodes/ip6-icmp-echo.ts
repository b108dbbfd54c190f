// ip6-icmp-echo: answers an echo request to the box (RFC 4443 section 4.2).
//
// Expects: a whole ICMPv6 echo request right behind the IPv6 header, to one of the box's addresses.
// Next:    ip6-lookup, the reply in place of the request.
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN } from '../memory/packet-pool.js';
import { ICMP6_ECHO_REPLY, ICMP6_ECHO_REQUEST, icmp6Sum } from '../wire/icmp6.js';
import { IP6_BYTES, IP6_DST, IP6_SRC, PROTOCOL_ICMP6, writeIp6Start } from '../wire/ip6.js';
import { turnEcho } from './echo.js';

const NEXT_LOOKUP = 0;

const COUNT_REPLIES = 0;
const COUNT_CHECKSUM = 1;

export const ip6IcmpEcho = defineNode({
  name: 'ip6-icmp-echo',
  next: ['ip6-lookup'],
  counters: [
    { name: 'replies', severity: 'info', help: 'echo requests answered' },
    { name: 'bad_checksum', severity: 'error', drop: true, help: 'ICMPv6 checksum is wrong' },
  ],

  run({ pool }, frame, next, counters): void {
    const { offset, length, l3, flags, bytes, u16, i32 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const ip = l3[packet]!;
      const icmp = ip + IP6_BYTES;
      const size = length[packet]! - (icmp - offset[packet]!);
      if (icmp6Sum(u16, bytes, ip, icmp, size) !== 0xffff) {
        counters[COUNT_CHECKSUM]!++;
        pool.reason[packet] = COUNT_CHECKSUM;
        next[i] = NEXT_DROP;
        continue;
      }
      // The pseudo header's sum stays what it is when the addresses change places.
      turnEcho(bytes, u16, icmp, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY);
      const from = (ip + IP6_SRC) >>> 2;
      const to = (ip + IP6_DST) >>> 2;
      for (let k = 0; k < 4; k++) {
        const word = i32[from + k]!;
        i32[from + k] = i32[to + k]!;
        i32[to + k] = word;
      }
      const trafficClass = ((bytes[ip]! << 4) | (bytes[ip + 1]! >>> 4)) & 0xff;
      writeIp6Start(i32, ip, size, trafficClass, 0, PROTOCOL_ICMP6);
      flags[packet] = flags[packet]! | FLAG_LOCAL_ORIGIN;
      counters[COUNT_REPLIES]!++;
      next[i] = NEXT_LOOKUP;
    }
  },
});

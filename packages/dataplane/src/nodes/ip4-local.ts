// ip4-local: packets addressed to the box: what the data plane answers itself, and what Linux gets.
//
// Expects: adjacency of kind ADJ_LOCAL; its next hop is the address, or 0 for a broadcast or group.
// Next:    esp-input (ESP, and ESP in UDP told from IKE by the non-ESP marker, RFC 3948 section 2.2),
//          gre-input, ipip-input, ip4-icmp-echo, path-mtu, punt; ip4-reassembly with fragments, which come back as whole
//          datagrams.
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { ADJ_NEXT_HOP, ADJ_SHIFT } from '../tables/adjacencies.js';
import { classifyUdp, UDP_ESP, UDP_KEEPALIVE } from '../wire/esp-in-udp.js';
import {
  CODE_FRAGMENTATION_NEEDED,
  ICMP_BYTES,
  ICMP_CODE,
  ICMP_ECHO_REQUEST,
  ICMP_UNREACHABLE,
} from '../wire/icmp4.js';
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_MF,
  IP4_PROTOCOL,
  PROTOCOL_ESP,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_IPIP,
  PROTOCOL_UDP,
  readU16,
} from '../wire/ip4.js';
import { PROTOCOL_IPV6 } from '../wire/ip6.js';

const NEXT_PUNT = 0;
const NEXT_ESP = 1;
const NEXT_ECHO = 2;
const NEXT_REASSEMBLY = 3;
const NEXT_GRE = 4;
const NEXT_IPIP = 5;
const NEXT_PATH_MTU = 6;

const COUNT_NAT_KEEPALIVE = 0;

export const ip4Local = defineNode({
  name: 'ip4-local',
  next: ['punt', 'esp-input', 'ip4-icmp-echo', 'ip4-reassembly', 'gre-input', 'ipip-input', 'path-mtu'],
  counters: [
    { name: 'nat_keepalive', severity: 'info', drop: true, help: 'a NAT keepalive (RFC 3948 section 2.3)' },
  ],

  run({ pool, adjacencies }, frame, next, counters): void {
    const { offset, length, l3, adjacency, bytes } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const ip = l3[packet]!;
      const protocol = bytes[ip + IP4_PROTOCOL]!;
      const header = headerBytes(bytes, ip);
      const payload = length[packet]! - (ip - offset[packet]!) - header;
      const toAll = adjacencies[(adjacency[packet]! << ADJ_SHIFT) + ADJ_NEXT_HOP] === 0;
      next[i] = NEXT_PUNT;
      if (readU16(bytes, ip + IP4_FRAGMENT) & (IP4_MF | IP4_FRAGMENT_OFFSET)) {
        next[i] = NEXT_REASSEMBLY;
        continue;
      }
      if (toAll) continue;
      if (protocol === PROTOCOL_ESP) {
        next[i] = NEXT_ESP;
      } else if (protocol === PROTOCOL_UDP) {
        const kind = classifyUdp(bytes, ip + header, payload);
        if (kind === UDP_ESP) {
          next[i] = NEXT_ESP;
        } else if (kind === UDP_KEEPALIVE) {
          counters[COUNT_NAT_KEEPALIVE]!++;
          pool.reason[packet] = COUNT_NAT_KEEPALIVE;
          next[i] = NEXT_DROP;
        }
      } else if (protocol === PROTOCOL_GRE) {
        next[i] = NEXT_GRE;
      } else if (protocol === PROTOCOL_IPIP || protocol === PROTOCOL_IPV6) {
        next[i] = NEXT_IPIP;
      } else if (protocol === PROTOCOL_ICMP) {
        if (payload < ICMP_BYTES) continue;
        const type = bytes[ip + header];
        if (type === ICMP_ECHO_REQUEST) next[i] = NEXT_ECHO;
        else if (type === ICMP_UNREACHABLE && bytes[ip + header + ICMP_CODE] === CODE_FRAGMENTATION_NEEDED)
          next[i] = NEXT_PATH_MTU;
      }
    }
  },
});

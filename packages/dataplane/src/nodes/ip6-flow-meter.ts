// ip6-flow-meter: as ip4-flow-meter, for IPv6.
//
// Expects: on the arc ip6-unicast: header and extension headers are right; vrf and rxInterface set.
// Next:    along the arc, always.
import { routeIp6 } from '../graph/follow-route.js';
import type { PacketPool } from '../memory/packet-pool.js';
import { FLOW_IP6 } from '../tables/flows.js';
import { IP6_BYTES, IP6_SRC, PROTOCOL_ICMP6 } from '../wire/ip6.js';
import { findIp6Upper, ip6Upper, isExtension } from '../wire/ip6-extensions.js';
import { defineFlowMeter, readUpperLayer, seen } from './flow-meter.js';

export const ip6FlowMeter = defineFlowMeter({
  name: 'ip6-flow-meter',
  arc: 'ip6-unicast',
  addresses: IP6_SRC,
  count: 8,
  read,
  route: routeIp6,
});

function read(pool: PacketPool, packet: number): void {
  const { i32 } = pool;
  const ip = pool.l3[packet]!;
  const word = ip >>> 2;
  const first = i32[word]!;
  let protocol = (i32[word + 1]! >>> 16) & 0xff;
  let at = ip + IP6_BYTES;
  let later = 0;
  if (isExtension(protocol)) {
    findIp6Upper(pool.bytes, ip, pool.offset[packet]! + pool.length[packet]!);
    protocol = ip6Upper.protocol;
    at = ip6Upper.at;
    later = ip6Upper.laterFragment ? 1 : 0;
  }
  const trafficClass = ((first & 15) << 4) | ((first >>> 12) & 15);
  seen.kind = protocol | (trafficClass << 8) | FLOW_IP6;
  readUpperLayer(pool, packet, protocol, PROTOCOL_ICMP6, at, later);
}

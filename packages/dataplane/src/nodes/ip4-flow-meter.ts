// ip4-flow-meter: counts packets and octets of flows, for show flows and for IPFIX collectors.
//
// Expects: on the arc ip4-unicast: the header is right; vrf and rxInterface set.
// Next:    along the arc, always: what finds no room in the table goes on, too.
import { routeIp4 } from '../graph/follow-route.js';
import type { PacketPool } from '../memory/packet-pool.js';
import { IP4_SRC, PROTOCOL_ICMP } from '../wire/ip4.js';
import { defineFlowMeter, readUpperLayer, seen } from './flow-meter.js';

/** The fragment offset in the little-endian word of identification, flags and offset. */
const LATER = 0xff1f0000;

export const ip4FlowMeter = defineFlowMeter({
  name: 'ip4-flow-meter',
  arc: 'ip4-unicast',
  addresses: IP4_SRC,
  count: 2,
  read,
  route: routeIp4,
});

function read(pool: PacketPool, packet: number): void {
  const { i32 } = pool;
  const ip = pool.l3[packet]!;
  const word = ip >>> 2;
  const first = i32[word]!;
  const protocol = (i32[word + 2]! >>> 8) & 0xff;
  seen.kind = protocol | (first & 0xff00);
  readUpperLayer(pool, packet, protocol, PROTOCOL_ICMP, ip + ((first & 15) << 2), i32[word + 1]! & LATER);
}

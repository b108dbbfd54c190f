// What ip4-flow-meter and ip6-flow-meter have in common: a packet is counted in the row of its flow (RFC 5470 section 5.1).
//
// A flow is: VRF and interface that it comes in by, addresses, protocol, ports or ICMP type and code, ToS or traffic class.
// Later fragments have no ports, unless virtual reassembly has told them. The control side takes rows that have ended;
// see tables/flows.ts.
import { type ArcName, continueArc } from '../graph/arcs.js';
import type { NodeContext } from '../graph/context.js';
import { FLOW_METER_BIT } from '../graph/idle-features.js';
import { defineNode, type NodeDefinition } from '../graph/node.js';
import { FLAG_PORTS, type PacketPool } from '../memory/packet-pool.js';
import { ADJ_GLEAN, ADJ_INTERFACE, ADJ_KIND, ADJ_SHIFT, ADJ_TUNNEL } from '../tables/adjacencies.js';
import {
  FLOW_DOUBLES,
  FLOW_EGRESS,
  FLOW_FIRST_MS,
  FLOW_LAST_MS,
  FLOW_OCTETS,
  FLOW_PACKETS,
  FLOW_TCP_FLAGS,
  FLOW_WORDS,
  NO_ROOM,
} from '../tables/flows.js';
import { hasPorts } from '../wire/flow.js';
import { PROTOCOL_TCP, swap32 } from '../wire/ip4.js';
import { TCP_FLAGS } from '../wire/tcp.js';

const COUNT_FLOWS = 0;
const COUNT_NOT_METERED = 1;

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const FULL = NO_ROOM;
const ROW_WORDS = FLOW_WORDS;
const ROW_DOUBLES = FLOW_DOUBLES;
const TCP_SEEN = FLOW_TCP_FLAGS;
const PACKETS = FLOW_PACKETS;
const OCTETS = FLOW_OCTETS;
const LAST_MS = FLOW_LAST_MS;
const TCP = PROTOCOL_TCP;
const AT_FLAGS = TCP_FLAGS;
const ports32 = swap32;
const havePorts = hasPorts;

/** What a family's node finds out of a packet. */
export const seen = {
  /** FLOW_KIND, FLOW_PORTS. */
  kind: 0,
  ports: 0,
  tcpFlags: 0,
};

interface Family {
  name: string;
  arc: ArcName;
  /** Where the source address is in the IP header, and words of both addresses. */
  addresses: number;
  count: number;
  /** Sets `seen` of the packet whose header is at l3, and right. */
  read(pool: PacketPool, packet: number): void;
  route(context: NodeContext, packet: number): number;
}

export function defineFlowMeter({ name, arc, addresses, count, read, route }: Family): NodeDefinition {
  const four = arc === 'ip4-unicast';

  /** The interface by which a packet leaves; 0 for none. */
  function egressOf(context: NodeContext, packet: number): number {
    const { pool, adjacencies } = context;
    // The route may be in another VRF: the packet is to find that out by itself.
    const vrf = pool.vrf[packet]!;
    const row = route(context, packet);
    pool.vrf[packet] = vrf;
    if (row < 0) return 0;
    const at = row << ADJ_SHIFT;
    const kind = adjacencies[at + ADJ_KIND]!;
    return kind >= ADJ_GLEAN && kind <= ADJ_TUNNEL ? adjacencies[at + ADJ_INTERFACE]! : 0;
  }

  return defineNode({
    name,
    next: [],
    feature: { arc, bit: FLOW_METER_BIT },
    counters: [
      { name: 'flows', severity: 'info', help: 'flows that began' },
      {
        name: 'flows_not_metered',
        severity: 'warning',
        help: 'packets of flows that had no room in the table: they go on as others do; see ipfix.max_flows',
      },
    ],

    make(made) {
      const { pool, flows, interfaces } = made;
      const { i32, l3, offset, length, vrf, rxInterface } = pool;
      const { words, doubles } = flows;
      const features = four ? interfaces.features4 : interfaces.features6;
      return (context, frame, next, counters) => {
        const { now } = context;
        const { interval } = flows;
        let opened = 0;
        let full = 0;
        // Packets of a flow mostly come one behind the other. Rows stay as they are until the next round.
        let slot = -1;
        for (let i = 0; i < frame.length; i++) {
          const packet = frame.packets[i]!;
          const row = rxInterface[packet]!;
          next[i] = continueArc(0, features[row]!, FLOW_METER_BIT);
          if (interval > 1 && flows.skips(interval)) continue;
          read(pool, packet);
          const { ports, kind, tcpFlags } = seen;
          const where = (vrf[packet]! << 16) | row;
          const ip = l3[packet]!;
          const at = (ip + addresses) >>> 2;
          if (slot < 0 || !flows.matches(slot, i32, at, count, ports, kind, where)) {
            slot = flows.find(i32, at, count, ports, kind, where);
            if (slot === FULL) {
              full++;
              continue;
            }
            if (slot < 0) {
              slot = ~slot;
              words[slot * ROW_WORDS + FLOW_EGRESS] = egressOf(context, packet);
              doubles[slot * ROW_DOUBLES + FLOW_FIRST_MS] = now;
              doubles[slot * ROW_DOUBLES + LAST_MS] = now;
              flows.publish(slot);
              opened++;
            }
          }
          if (tcpFlags !== 0) words[slot * ROW_WORDS + TCP_SEEN]! |= tcpFlags;
          const figures = slot * ROW_DOUBLES;
          doubles[figures + PACKETS]! += 1;
          doubles[figures + OCTETS]! += length[packet]! - (ip - offset[packet]!);
          doubles[figures + LAST_MS] = now;
        }
        counters[COUNT_FLOWS]! += opened;
        counters[COUNT_NOT_METERED]! += full;
      };
    },
  });
}

/**
 * Sets ports and TCP flags of `seen`: what stands at `at`, 4-byte aligned, which `later` is not 0 of a later fragment. What
 * is behind the packet's end is not read.
 */
export function readUpperLayer(
  pool: PacketPool,
  packet: number,
  protocol: number,
  icmp: number,
  at: number,
  later: number,
): void {
  const { bytes, i32 } = pool;
  const end = pool.offset[packet]! + pool.length[packet]!;
  seen.ports = 0;
  seen.tcpFlags = 0;
  if (later !== 0) {
    if (pool.flags[packet]! & FLAG_PORTS) seen.ports = pool.ports[packet]!;
    return;
  }
  if (at + 4 > end) return;
  if (havePorts(protocol)) seen.ports = ports32(i32[at >>> 2]!);
  else if (protocol === icmp) seen.ports = ports32(i32[at >>> 2]!) & 0xffff0000;
  if (protocol === TCP && at + AT_FLAGS < end) seen.tcpFlags = bytes[at + AT_FLAGS]!;
}

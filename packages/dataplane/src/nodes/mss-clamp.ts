// What the nodes that clamp MSS have in common: each looks at the TCP segments of one family, on one arc.
import { type ArcName, continueArc } from '../graph/arcs.js';
import type { NodeContext } from '../graph/context.js';
import { MSS_CLAMP_BIT } from '../graph/idle-features.js';
import { defineNode, type NodeDefinition } from '../graph/node.js';
import { ADJ_FEATURES_IP4, ADJ_FEATURES_IP6, ADJ_INTERFACE, ADJ_SHIFT } from '../tables/adjacencies.js';
import { clampMss } from '../wire/tcp.js';

const COUNT_CLAMPED = 0;

interface MssClamp {
  name: string;
  arc: ArcName;
  /** Where the TCP header of a packet is, absolute; -1 when it has none, or is a later fragment. */
  tcpOf(context: NodeContext, packet: number): number;
}

export function defineMssClamp({ name, arc, tcpOf }: MssClamp): NodeDefinition {
  const outbound = arc === 'ip4-output' || arc === 'ip6-output';
  const four = arc === 'ip4-output' || arc === 'ip4-unicast';
  const featureWord = four ? ADJ_FEATURES_IP4 : ADJ_FEATURES_IP6;
  return defineNode({
    name,
    next: [],
    feature: { arc, bit: MSS_CLAMP_BIT },
    counters: [
      { name: 'clamped', severity: 'info', help: 'SYN segments whose maximum segment size was lowered' },
    ],

    run(context, frame, next, counters): void {
      const { pool, adjacencies, interfaces } = context;
      const { bytes, offset, length, rxInterface, adjacency } = pool;
      const limits = four ? interfaces.mss4 : interfaces.mss6;
      const features = four ? interfaces.features4 : interfaces.features6;
      let clamped = 0;
      for (let i = 0; i < frame.length; i++) {
        const packet = frame.packets[i]!;
        const at = adjacency[packet]! << ADJ_SHIFT;
        const row = outbound ? adjacencies[at + ADJ_INTERFACE]! : rxInterface[packet]!;
        const mask = outbound ? adjacencies[at + featureWord]! : features[row]!;
        const most = limits[row]!;
        const tcp = tcpOf(context, packet);
        // 0 while nobody has said how large: the feature was switched on a moment before its value.
        if (tcp >= 0 && most !== 0 && clampMss(bytes, tcp, offset[packet]! + length[packet]!, most))
          clamped++;
        next[i] = continueArc(0, mask, MSS_CLAMP_BIT);
      }
      counters[COUNT_CLAMPED]! += clamped;
    },
  });
}

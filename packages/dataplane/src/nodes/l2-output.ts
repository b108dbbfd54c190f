// l2-output: finds the member by which a frame of the box leaves a bridge.
//
// Expects: a whole frame; txInterface is a bridge that is up.
// Next:    interface-output by the member behind which the destination is, or l2-flood.
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_TX_BYTES, INTERFACE_TX_PACKETS } from '../graph/counters.js';
import { fitsMember } from '../graph/link-header.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { MAC_MEMBER } from '../tables/macs.js';

const NEXT_OUTPUT = 0;
const NEXT_FLOOD = 1;

const COUNT_TOO_BIG = 0;

export const l2Output = defineNode({
  name: 'l2-output',
  frames: true,
  boundary: 'out',
  next: ['interface-output', 'l2-flood'],
  counters: [
    {
      name: 'too_big',
      severity: 'warning',
      drop: true,
      help: "larger than the MTU of the member that it is for: a bridge's members need one MTU",
    },
  ],

  run({ pool, interfaces, interfaceCounters, macs }, frame, next, counters): void {
    const { offset, length, txInterface, u16, i32 } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const at = offset[packet]!;
      const bridge = txInterface[packet]!;
      const counted = bridge << INTERFACE_COUNTERS_SHIFT;
      interfaceCounters[counted + INTERFACE_TX_PACKETS]!++;
      interfaceCounters[counted + INTERFACE_TX_BYTES]! += length[packet]!;
      const to0 = u16[at >>> 1]!;
      const known = to0 & 1 ? -1 : macs.lookup(bridge, to0, i32[(at + 2) >>> 2]!);
      if (known < 0) {
        pool.aux[packet] = 0;
        next[i] = NEXT_FLOOD;
        continue;
      }
      const member = macs.words[known + MAC_MEMBER]!;
      if (fitsMember(pool, packet, interfaces.mtu[member]!)) {
        txInterface[packet] = member;
        next[i] = NEXT_OUTPUT;
      } else {
        counters[COUNT_TOO_BIG]!++;
        pool.reason[packet] = COUNT_TOO_BIG;
        next[i] = NEXT_DROP;
      }
    }
  },
});

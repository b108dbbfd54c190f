// ip6-nd: a packet whose neighbour's link address is not known.
//
// Expects: adjacency of kind ADJ_GLEAN or ADJ_INCOMPLETE.
import { defineNode, NEXT_DROP } from '../graph/node.js';

const COUNT_UNRESOLVED = 0;

export const ip6Nd = defineNode({
  name: 'ip6-nd',
  next: [],
  counters: [
    {
      name: 'unresolved',
      severity: 'warning',
      drop: true,
      help: "the neighbour's link address is not known",
    },
  ],

  run({ pool }, frame, next, counters): void {
    for (let i = 0; i < frame.length; i++) {
      pool.reason[frame.packets[i]!] = COUNT_UNRESOLVED;
      next[i] = NEXT_DROP;
    }
    counters[COUNT_UNRESOLVED]! += frame.length;
  },
});

// interface-output: the end of the graph for what leaves by a port.
//
// Expects: offset and length of the whole frame, txInterface.
// Next:    none: the worker that owns the port's transmit queue sends it.
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { INTERFACE_UP } from '../tables/interfaces.js';

const COUNT_DOWN = 0;
const COUNT_QUEUE_FULL = 1;

export const interfaceOutput = defineNode({
  name: 'interface-output',
  frames: true,
  next: [],
  counters: [
    {
      name: 'interface_down',
      severity: 'warning',
      drop: true,
      help: 'to leave by an interface that is disabled',
    },
    {
      name: 'tx_queue_full',
      severity: 'warning',
      drop: true,
      help: 'the port sends more slowly than packets arrive for it',
    },
  ],

  run({ pool, interfaces, services }, frame, next, counters): void {
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      if (interfaces.state[pool.txInterface[packet]!] !== INTERFACE_UP) {
        counters[COUNT_DOWN]!++;
        pool.reason[packet] = COUNT_DOWN;
        next[i] = NEXT_DROP;
      } else if (services.transmit(packet)) {
        next[i] = NEXT_CONSUMED;
      } else {
        counters[COUNT_QUEUE_FULL]!++;
        pool.reason[packet] = COUNT_QUEUE_FULL;
        next[i] = NEXT_DROP;
      }
    }
  },
});

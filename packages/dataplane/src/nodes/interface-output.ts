// interface-output: the end of the graph for what leaves by a port.
//
// Expects: offset and length of the whole frame, txInterface.
// Next:    none: the worker that owns the port's transmit queue sends it. vlan-output and l2-output for what has no port of
//          its own: they bring it back with the interface beneath.
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { INTERFACE_UP, KIND_BRIDGE, KIND_VLAN } from '../tables/interfaces.js';

const NEXT_VLAN = 0;
const NEXT_BRIDGE = 1;

const COUNT_DOWN = 0;
const COUNT_QUEUE_FULL = 1;

export const interfaceOutput = defineNode({
  name: 'interface-output',
  frames: true,
  next: ['vlan-output', 'l2-output'],
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

  make({ pool, interfaces, services }) {
    return (_context, frame, next, counters) => {
      const { packets } = frame;
      for (let i = 0; i < frame.length; i++) {
        const packet = packets[i]!;
        const row = pool.txInterface[packet]!;
        const kind = interfaces.kind[row];
        if (interfaces.state[row] !== INTERFACE_UP) {
          counters[COUNT_DOWN]!++;
          pool.reason[packet] = COUNT_DOWN;
          next[i] = NEXT_DROP;
        } else if (kind === KIND_VLAN) {
          next[i] = NEXT_VLAN;
        } else if (kind === KIND_BRIDGE) {
          next[i] = NEXT_BRIDGE;
        } else if (services.transmit(packet)) {
          next[i] = NEXT_CONSUMED;
        } else {
          counters[COUNT_QUEUE_FULL]!++;
          pool.reason[packet] = COUNT_QUEUE_FULL;
          next[i] = NEXT_DROP;
        }
      }
    };
  },
});

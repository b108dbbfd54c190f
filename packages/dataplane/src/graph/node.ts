// What a graph node is: a name, where its packets can go, what it counts, and a function over vectors.

import type { NodeContext } from './context.js';
import type { Frame } from './frame.js';

export type Severity = 'info' | 'warning' | 'error';

export interface CounterSpec {
  /** snake_case; with the node's name it is the counter's path: `ip4-input/bad_checksum`. */
  name: string;
  severity: Severity;
  /** A sentence for an operator. */
  help: string;
  /** True for a drop reason: what counts under it goes no further. */
  drop?: boolean;
}

/** The packet is dropped for the reason that the node counted and put in `pool.reason`. */
export const NEXT_DROP = 254;
/** The node kept, freed or handed over the packet itself. */
export const NEXT_CONSUMED = 255;

export type NodeRun = (context: NodeContext, frame: Frame, next: Uint8Array, counters: Float64Array) => void;

export interface NodeDefinition {
  name: string;
  /** Names of the nodes that packets go to; `next[i]` is an index into it. */
  next: readonly string[];
  counters: readonly CounterSpec[];
  /** Fills `next[i]` for each packet of the frame. Never throws, allocates nothing. */
  run: NodeRun;
}

/** Checks a definition's own consistency when its file is loaded. */
export function defineNode(definition: NodeDefinition): NodeDefinition {
  if (definition.next.length > NEXT_DROP) {
    throw new Error(`node ${definition.name} has more than ${NEXT_DROP} next nodes`);
  }
  const names = new Set(definition.counters.map((counter) => counter.name));
  if (names.size !== definition.counters.length) {
    throw new Error(`node ${definition.name} declares a counter twice`);
  }
  return definition;
}

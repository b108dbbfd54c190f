// What a graph node is: a name, where its packets can go, what it counts, and a function over vectors.

import { ARC_NEXTS, ARCS, type ArcName, FEATURE_BITS, type FeaturePlace } from './arcs.js';
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

/** Only inside a node, between its passes over a vector: not decided yet. */
export const NEXT_UNDECIDED = 253;

/** Next nodes of a definition at most: the ends and features of two arcs may follow. */
export const NEXT_MAX = NEXT_UNDECIDED - 2 * ARC_NEXTS;

/** A node that has consumed every packet may set the frame's length to 0: nobody looks at `next` then. */
export type NodeRun = (context: NodeContext, frame: Frame, next: Uint8Array, counters: Float64Array) => void;

export interface NodeDefinition {
  name: string;
  /** Names of the nodes that packets go to; `next[i]` is an index into it. */
  next: readonly string[];
  counters: readonly CounterSpec[];
  /** The arcs that begin here, two at most: the end and the features of each follow `next`; see arcs.ts. */
  arcs?: readonly ArcName[];
  /** For an optional node: where it stands. Its arc's end and features follow `next` likewise. */
  feature?: FeaturePlace;
  /** True when it works on frames: a capture shows its packets from the link header on, others' from the IP header. */
  frames?: boolean;
  /**
   * Where packets cross an interface that has no port of its own, such as a tunnel. `in`: behind this node they have
   * come in by `rxInterface`. `out`: those that come to it leave by `txInterface`, unless they come from a node `past`
   * the boundary. A capture copies them there.
   */
  boundary?: 'in' | 'out' | 'past';
  /** With boundary 'in': indices of `next` behind which packets have come in; all of them unless given. */
  crossing?: readonly number[];
  /** Fills `next[i]` for each packet of the frame. Never throws, allocates nothing. */
  run?: NodeRun;
  /**
   * Instead of `run`: makes it for a worker. What it takes out of the context is constant in the closure that it
   * returns, and the compiler puts the addresses of those arrays into the code, where `run` loads them for each packet:
   * that takes a quarter off a busy node. It does so while the closure is the only one of its kind in the thread, as in
   * a worker.
   */
  make?(context: NodeContext): NodeRun;
}

/** Checks a definition's own consistency when its file is loaded. */
export function defineNode(definition: NodeDefinition): NodeDefinition {
  const { name, next, feature, arcs = [] } = definition;
  if ((definition.run === undefined) === (definition.make === undefined)) {
    throw new Error(`node ${name} needs either run or make`);
  }
  if (next.length > NEXT_MAX) throw new Error(`node ${name} has more than ${NEXT_MAX} next nodes`);
  if (arcs.length > 2) throw new Error(`node ${name} begins more than two arcs`);
  if (arcs.length > 0 && feature !== undefined) {
    throw new Error(`node ${name} begins an arc and stands on one: choose`);
  }
  if (feature !== undefined) {
    if (!(feature.arc in ARCS)) throw new Error(`node ${name} is a feature of no arc: ${feature.arc}`);
    if (!Number.isInteger(feature.bit) || feature.bit < 0 || feature.bit >= FEATURE_BITS) {
      throw new Error(`node ${name}: a feature's bit is from 0 to ${FEATURE_BITS - 1}`);
    }
  }
  const names = new Set(definition.counters.map((counter) => counter.name));
  if (names.size !== definition.counters.length) {
    throw new Error(`node ${name} declares a counter twice`);
  }
  return definition;
}

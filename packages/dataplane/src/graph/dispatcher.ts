// Runs the graph of one worker: takes the vector that waits for a node, calls it, and moves each packet
// to the vector of the node it chose.
import type { PacketPool } from '../memory/packet-pool.js';
import { ARC_NEXTS, ARCS, type ArcName } from './arcs.js';
import { CAPTURE_IN, CAPTURE_OUT, type Capture } from './capture.js';
import type { NodeContext } from './context.js';
import type { GraphCounters } from './counters.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_DROPS, USER_SLOTS } from './counters.js';
import { FRAME_MAX, Frame } from './frame.js';
import { NEXT_CONSUMED, NEXT_DROP, type NodeDefinition, type NodeRun } from './node.js';
import type { Tracer } from './tracer.js';

/** One call in so many is timed: reading the clock costs more than a short vector. */
const TIMED_EVERY = 31;

/** A node as one worker runs it. */
class NodeState {
  waiting = new Frame();
  spare = new Frame();
  /** States of the nodes in `definition.next`, by the same index. */
  targets: NodeState[] = [];
  calls = 0;
  packets = 0;
  timedPackets = 0;
  timedNs = 0;
  /** Null until the node has been made for this worker. */
  run: NodeRun | null;
  /** See NodeDefinition, boundary and frames. */
  readonly leaves: boolean;
  readonly enters: boolean;
  readonly past: boolean;
  readonly raw: boolean;

  constructor(
    readonly definition: NodeDefinition,
    readonly index: number,
    readonly counters: Float64Array,
  ) {
    this.run = definition.run ?? null;
    this.leaves = definition.boundary === 'out';
    this.enters = definition.boundary === 'in';
    this.past = definition.boundary === 'past';
    this.raw = definition.frames !== true;
  }
}

export class Dispatcher {
  /** By index: the graph's nodes, then users' by slot. */
  private readonly states: (NodeState | undefined)[];
  /** Those that there are, in the order in which packets mostly meet them. */
  private order: NodeState[];
  private readonly byName = new Map<string, number>();
  private readonly next = new Uint8Array(FRAME_MAX);
  private countdown = TIMED_EVERY;
  private overflowed: Float64Array;
  /** Nodes of the graph itself. */
  private readonly size: number;

  constructor(
    nodes: readonly NodeDefinition[],
    private readonly pool: PacketPool,
    private readonly counters: GraphCounters,
    private readonly tracer: Tracer,
    private readonly capture: Capture | null = null,
  ) {
    this.states = nodes.map((node, index) => new NodeState(node, index, counters.ofNode(index)));
    this.order = this.states.filter((state) => state !== undefined);
    for (const state of this.order) this.byName.set(state.definition.name, state.index);
    for (const state of this.order) {
      state.targets = this.targetsOf(state.definition);
    }
    this.size = nodes.length;
    this.overflowed = counters.overflow;
  }

  /** The nodes of `next`, then those of each arc that begins or goes on here. */
  private targetsOf({ next, arcs = [], feature }: NodeDefinition): NodeState[] {
    const targets = next.map((name) => this.states[this.indexOf(name)]!);
    for (const arc of feature === undefined ? arcs : [feature.arc]) targets.push(...this.alongArc(arc));
    return targets;
  }

  /** An arc's end, and the feature of each bit or, where there is none, the end. */
  private alongArc(arc: ArcName): NodeState[] {
    const end = this.states[this.indexOf(ARCS[arc].end)]!;
    const along = new Array<NodeState>(ARC_NEXTS).fill(end);
    for (const state of this.order) {
      const { feature } = state.definition;
      if (feature?.arc !== arc) continue;
      const at = 1 + feature.bit;
      if (along[at] !== end) {
        throw new Error(`${along[at]!.definition.name} and ${state.definition.name} have one bit of ${arc}`);
      }
      along[at] = state;
    }
    return along;
  }

  /**
   * Puts a user's node into a slot, or takes it out. Between rounds only: then no packet waits for any node. Its arc
   * leads to it at once, where an interface's mask says so.
   */
  setUserNode(slot: number, definition: NodeDefinition | null): void {
    if (slot < 0 || slot >= USER_SLOTS)
      throw new RangeError(`users' nodes have slots 0 to ${USER_SLOTS - 1}`);
    const index = this.size + slot;
    const old = this.states[index];
    if (old !== undefined) this.byName.delete(old.definition.name);
    this.states[index] = undefined;
    this.order = this.order.filter((state) => state !== old);
    if (definition !== null) {
      if (definition.feature === undefined) throw new Error(`${definition.name} stands on no arc`);
      if (this.byName.has(definition.name))
        throw new Error(`the graph has a node "${definition.name}" already`);
      const counters = this.counters.ofNode(index).fill(0);
      const state = new NodeState(definition, index, counters);
      this.states[index] = state;
      this.byName.set(definition.name, index);
      // Before its arc's end, so that one pass is the common case for its packets, too.
      const end = this.order.findIndex(
        ({ definition: { name } }) => name === ARCS[definition.feature!.arc].end,
      );
      this.order.splice(end, 0, state);
    }
    for (const state of this.order) state.targets = this.targetsOf(state.definition);
  }

  indexOf(name: string): number {
    const index = this.byName.get(name);
    if (index === undefined) throw new Error(`the graph has no node "${name}"`);
    return index;
  }

  /** The node that runs now: `emit` counts from its next nodes. */
  private running: NodeState | null = null;

  /** Adds a packet to the running node's next node number `next`, before those that it returns. */
  emit(packet: number, next: number): void {
    const state = this.running;
    if (state === null) throw new Error('emit is for nodes: push is for everyone else');
    const target = state.targets[next]!;
    if (this.tracer.active) this.tracer.record(packet, state.definition.name, target.definition.name);
    if (target.leaves && !state.past && this.capture?.traffic) {
      this.capture.packet(packet, this.pool.txInterface[packet]!, CAPTURE_OUT, target.raw);
    }
    this.push(packet, target.index);
  }

  /** Adds one packet to what waits for a node. */
  push(packet: number, node: number): void {
    const frame = this.states[node]!.waiting;
    if (frame.length === FRAME_MAX) this.overflow(packet);
    else frame.packets[frame.length++] = packet;
  }

  /** The vector that waits for a node: whoever adds to it keeps to FRAME_MAX. */
  waitingFor(node: number): Frame {
    return this.states[node]!.waiting;
  }

  /** Adds a received vector to what waits for a node. */
  pushMany(packets: Int32Array, count: number, node: number): void {
    for (let i = 0; i < count; i++) this.push(packets[i]!, node);
  }

  /** Runs nodes until nothing waits. Nodes come in the order of the graph, so one pass is the common case. */
  run(context: NodeContext): void {
    const states = this.order;
    for (let ran = true; ran; ) {
      ran = false;
      for (let i = 0; i < states.length; i++) {
        const state = states[i]!;
        if (state.waiting.length === 0) continue;
        this.runNode(state, context);
        ran = true;
      }
    }
  }

  private runNode(state: NodeState, context: NodeContext): void {
    const frame = state.waiting;
    state.waiting = state.spare;
    state.spare = frame;
    state.calls++;
    state.packets += frame.length;
    this.running = state;
    const count = frame.length;
    const run = state.run ?? state.definition.make!(context);
    state.run = run;
    if (--this.countdown === 0) {
      this.countdown = TIMED_EVERY;
      const start = performance.now();
      run(context, frame, this.next, state.counters);
      state.timedNs += (performance.now() - start) * 1e6;
      state.timedPackets += count;
    } else {
      run(context, frame, this.next, state.counters);
    }
    if (this.tracer.active) this.trace(state, frame);
    this.enqueue(state, frame);
    state.spare.length = 0;
  }

  private enqueue(state: NodeState, frame: Frame): void {
    const { next } = this;
    const packets = frame.packets;
    const count = frame.length;
    let i = this.passOn(state, frame);
    while (i < count) {
      const to = next[i]!;
      if (to >= NEXT_DROP) {
        if (to === NEXT_DROP) {
          if (this.capture?.drops) this.capture.drop(packets[i]!, state.index, state.raw);
          this.drop(packets[i]!);
        }
        i++;
        continue;
      }
      // Vectors mostly stay together: copy the run that goes to the same node.
      const { waiting: target, leaves, raw } = state.targets[to]!;
      const first = i;
      let length = target.length;
      do {
        if (length === FRAME_MAX) this.overflow(packets[i]!);
        else target.packets[length++] = packets[i]!;
        i++;
      } while (i < count && next[i] === to);
      target.length = length;
      if ((leaves || state.enters) && this.capture?.traffic) {
        const { rxInterface, txInterface } = this.pool;
        if (state.enters && state.definition.crossing?.includes(to) !== false)
          this.capture.vector(packets, first, i, rxInterface, CAPTURE_IN, state.raw);
        if (leaves && !state.past) this.capture.vector(packets, first, i, txInterface, CAPTURE_OUT, raw);
      }
    }
  }

  /** A vector that goes to one node, where nothing waits, is that node's as it is. How many packets are dealt with: all or none. */
  private passOn(state: NodeState, frame: Frame): number {
    const { next } = this;
    const count = frame.length;
    const to = next[0]!;
    if (count === 0 || to >= NEXT_DROP || this.capture?.traffic) return 0;
    const target = state.targets[to]!;
    if (target.waiting.length > 0 || target === state) return 0;
    for (let i = 1; i < count; i++) if (next[i] !== to) return 0;
    state.spare = target.waiting;
    target.waiting = frame;
    return count;
  }

  /** Drops a packet that a node has kept: by the running one, or by `node`, for the reason in pool.reason. */
  discard(packet: number, node = this.running?.index ?? 0): void {
    if (this.capture?.drops) this.capture.drop(packet, node, this.states[node]!.raw);
    this.drop(packet);
  }

  /** Counts a drop on the interface that the packet came in by, and frees it. */
  drop(packet: number): void {
    const at = (this.pool.rxInterface[packet]! << INTERFACE_COUNTERS_SHIFT) + INTERFACE_DROPS;
    this.counters.interfaces[at] = this.counters.interfaces[at]! + 1;
    this.pool.free(packet);
  }

  private overflow(packet: number): void {
    this.overflowed[0] = this.overflowed[0]! + 1;
    this.drop(packet);
  }

  private trace(state: NodeState, frame: Frame): void {
    const { definition } = state;
    for (let i = 0; i < frame.length; i++) {
      const packet = frame.packets[i]!;
      const to = this.next[i]!;
      // A consumed packet may be another worker's by now: it is not looked at.
      if (to === NEXT_CONSUMED) continue;
      const target =
        to === NEXT_DROP
          ? `drop: ${definition.counters[this.pool.reason[packet]!]?.name ?? 'unknown'}`
          : state.targets[to]!.definition.name;
      this.tracer.record(packet, definition.name, target);
    }
  }

  /** Publishes calls, packets and timings for the control side. */
  publish(): void {
    const { runtime } = this.counters;
    for (const state of this.order) {
      const at = state.index * 4;
      runtime[at] = state.calls;
      runtime[at + 1] = state.packets;
      runtime[at + 2] = state.timedPackets;
      runtime[at + 3] = state.timedNs;
    }
  }
}

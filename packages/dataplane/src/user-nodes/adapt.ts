// A user's node as a node of the graph: called packet by packet, and watched.
//
// What it throws never reaches the worker. After its first fault it is off in this worker, and says so, until it is
// loaded again: a node that fails for one packet mostly fails for the next.
import { continueArc } from '../graph/arcs.js';
import type { NodeContext } from '../graph/context.js';
import { describePacket } from '../graph/describe-packet.js';
import { type CounterSpec, defineNode, NEXT_DROP, type NodeDefinition, type NodeRun } from '../graph/node.js';
import { ADJ_FEATURES_IP4, ADJ_FEATURES_IP6, ADJ_SHIFT } from '../tables/adjacencies.js';
import { PASS, USER_COUNTERS_MAX, type UserNode } from './api.js';
import { loopBudget } from './loop-budget.js';
import { Packet } from './packet.js';

/** Octets of the packet that a fault shows. */
const FAULT_BYTES = 256;

/** What becomes of packets after a fault. */
export type OnFault = 'pass' | 'drop';

/** The packet that a node failed on, and how. */
export interface UserNodeFault {
  node: string;
  /** A sentence, with the line of the user's file where it is known. */
  message: string;
  /** From the IP header on. */
  packetHex: string;
  summary: string;
  atMs: number;
}

/** Behind the node's own counters. */
const FAULT_COUNTERS: readonly CounterSpec[] = [
  { name: 'failed_on', severity: 'error', drop: true, help: 'the node failed on it: see show nodes' },
  { name: 'not_seen', severity: 'warning', help: 'passed on unseen, because the node is off after a fault' },
  {
    name: 'held_back',
    severity: 'error',
    drop: true,
    help: 'dropped, because the node is off after a fault',
  },
];
/** Counters that a definition can have, those of faults included. */
export const USER_NODE_COUNTERS = USER_COUNTERS_MAX + FAULT_COUNTERS.length;

export interface AdaptedNode {
  definition: NodeDefinition;
  /** Its `run`. */
  run: NodeRun;
  /** The fault that switched it off; null while it works. */
  fault(): UserNodeFault | null;
}

/** @param names of the interfaces by row, shared with whoever keeps them. */
export function adaptUserNode(
  node: UserNode,
  bit: number,
  onFault: OnFault,
  names: readonly string[],
): AdaptedNode {
  const { arc } = node;
  const ip6 = arc.startsWith('ip6');
  const output = arc.endsWith('output');
  const failedOn = node.counters.length;
  const notSeen = failedOn + 1;
  const heldBack = failedOn + 2;
  let fault: UserNodeFault | null = null;
  let packet: Packet | null = null;

  const run: NodeRun = (context, frame, next, counters) => {
    const { pool, interfaces } = context;
    packet ??= new Packet(pool, names, counters, node.counters.length);
    const masks = ip6 ? interfaces.features6 : interfaces.features4;
    for (let i = 0; i < frame.length; i++) {
      const index = frame.packets[i]!;
      const mask = output
        ? context.adjacencies[
            (pool.adjacency[index]! << ADJ_SHIFT) + (ip6 ? ADJ_FEATURES_IP6 : ADJ_FEATURES_IP4)
          ]!
        : masks[pool.rxInterface[index]!]!;
      let reason = PASS;
      if (fault === null) {
        packet.aim(index);
        loopBudget.arm();
        try {
          reason = node.packet(packet);
          if (reason !== PASS && node.counters[reason]?.drop !== true) {
            fault = faultOf(node.name, badVerdict(reason), context, index);
            reason = failedOn;
          }
        } catch (error) {
          reason = failedOn;
          fault = faultOf(node.name, messageOf(error), context, index);
        }
      } else if (onFault === 'drop') {
        reason = heldBack;
      } else {
        counters[notSeen]!++;
      }
      if (reason === PASS) {
        next[i] = continueArc(0, mask, bit);
      } else {
        counters[reason]!++;
        pool.reason[index] = reason;
        next[i] = NEXT_DROP;
      }
    }
  };
  const definition = defineNode({
    name: node.name,
    next: [],
    feature: { arc, bit },
    counters: [...node.counters, ...FAULT_COUNTERS],
    run,
  });
  return { definition, run, fault: () => fault };
}

function faultOf(node: string, message: string, { pool, now }: NodeContext, index: number): UserNodeFault {
  const from = pool.l3[index]!;
  const end = Math.min(pool.offset[index]! + pool.length[index]!, from + FAULT_BYTES);
  return {
    node,
    message,
    packetHex: Buffer.from(pool.bytes.slice(from, end)).toString('hex'),
    summary: describePacket(pool, index),
    atMs: now,
  };
}

function badVerdict(verdict: unknown): string {
  return `returned ${String(verdict)}, which is neither PASS nor the index of one of its counters with drop: true`;
}

/** The error and the place in the user's file, which the first line of the stack that is in it names. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const place = error.stack?.match(/[^/\s()]+\.user\.mjs[^:)]*:(\d+):\d+/)?.[1];
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (line ${place})`}`;
}

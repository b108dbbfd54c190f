// What a user's node imports as '@sluice/node'. examples/nodes and docs/user-nodes.md show it at work.
import { ARCS, type ArcName } from '../graph/arcs.js';
import type { CounterSpec } from '../graph/node.js';
import type { Packet } from './packet.js';

export type { ArcName } from '../graph/arcs.js';
export type { CounterSpec, Severity } from '../graph/node.js';
export type { Packet } from './packet.js';

/** The packet goes on to what comes behind this node. */
export const PASS = -1;

/** Counters of one user's node at most. */
export const USER_COUNTERS_MAX = 14;

export interface UserNode {
  /** kebab-case: the node's name in show, trace and capture. */
  name: string;
  /**
   * Which packets it sees: `ip4-unicast` and `ip6-unicast` those that came in by an interface, before their route is
   * looked up; `ip4-output` and `ip6-output` those that leave by one.
   */
  arc: ArcName;
  /** What it counts; a drop has `drop: true`. At most 14. */
  counters: readonly CounterSpec[];
  /** Called for each packet: PASS, or the index of the counter that it is dropped under. It must not keep `packet`. */
  packet(packet: Packet): number;
}

/** Checks a definition. @throws Error with a sentence that says what to change. */
export function defineUserNode(node: UserNode): UserNode {
  const { name, arc, counters } = node;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40) {
    throw new Error(
      `a node's name is lower-case words joined by "-", at most 40 characters: ${String(name)}`,
    );
  }
  if (!(arc in ARCS))
    throw new Error(`"${String(arc)}" is no arc: use one of ${Object.keys(ARCS).join(', ')}`);
  if (!Array.isArray(counters) || counters.length > USER_COUNTERS_MAX) {
    throw new Error(`counters is a list of at most ${USER_COUNTERS_MAX}`);
  }
  const seen = new Set<string>();
  for (const counter of counters as CounterSpec[]) {
    if (!/^[a-z][a-z0-9_]*$/.test(counter.name)) {
      throw new Error(`a counter's name is snake_case: "${String(counter.name)}"`);
    }
    if (seen.has(counter.name)) throw new Error(`the counter ${counter.name} is there twice`);
    if (!['info', 'warning', 'error'].includes(counter.severity) || typeof counter.help !== 'string') {
      throw new Error(
        `the counter ${counter.name} needs a severity (info, warning, error) and a help sentence`,
      );
    }
    seen.add(counter.name);
  }
  if (typeof node.packet !== 'function')
    throw new Error('packet is a function that is called for each packet');
  return node;
}

/** An IPv4 address as Packet.source has it: `ip4('192.0.2.1')`. For tables made when the file is loaded. */
export { parseIp4 as ip4, parseIp4Prefix as ip4Prefix } from '@sluice/shared/net';

// What full and virtual reassembly do alike with a table of datagrams whose fragments wait: who is let in, who is given
// up for it, and what becomes of the fragments of a datagram that is refused.
import type { NodeContext } from '../graph/context.js';
import { type FragmentContexts, NONE } from '../tables/fragment-contexts.js';

/** Either table: Reassembly, VirtualReassembly. */
interface WaitingFragments {
  readonly contexts: FragmentContexts;
  /** Per context: the counter that its later fragments are dropped under; 0 while it is not refused. */
  readonly refusal: Uint8Array;
  /** What release() took out. */
  readonly released: Int32Array;
  open(vrf: number): number;
  mayHold(vrf: number): boolean;
  release(row: number): number;
  close(row: number): void;
}

/**
 * The context of the fragment that the key is set to, a new one when there is none; or the complement of the counter to
 * drop it under: its datagram is refused, or `tooMany` wait already and none of the VRF's is older.
 */
export function contextOf(
  context: NodeContext,
  table: WaitingFragments,
  counters: Float64Array,
  vrf: number,
  tooMany: number,
): number {
  const { contexts, refusal } = table;
  const found = contexts.find();
  if (found !== NONE) return refusal[found] === 0 ? found : ~refusal[found]!;
  if (!contexts.mayAdd(vrf) && !makeWay(context, table, counters, vrf, tooMany)) return ~tooMany;
  const row = table.open(vrf);
  contexts.since[row] = context.now;
  return row;
}

/** Gives datagrams of the VRF up, the oldest first, until there may be one more; false when that is of no use. */
function makeWay(
  context: NodeContext,
  table: WaitingFragments,
  counters: Float64Array,
  vrf: number,
  tooMany: number,
): boolean {
  do {
    const oldest = table.contexts.oldestOf(vrf, NONE);
    if (oldest === NONE) return false;
    giveUp(context, table, counters, oldest, tooMany);
  } while (!table.contexts.mayAdd(vrf));
  return true;
}

/**
 * Gives datagrams of the VRF up, the oldest first and never `row`, until one more fragment may wait, which the caller has
 * found may not; false when that is of no use. They are counted under `tooMany`.
 */
export function makeRoom(
  context: NodeContext,
  table: WaitingFragments,
  counters: Float64Array,
  vrf: number,
  row: number,
  tooMany: number,
): boolean {
  do {
    const oldest = table.contexts.oldestOf(vrf, row);
    if (oldest === NONE) return false;
    giveUp(context, table, counters, oldest, tooMany);
  } while (!table.mayHold(vrf));
  return true;
}

/** Drops what there is of a datagram and forgets it. */
export function giveUp(
  context: NodeContext,
  table: WaitingFragments,
  counters: Float64Array,
  row: number,
  reason: number,
): void {
  dropAll(context, table, counters, row, reason);
  table.close(row);
}

/** Drops what there is of a datagram, and goes on to drop what comes of it (RFC 5722 section 4). Returns the reason. */
export function refuse(
  context: NodeContext,
  table: WaitingFragments,
  counters: Float64Array,
  row: number,
  reason: number,
): number {
  dropAll(context, table, counters, row, reason);
  table.refusal[row] = reason;
  return reason;
}

function dropAll(
  { services }: NodeContext,
  table: WaitingFragments,
  counters: Float64Array,
  row: number,
  reason: number,
): void {
  const count = table.release(row);
  counters[reason]! += count;
  for (let i = 0; i < count; i++) services.discard(table.released[i]!, reason);
}

/** What becomes of a packet that is dropped is a counter; of one that waits or goes on, one of these. */
export const KEPT = -1;
/** Its datagram is whole. */
export const COMPLETE = -2;
/** It is this worker's to deal with. */
export const MINE = -3;
/** It is another worker's now. */
export const GONE = -4;

/** Hands a fragment to the worker of its datagram, in the same node: MINE, GONE, or `busy` when its ring is full. */
export function handOver(
  { worker, workers, services }: NodeContext,
  contexts: FragmentContexts,
  packet: number,
  node: number,
  busy: number,
): number {
  const owner = contexts.key.worker(workers);
  if (owner === worker) return MINE;
  return services.handOff(packet, owner, node) ? GONE : busy;
}

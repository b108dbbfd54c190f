// Decides which CHILD_SAs to initiate, from what is there: a child that should be up and is neither up nor on its
// way. Asked after every event and now and then, it brings back whatever was lost, by whichever side and cause.
import type { ConnectionSection } from '@sluice/shared';
import { subsection, subsections, text, textList, type ViciSection } from '../vici/index.js';
import { byConnection, type ListedSa } from './sas.js';

export interface Target {
  connection: string;
  child: string;
}

export interface Wanted {
  connections: readonly ConnectionSection[];
  /**
   * Children to initiate though their connection waits for its peer. After a restart of charon, those that the
   * data plane has SAs of: the peer believes its IKE_SA alive and would only notice when it dies.
   */
  restore?: (target: Target) => boolean;
}

/** A refused attempt is repeated after 1 s, then ever more rarely: a wrong key stays wrong for a while. */
const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 30_000;

const GONE = new Set(['DELETING', 'DELETED', 'DESTROYING', 'REKEYED']);

export class KeepUp {
  private readonly attempts = new Map<string, { notBeforeMs: number; waitMs: number }>();

  /**
   * Children to initiate now. Each one returned counts as attempted at `nowMs` (any clock that does not go back).
   */
  due(wanted: Wanted, sas: readonly ListedSa[], nowMs: number): Target[] {
    const due: Target[] = [];
    const known = new Set<string>();
    const groups = byConnection(sas);
    for (const connection of wanted.connections) {
      for (const child of connection.children) {
        const target = { connection: connection.name, child: child.name };
        if (connection.start !== 'initiate' && !wanted.restore?.(target)) continue;
        const key = JSON.stringify(target);
        known.add(key);
        const state = stateOf(target, groups.get(connection.name) ?? []);
        if (state === 'up') this.attempts.delete(key);
        if (state === 'missing' && this.attempt(key, nowMs)) due.push(target);
      }
    }
    for (const key of this.attempts.keys()) if (!known.has(key)) this.attempts.delete(key);
    return due;
  }

  /** Forgets past attempts: charon is new, or the operator has changed something. */
  reset(): void {
    this.attempts.clear();
  }

  private attempt(key: string, nowMs: number): boolean {
    const last = this.attempts.get(key);
    if (last !== undefined && nowMs < last.notBeforeMs) return false;
    const waitMs = last === undefined ? RETRY_MIN_MS : Math.min(last.waitMs * 2, RETRY_MAX_MS);
    this.attempts.set(key, { notBeforeMs: nowMs + waitMs, waitMs });
    return true;
  }
}

/** @param sas of the target's connection */
function stateOf(target: Target, sas: readonly ListedSa[]): 'up' | 'pending' | 'missing' {
  let pending = false;
  for (const { section } of sas) {
    const state = text(section, 'state') ?? '';
    if (state === 'DELETING' || state === 'DESTROYING') continue;
    for (const [, child] of subsections(subsection(section, 'child-sas'))) {
      if (text(child, 'name') === target.child && !GONE.has(text(child, 'state') ?? '')) return 'up';
    }
    // charon does not say which child a task is for, so all of the connection's wait for it to end.
    if (state === 'CREATED' || state === 'CONNECTING' || creatingChild(section)) pending = true;
  }
  return pending ? 'pending' : 'missing';
}

function creatingChild(section: ViciSection): boolean {
  return ['tasks-queued', 'tasks-active'].some((queue) => textList(section, queue).includes('CHILD_CREATE'));
}

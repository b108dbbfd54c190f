// What the neighbours of one interface have in common: timers, counts, and who may be forgotten first.
import type { NeighbourState } from './neighbour-states.js';

/** RFC 4861 section 10. */
const REACHABLE_MS = 30_000;
const RETRANSMIT_MS = 1_000;
const MIN_RANDOM_FACTOR = 0.5;
const MAX_RANDOM_FACTOR = 1.5;
/** Section 6.3.4: a new random value at least every few hours, even when the base does not change. */
const NEW_RANDOM_MS = 2 * 3_600_000;
/** What is believed of a router's timers, in ms: AdvReachableTime is an hour at most (section 6.2.1); the rest is ours. */
const REACHABLE_BOUNDS = [1_000, 3_600_000] as const;
const RETRANSMIT_BOUNDS = [100, 60_000] as const;

/** What of an entry counts here. */
export interface LinkEntry {
  state: NeighbourState;
  references: number;
}

export class NeighbourLink<Entry extends LinkEntry> {
  count = 0;
  incomplete = 0;
  /** Entries that nothing holds, in the order in which they became stale or failed: the first goes first. */
  readonly idle = new Set<Entry>();
  /** Between two questions, in ms. */
  retransmitMs = RETRANSMIT_MS;
  private baseReachableMs = REACHABLE_MS;
  private reachable = REACHABLE_MS;
  private renewAt = 0;

  constructor(private readonly random: () => number) {}

  /** For how long a neighbour that answered is believed to be there, in ms. */
  reachableMs(now: number): number {
    if (now >= this.renewAt) {
      this.renewAt = now + NEW_RANDOM_MS;
      const factor = MIN_RANDOM_FACTOR + this.random() * (MAX_RANDOM_FACTOR - MIN_RANDOM_FACTOR);
      this.reachable = Math.round(this.baseReachableMs * factor);
    }
    return this.reachable;
  }

  /** What a router advertised, in ms; 0 says nothing (section 4.2). */
  setTimers(reachableMs: number, retransmitMs: number): void {
    if (retransmitMs > 0) this.retransmitMs = within(retransmitMs, RETRANSMIT_BOUNDS);
    const base = within(reachableMs, REACHABLE_BOUNDS);
    if (reachableMs > 0 && base !== this.baseReachableMs) {
      this.baseReachableMs = base;
      this.renewAt = 0;
    }
  }

  add(): void {
    this.count++;
  }

  remove(entry: Entry): void {
    if (entry.state === 'incomplete') this.incomplete--;
    this.idle.delete(entry);
    this.count--;
  }

  /** The one entry point for state changes. */
  setState(entry: Entry, state: NeighbourState): void {
    if (entry.state === 'incomplete') this.incomplete--;
    if (state === 'incomplete') this.incomplete++;
    if (entry.state !== state) this.idle.delete(entry);
    entry.state = state;
    this.weigh(entry);
  }

  /** After its references changed. */
  weigh(entry: Entry): void {
    if (entry.references === 0 && (entry.state === 'stale' || entry.state === 'failed')) this.idle.add(entry);
    else this.idle.delete(entry);
  }

  /** Who is missed least; undefined when all are in use. */
  oldestIdle(): Entry | undefined {
    const first = this.idle.values().next();
    return first.done === true ? undefined : first.value;
  }
}

function within(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value));
}

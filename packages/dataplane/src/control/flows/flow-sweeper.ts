// Ends flows: finds rows that have been idle or active for too long, closes them, and gives what they counted to whoever
// exports it, once no worker can count in them any more (tables/flows.ts).
import {
  FLOW_DOUBLES,
  FLOW_FIRST_MS,
  FLOW_LAST_MS,
  FLOW_TCP_FLAGS,
  FLOW_WORDS,
  type FlowTable,
} from '../../tables/flows.js';
import { TCP_FIN, TCP_RST } from '../../wire/tcp.js';

/** IANA's "IPFIX Information Elements", flowEndReason. */
export const END_IDLE = 1;
export const END_ACTIVE = 2;
export const END_DETECTED = 3;
export const END_FORCED = 4;

/** A TCP connection that has said its end is given so long for its last segments. */
const LAST_SEGMENTS_MS = 2_000;
/** Ticks in which each slot is looked at once, and rows closed in one at most: the control thread has other things to do. */
const SLICES = 10;
const CLOSED_AT_ONCE = 1_000;
/** When all end, what the queue of a twin takes at once. */
const ENDED_AT_ONCE = 5_000;

export interface FlowTimeouts {
  activeMs: number;
  idleMs: number;
}

/** Takes what a row has counted; it is another flow's afterwards. Does not throw. */
export type TakeFlow = (table: FlowTable, slot: number, reason: number) => void;

export class FlowSweeper {
  /** By table: the slot that is looked at next. */
  private readonly next: number[];

  /**
   * @param retire has something called after every worker's next quiescent point
   * @param taken called when what has been closed together has been taken
   */
  constructor(
    private readonly tables: readonly FlowTable[],
    private readonly retire: (taken: () => void) => void,
    private readonly take: TakeFlow,
    private readonly taken: () => void = () => undefined,
  ) {
    this.next = tables.map(() => 0);
  }

  /** Looks at a part of the tables. `now` in milliseconds since 1970. */
  tick(now: number, timeouts: FlowTimeouts): void {
    this.tables.forEach((table, index) => {
      if (table.used === 0) return;
      const ended = new Ended(table);
      let slot = this.next[index]!;
      for (let left = Math.ceil(table.slots / SLICES); left > 0 && ended.count < CLOSED_AT_ONCE; left--) {
        const reason = table.isOpen(slot) ? endOf(table, slot, now, timeouts) : 0;
        if (reason !== 0) ended.close(slot, reason);
        slot = slot + 1 === table.slots ? 0 : slot + 1;
      }
      this.next[index] = slot;
      if (ended.count > 0) this.retire(() => this.harvest(ended));
    });
  }

  /** Ends all that there are, some thousands at once; resolves when they have been taken. */
  async endAll(): Promise<void> {
    for (const table of this.tables) {
      let ended = new Ended(table);
      for (let slot = 0; slot < table.slots; slot++) {
        if (table.isOpen(slot)) ended.close(slot, END_FORCED);
        if (ended.count < ENDED_AT_ONCE && slot < table.slots - 1) continue;
        await this.taking(ended);
        ended = new Ended(table);
      }
    }
  }

  private taking(ended: Ended): Promise<void> {
    return new Promise((resolve, reject) =>
      this.retire(() => {
        try {
          this.harvest(ended);
          resolve();
        } catch (error) {
          reject(error);
        }
      }),
    );
  }

  private harvest(ended: Ended): void {
    try {
      ended.each(this.take);
    } finally {
      ended.free();
    }
    this.taken();
  }
}

/** Rows of a table that have been closed together. */
class Ended {
  private readonly slots: number[] = [];
  private readonly reasons: number[] = [];

  constructor(private readonly table: FlowTable) {}

  get count(): number {
    return this.slots.length;
  }

  close(slot: number, reason: number): void {
    this.table.close(slot);
    this.slots.push(slot);
    this.reasons.push(reason);
  }

  each(take: TakeFlow): void {
    this.slots.forEach((slot, i) => {
      take(this.table, slot, this.reasons[i]!);
    });
  }

  free(): void {
    for (const slot of this.slots) this.table.free(slot);
  }
}

/** Why a flow ends now; 0 when it does not. */
function endOf(table: FlowTable, slot: number, now: number, { activeMs, idleMs }: FlowTimeouts): number {
  const at = slot * FLOW_DOUBLES;
  const idle = now - table.doubles[at + FLOW_LAST_MS]!;
  const age = now - table.doubles[at + FLOW_FIRST_MS]!;
  const said = (table.words[slot * FLOW_WORDS + FLOW_TCP_FLAGS]! & (TCP_FIN | TCP_RST)) !== 0;
  if (said && idle >= LAST_SEGMENTS_MS) return END_DETECTED;
  if (idle >= idleMs) return END_IDLE;
  // What is of the future is of a clock that was set back: its flow ends, rather than to stay until then.
  return age >= activeMs || age < 0 ? END_ACTIVE : 0;
}

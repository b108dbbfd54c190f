// One subscriber of a topic: a snapshot, then every event after it in order, none twice and none left out.
//
//   syncing --snapshot--> live --gap, other instance, silence--> syncing
//
// While syncing, events are kept, and those after the snapshot are applied to it. Events are never applied
// without a snapshot of the same instance before them.
import type { Logger } from 'pino';
import type { Contract, EventOf, SnapshotOf, TopicSpec } from './contract.js';
import { codeOf, messageOf } from './errors.js';
import type { Feed, Listener } from './feed.js';
import { describeProblems, monotonicMs } from './wire.js';

/** Events kept while a snapshot is on its way; when more come, another snapshot is cheaper. */
const KEPT_LIMIT = 4096;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1000;
/** Instances remembered as gone, whose last events may still arrive. */
const RETIRED_LIMIT = 8;

export interface SubscriptionHandlers<C extends Contract, T extends keyof C['topics']> {
  /** The topic's whole state: at the start, and whenever events were lost or the server restarted. */
  onSnapshot(state: SnapshotOf<C, T>, info: { instance: string }): void;
  onEvent(event: EventOf<C, T>): void;
  /** Events were lost (at least so many); a snapshot follows. */
  onGap?(lost: number): void;
  /** The server, once seen, fell silent or was replaced by another instance; a snapshot follows when it is back. */
  onDown?(): void;
}

export interface SnapshotReply {
  instance: string;
  sequence: number;
  state: unknown;
}

export interface SubscriptionParts<C extends Contract, T extends keyof C['topics'] & string> {
  topic: T;
  spec: TopicSpec;
  handlers: SubscriptionHandlers<C, T>;
  feed: Pick<Feed, 'add' | 'remove'>;
  log: Logger;
  takeSnapshot(signal: AbortSignal): Promise<SnapshotReply>;
}

interface Kept {
  instance: string;
  sequence: number;
  body: unknown;
}

export class Subscription<C extends Contract, T extends keyof C['topics'] & string> implements Listener {
  readonly topic: T;
  readonly #parts: SubscriptionParts<C, T>;
  readonly #closing = new AbortController();
  readonly #retired: string[] = [];
  #live = false;
  #instance: string | null = null;
  #sequence = 0;
  #kept: Kept[] = [];
  #retryMs = RETRY_FIRST_MS;
  #snapshotAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: SubscriptionParts<C, T>) {
    this.topic = parts.topic;
    this.#parts = parts;
    parts.feed.add(this);
    void this.#sync();
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#live = false;
    this.#kept = [];
    if (this.#timer) clearTimeout(this.#timer);
    this.#parts.feed.remove(this);
  }

  event(instance: string, sequence: number, body: unknown): void {
    if (this.#closing.signal.aborted || this.#retired.includes(instance)) return;
    this.#noticeInstance(instance);
    if (!this.#live) {
      this.#keep({ instance, sequence, body });
      return;
    }
    if (sequence <= this.#sequence) return;
    if (sequence > this.#sequence + 1) {
      this.#lost(sequence - this.#sequence - 1);
      this.#keep({ instance, sequence, body });
      return;
    }
    const parsed = this.#parts.spec.event.safeParse(body);
    if (!parsed.success) {
      const problems = describeProblems(parsed.error);
      this.#parts.log.error({ topic: this.topic, problems }, 'event is not what its topic says');
      this.#lost(1);
      return;
    }
    this.#sequence = sequence;
    this.#call('onEvent', () => this.#parts.handlers.onEvent(parsed.data as EventOf<C, T>));
  }

  reached(instance: string, sequence: number): void {
    this.sawInstance(instance);
    if (this.#live && instance === this.#instance && sequence > this.#sequence)
      this.#lost(sequence - this.#sequence);
  }

  sawInstance(instance: string): void {
    if (!this.#closing.signal.aborted && !this.#retired.includes(instance)) this.#noticeInstance(instance);
  }

  down(): void {
    if (!this.#live) return;
    this.#call('onDown', () => this.#parts.handlers.onDown?.());
    this.#resync();
  }

  #noticeInstance(instance: string): void {
    if (this.#live && instance !== this.#instance) this.down();
  }

  #lost(count: number): void {
    this.#call('onGap', () => this.#parts.handlers.onGap?.(count));
    this.#resync();
  }

  #keep(event: Kept): void {
    // The snapshot that is under way may be older than what is thrown away here: the hole then shows.
    if (this.#kept.length >= KEPT_LIMIT) this.#kept = [];
    this.#kept.push(event);
  }

  /** Asks for a snapshot: at once, or later when the last one is not long ago. */
  #resync(): void {
    if (!this.#live) return;
    this.#live = false;
    if (this.#closing.signal.aborted) return;
    if (monotonicMs() - this.#snapshotAt > RETRY_MAX_MS) {
      this.#retryMs = RETRY_FIRST_MS;
      void this.#sync();
    } else this.#retry();
  }

  #retry(): void {
    this.#timer = setTimeout(() => void this.#sync(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  async #sync(): Promise<void> {
    try {
      const snapshot = await this.#parts.takeSnapshot(this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      this.#snapshotAt = monotonicMs();
      const state = this.#parts.spec.snapshot.parse(snapshot.state) as SnapshotOf<C, T>;
      this.#begin(snapshot, state);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // A server that is not there is nothing to report each time: its absence is in onDown.
      if (codeOf(error) !== 'deadline')
        this.#parts.log.warn({ topic: this.topic, error: messageOf(error) }, 'no snapshot; asking again');
      this.#retry();
    }
  }

  #begin(snapshot: SnapshotReply, state: SnapshotOf<C, T>): void {
    if (this.#instance !== null && this.#instance !== snapshot.instance) {
      this.#retired.push(this.#instance);
      if (this.#retired.length > RETIRED_LIMIT) this.#retired.shift();
    }
    this.#instance = snapshot.instance;
    this.#sequence = snapshot.sequence;
    this.#live = true;
    const kept = this.#kept;
    this.#kept = [];
    this.#call('onSnapshot', () => this.#parts.handlers.onSnapshot(state, { instance: snapshot.instance }));
    for (const event of kept) {
      // Of another instance: one that is gone. Were it a newer one, its heartbeat would show it.
      if (event.instance === snapshot.instance) this.event(event.instance, event.sequence, event.body);
    }
  }

  /** A subscriber's own mistake must not stop the events of others. */
  #call(name: string, handler: () => void): void {
    try {
      handler();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#parts.log.error({ topic: this.topic, handler: name, error: text }, 'subscriber failed');
    }
  }
}

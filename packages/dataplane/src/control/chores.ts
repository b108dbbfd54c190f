// What the control thread does by itself: on timers, and because a worker told it something. Nobody waits for it, so
// what it throws is logged, and a problem in the status until the same works again; the data plane goes on.
import { messageOf } from '@sluice/shared';
import { monotonicMs } from './monotonic.js';

/** The same failure is logged once in so long, however often it comes and goes. */
const LOG_AGAIN_MS = 60_000;

type Step = () => unknown;

interface Chore {
  everyMs: number;
  /** Does it, unless the last time has not ended. */
  step(): void;
  /** Beats of the common timer until it is due. */
  left: number;
}

export class Chores {
  private readonly regular: Chore[] = [];
  /**
   * One timer for all that is done regularly, as fast as the fastest: the thread wakes for all of them together, and
   * waking is most of what they cost while nothing happens.
   */
  private beat: NodeJS.Timeout | null = null;
  private beatMs = Number.POSITIVE_INFINITY;
  private readonly switched = new Set<NodeJS.Timeout>();
  /** By chore: what keeps it from being done. */
  private readonly failing = new Map<string, string>();
  private readonly logged = new Map<string, number>();

  constructor(
    private readonly note: (text: string) => void,
    private readonly clock: () => number = monotonicMs,
  ) {}

  /** Does it every so often, and never twice at the same time; how often is rounded to what is done most often. */
  every(ms: number, what: string, step: Step): void {
    this.regular.push({ everyMs: ms, step: this.once(what, step), left: 0 });
    if (ms >= this.beatMs) return;
    this.beatMs = ms;
    if (this.beat !== null) clearInterval(this.beat);
    this.beat = setInterval(() => this.tick(), ms);
  }

  /** The same, only while it is switched on: it is off until the function that this returns is called with true. */
  whileOn(ms: number, what: string, step: Step): (on: boolean) => void {
    const once = this.once(what, step);
    let timer: NodeJS.Timeout | null = null;
    return (on) => {
      if (on === (timer !== null)) return;
      if (timer === null) {
        timer = setInterval(once, ms);
        this.switched.add(timer);
      } else {
        clearInterval(timer);
        this.switched.delete(timer);
        timer = null;
      }
    };
  }

  private tick(): void {
    for (const chore of this.regular) {
      if (--chore.left > 0) continue;
      chore.left = Math.round(chore.everyMs / this.beatMs);
      chore.step();
    }
  }

  /** Never twice at the same time. */
  private once(what: string, step: Step): () => void {
    let busy = false;
    return () => {
      if (busy) return;
      const ended = this.run(what, step);
      if (ended === null) return;
      busy = true;
      void ended.then(() => {
        busy = false;
      });
    };
  }

  /** Does it now. Never throws or rejects; a promise where the step made one. */
  run(what: string, step: Step): Promise<void> | null {
    try {
      const result = step();
      if (result instanceof Promise) {
        return result.then(
          () => this.worked(what),
          (error: unknown) => this.failed(what, error),
        );
      }
      this.worked(what);
    } catch (error) {
      this.failed(what, error);
    }
    return null;
  }

  /** A sentence for each that fails. */
  problems(): string[] {
    return [...this.failing].map(([what, text]) => `${what}: ${text}`);
  }

  stop(): void {
    if (this.beat !== null) clearInterval(this.beat);
    for (const timer of this.switched) clearInterval(timer);
  }

  private worked(what: string): void {
    if (this.failing.size > 0) this.failing.delete(what);
  }

  private failed(what: string, error: unknown): void {
    const text = messageOf(error);
    this.failing.set(what, text);
    const now = this.clock();
    const key = `${what}: ${text}`;
    if (now - (this.logged.get(key) ?? -Infinity) < LOG_AGAIN_MS) return;
    for (const [old, at] of this.logged) if (now - at >= LOG_AGAIN_MS) this.logged.delete(old);
    this.logged.set(key, now);
    this.note(key);
  }
}

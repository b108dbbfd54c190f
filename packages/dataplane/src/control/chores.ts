// What the control thread does by itself: on timers, and because a worker told it something. Nobody waits for it, so
// what it throws is logged, and a problem in the status until the same works again; the data plane goes on.
import { messageOf } from '@sluice/shared';
import { monotonicMs } from './monotonic.js';

/** The same failure is logged once in so long, however often it comes and goes. */
const LOG_AGAIN_MS = 60_000;

type Step = () => unknown;

export class Chores {
  private readonly timers: NodeJS.Timeout[] = [];
  /** By chore: what keeps it from being done. */
  private readonly failing = new Map<string, string>();
  private readonly logged = new Map<string, number>();

  constructor(
    private readonly note: (text: string) => void,
    private readonly clock: () => number = monotonicMs,
  ) {}

  /** Does it every so often, and never twice at the same time. */
  every(ms: number, what: string, step: Step): void {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      const ended = this.run(what, step);
      if (ended === null) return;
      busy = true;
      void ended.then(() => {
        busy = false;
      });
    }, ms);
    this.timers.push(timer);
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
    for (const timer of this.timers) clearInterval(timer);
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

// How long to wait before a process that ended is started again.

export interface Backoff {
  initialMs: number;
  maxMs: number;
  /** A process that ran this long has recovered: its next restart waits `initialMs` again. */
  resetAfterMs: number;
}

export const DEFAULT_BACKOFF: Backoff = { initialMs: 100, maxMs: 5000, resetAfterMs: 10_000 };

export class BackoffClock {
  readonly #backoff: Backoff;
  #nextMs: number;

  constructor(backoff: Backoff) {
    this.#backoff = backoff;
    this.#nextMs = backoff.initialMs;
  }

  /** The wait after a run of `ranMs`: doubled with each short run, up to the most. */
  delayAfter(ranMs: number): number {
    if (ranMs >= this.#backoff.resetAfterMs) this.#nextMs = this.#backoff.initialMs;
    const delayMs = Math.min(this.#nextMs, this.#backoff.maxMs);
    this.#nextMs = Math.min(delayMs * 2, this.#backoff.maxMs);
    return delayMs;
  }
}

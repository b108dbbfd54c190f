// When rounds of upkeep run: at once when something has happened, soon while something is being waited for, and now and
// then. One at a time; on a hub, where they are long, they take at most a tenth of the time.

const EVERY_MS = 10_000;
/** While something is being waited for. Rounds take at most a tenth of the time: a hub's are long. */
const SOON_MS = 1000;
const SOON_SHARE = 10;

/** Time as tests make it pass; the process's own unless told. */
export interface RoundsClock {
  /** Milliseconds of a clock that does not go back. */
  now(): number;
  /** Calls back after so long, unless the function returned is called before. */
  after(ms: number, call: () => void): () => void;
}

const CLOCK: RoundsClock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export interface RoundOutcome {
  /** Whether something is being waited for. */
  soon: boolean;
  /** Whether there are so many SAs that hints are collected. */
  crowded: boolean;
}

export class Rounds {
  readonly #run: () => Promise<RoundOutcome>;
  readonly #clock: RoundsClock;
  #cancel: (() => void) | null = null;
  /** When the timer ends. */
  #dueMs = 0;
  #running = false;
  /** What came while a round ran: its end is followed by another, at once if that is pressing. */
  #again: 'no' | 'hint' | 'kick' = 'no';
  #crowded = false;
  /** Until when hints wait where there are many SAs. */
  #restsUntilMs = 0;
  #closed = false;

  /** @param run never rejects */
  constructor(run: () => Promise<RoundOutcome>, clock: RoundsClock = CLOCK) {
    this.#run = run;
    this.#clock = clock;
  }

  /** Something has happened to an SA: has a round run at once, or, where there are many of them, after a rest. */
  hint(): void {
    if (this.#running) {
      if (this.#again === 'no') this.#again = 'hint';
      return;
    }
    const restMs = this.#crowded ? this.#restsUntilMs - this.#clock.now() : 0;
    if (restMs <= 0) this.kick();
    else this.#later(restMs);
  }

  /** Has a round run soon: at once, or once more after the one that runs. */
  kick(): void {
    if (this.#closed) return;
    if (this.#running) {
      this.#again = 'kick';
      return;
    }
    this.#cancel?.();
    this.#cancel = null;
    this.#running = true;
    const begunMs = this.#clock.now();
    void this.#run().then((outcome) => this.#ended(begunMs, outcome));
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #ended(begunMs: number, { soon, crowded }: RoundOutcome): void {
    this.#running = false;
    if (this.#closed) return;
    this.#crowded = crowded;
    const nowMs = this.#clock.now();
    const restMs = Math.min(SOON_SHARE * (nowMs - begunMs), EVERY_MS);
    this.#restsUntilMs = nowMs + restMs;
    const again = this.#again;
    this.#again = 'no';
    if (again === 'kick') this.kick();
    else if (again === 'hint') this.hint();
    if (again !== 'no') return;
    this.#later(soon ? Math.max(SOON_MS, restMs) : EVERY_MS);
  }

  /** The next round comes after so long at the latest. */
  #later(afterMs: number): void {
    if (this.#closed) return;
    const dueMs = this.#clock.now() + afterMs;
    if (this.#cancel !== null && this.#dueMs <= dueMs) return;
    this.#cancel?.();
    this.#dueMs = dueMs;
    this.#cancel = this.#clock.after(afterMs, () => this.kick());
  }
}

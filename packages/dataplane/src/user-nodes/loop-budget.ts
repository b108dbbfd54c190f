// What keeps a user's loop from holding a worker: every loop of a user's node asks here, once an iteration.
//
// compile.ts writes the asking into the loops. Counting is cheap, the clock is not: it is read once in so many
// iterations. What is no loop of JavaScript's (a regular expression that backtracks) is the watchdog's, in control/.

/** Iterations between two looks at the clock: some tens of microseconds of an ordinary loop. */
const ITERATIONS = 20_000;
/** How long one packet, or the loading of a file, may take in loops, in ms. Tuning: a port's queue holds as much. */
const LIMIT_MS = 20;

export class LoopBudgetError extends Error {
  constructor() {
    super(`looped for more than ${LIMIT_MS} ms`);
    this.name = 'LoopBudgetError';
  }
}

class LoopBudget {
  /** Iterations left until the clock is read. */
  left = ITERATIONS;
  /** When the first reading was, in ms; 0 before it. */
  private since = 0;

  /** Begins anew, before each packet. */
  arm(): void {
    this.left = ITERATIONS;
    this.since = 0;
  }

  /** Called when `left` is used up. Throws a LoopBudgetError when the time is over, too. */
  spent(): void {
    this.left = ITERATIONS;
    const now = performance.now();
    if (this.since === 0) this.since = now;
    else if (now - this.since > LIMIT_MS) {
      this.since = 0;
      throw new LoopBudgetError();
    }
  }
}

/** One per thread: a thread runs one node at a time. */
export const loopBudget = new LoopBudget();

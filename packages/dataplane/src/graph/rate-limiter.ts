// A token bucket over a clock that the caller passes in.

export class RateLimiter {
  private tokens: number;
  private last = 0;

  /** @param perSecond tokens a second. @param burst most tokens kept. */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  /** Takes a token if there is one. `now` in milliseconds; a clock set back gives no tokens. */
  take(now: number): boolean {
    const elapsed = now - this.last;
    this.last = now;
    if (elapsed > 0) {
      this.tokens += (elapsed * this.perSecond) / 1000;
      if (this.tokens > this.burst) this.tokens = this.burst;
    }
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}

/** A bucket for each of a number of rows, all with the same rate. */
export class RateLimiters {
  private readonly tokens: Float64Array;
  private readonly last: Float64Array;

  constructor(
    rows: number,
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = new Float64Array(rows).fill(burst);
    this.last = new Float64Array(rows);
  }

  /** Takes a token of a row if there is one; the clock as in RateLimiter. */
  take(row: number, now: number): boolean {
    const elapsed = now - this.last[row]!;
    this.last[row] = now;
    let tokens = this.tokens[row]!;
    if (elapsed > 0) tokens = Math.min(this.burst, tokens + (elapsed * this.perSecond) / 1000);
    const taken = tokens >= 1;
    this.tokens[row] = taken ? tokens - 1 : tokens;
    return taken;
  }
}

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

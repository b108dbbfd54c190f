// Rates: so many messages a second, and some more at once.

export class TokenBucket {
  #tokens: number;
  #filledMs: number;

  constructor(
    private readonly perSecond: number,
    private readonly most: number,
    nowMs: number,
  ) {
    this.#tokens = most;
    this.#filledMs = nowMs;
  }

  /** Whether one more may pass. A clock that goes back fills nothing. */
  take(nowMs: number): boolean {
    const elapsed = Math.max(0, nowMs - this.#filledMs);
    this.#tokens = Math.min(this.most, this.#tokens + (elapsed * this.perSecond) / 1000);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/**
 * A bucket for each of many; only those heard last are remembered, so that made-up ones take no more memory: half of them
 * since the others were set aside, which are forgotten when there are as many again.
 */
export class TokenBuckets {
  #buckets = new Map<string, TokenBucket>();
  #before = new Map<string, TokenBucket>();

  constructor(
    private readonly perSecond: number,
    private readonly most: number,
    private readonly remembered = 8_192,
  ) {}

  take(key: string, nowMs: number): boolean {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = this.#before.get(key) ?? new TokenBucket(this.perSecond, this.most, nowMs);
      if (this.#buckets.size >= this.remembered / 2) {
        this.#before = this.#buckets;
        this.#buckets = new Map();
      }
      this.#buckets.set(key, bucket);
    }
    return bucket.take(nowMs);
  }
}

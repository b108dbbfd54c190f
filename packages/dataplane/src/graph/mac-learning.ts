// How often a worker tells the control side of MAC addresses behind bridge members: the ring of records is shared with
// neighbours, which a flood of made-up addresses must not keep out.
import { RateLimiter } from './rate-limiter.js';

/** Tuning: a whole LAN of a thousand stations within a second, and far less than what the ring of records takes. */
const PER_SECOND = 4_000;
const BURST = 256;
/** For how long an address that was told is not told again: the control side answers within that, unless it is busy. */
const AGAIN_MS = 50;
const REMEMBERED = 64;

/** What to do with an address that the table does not have where it was heard. */
export const LEARN_TELL = 0;
export const LEARN_TOLD = 1;
const LEARN_LIMITED = 2;

export class MacLearning {
  private readonly limiter = new RateLimiter(PER_SECOND, BURST);
  private readonly members = new Int32Array(REMEMBERED);
  private readonly mac0 = new Int32Array(REMEMBERED);
  private readonly mac2 = new Int32Array(REMEMBERED);
  private readonly toldAt = new Float64Array(REMEMBERED);

  /** LEARN_…; `now` in milliseconds. */
  decide(member: number, mac0: number, mac2: number, now: number): number {
    const at = (mac2 ^ (mac2 >>> 24) ^ (mac2 >>> 12) ^ mac0) & (REMEMBERED - 1);
    if (
      now >= this.toldAt[at]! &&
      now < this.toldAt[at]! + AGAIN_MS &&
      this.members[at] === member &&
      this.mac0[at] === mac0 &&
      this.mac2[at] === mac2
    ) {
      return LEARN_TOLD;
    }
    if (!this.limiter.take(now)) return LEARN_LIMITED;
    this.members[at] = member;
    this.mac0[at] = mac0;
    this.mac2[at] = mac2;
    this.toldAt[at] = now;
    return LEARN_TELL;
  }
}

// When attempts to converge begin for which nobody waits. What asks for them comes in crowds: SAs of a thousand tunnels
// change their MTUs, Linux tells of each. So none begins while another runs, and after a long one there is a rest: the
// control thread has SAs to install and questions to answer, which wait while it looks at all interfaces.

/** After a long attempt the rest is a multiple of its time, within bounds; after a short one there is none. */
const REST_SHARE = 3;
const REST_FROM_MS = 500;
const REST_MAX_MS = 5_000;

/** Times are milliseconds of any clock that does not go back. */
export class Pace {
  #begunMs: number | null = null;
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #asked = false;

  begin(nowMs: number): void {
    this.#begunMs = nowMs;
    this.#asked = false;
  }

  /** Returns whether an attempt was asked for meanwhile: what the one that ends has not seen. */
  end(nowMs: number): boolean {
    const tookMs = nowMs - (this.#begunMs ?? nowMs);
    this.#begunMs = null;
    this.#restsUntilMs = nowMs + (tookMs < REST_FROM_MS ? 0 : Math.min(REST_MAX_MS, REST_SHARE * tookMs));
    return this.#asked;
  }

  /** An attempt is asked for: how long it is to wait, or null when the end of the one that runs will tell. */
  ask(nowMs: number): number | null {
    if (this.#begunMs === null) return Math.max(0, this.#restsUntilMs - nowMs);
    this.#asked = true;
    return null;
  }
}

// The highest rate at which next to nothing is lost.

/** Of what was sent. */
const LOSS_MOST = 0.005;
/** Each step halves what is still open, as a factor. */
const STEPS = 7;

export interface Sending {
  /** Share of the packets that did not arrive. */
  lost: number;
  /** Packets a second that were really sent. */
  rate: number;
}

/**
 * Halves, on a logarithmic scale, between a rate that surely passes and one that surely does not; `send` sends at a
 * rate. Returns the highest that was sent and passed, `low` when none did.
 */
export async function lossFreeRate(
  low: number,
  high: number,
  send: (rate: number) => Promise<Sending>,
  steps = STEPS,
): Promise<number> {
  let passed = low;
  let failed = high;
  let best = low;
  for (let step = 0; step < steps; step++) {
    const rate = Math.sqrt(passed * failed);
    const sending = await send(rate);
    if (sending.lost > LOSS_MOST) {
      failed = rate;
      continue;
    }
    passed = rate;
    best = Math.max(best, Math.min(rate, sending.rate));
  }
  return best;
}

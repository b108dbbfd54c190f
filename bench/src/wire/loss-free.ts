// The highest rate at which next to nothing is lost.

/** Of what was sent. */
const LOSS_MOST = 0.005;
/** Each step halves what is still open, as a factor. */
const STEPS = 7;

/**
 * Halves, on a logarithmic scale, between a rate that surely passes and one that surely does not; `lossAt` sends at a
 * rate and tells the share that was lost. Returns the highest rate that passed, `low` when none did.
 */
export async function lossFreeRate(
  low: number,
  high: number,
  lossAt: (rate: number) => Promise<number>,
  steps = STEPS,
): Promise<number> {
  let passed = low;
  let failed = high;
  for (let step = 0; step < steps; step++) {
    const rate = Math.sqrt(passed * failed);
    if ((await lossAt(rate)) <= LOSS_MOST) passed = rate;
    else failed = rate;
  }
  return passed;
}

// The control side's clock for what is due later: neighbours, take-overs.

/**
 * Milliseconds since this process started. Not the time of day: a gateway sets that while it runs, and a step
 * back of an hour would keep every neighbour from being asked again for an hour.
 */
export function monotonicMs(): number {
  return performance.now();
}

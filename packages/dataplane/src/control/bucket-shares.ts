// Which path each bucket of a multipath route has: shares by weight, and as few flows moved as can be.

/** Buckets per path on average, so that shares come out right within some percent. Tuning. */
const BUCKETS_PER_PATH = 16;
const SHIFT_MIN = 6;
const SHIFT_MAX = 10;

/** Log2 of the buckets for so many paths. */
export function bucketShift(paths: number): number {
  const shift = Math.ceil(Math.log2(paths * BUCKETS_PER_PATH));
  return Math.min(SHIFT_MAX, Math.max(SHIFT_MIN, shift));
}

/**
 * Gives each bucket a path. `before` says which path each has, -1 for none; `weights` has a weight per path, 0 for
 * one that gets nothing. A bucket keeps its path unless that has more than its share.
 */
export function shareBuckets(before: Int32Array, weights: readonly number[]): Int32Array {
  const quotas = quotasOf(weights, before.length);
  const after = new Int32Array(before.length).fill(-1);
  before.forEach((path, bucket) => {
    if (path < 0 || (quotas[path] ?? 0) === 0) return;
    quotas[path]!--;
    after[bucket] = path;
  });
  let path = 0;
  for (let bucket = 0; bucket < after.length; bucket++) {
    if (after[bucket]! >= 0) continue;
    // In turn, so that neighbouring buckets have different paths.
    do path = (path + 1) % quotas.length;
    while (quotas[path] === 0);
    quotas[path]!--;
    after[bucket] = path;
  }
  return after;
}

/** Buckets per path by the largest remainder; at least one for each that has a weight. */
function quotasOf(weights: readonly number[], buckets: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight * buckets) / total);
  const quotas = exact.map((share) => (share > 0 ? Math.max(1, Math.floor(share)) : 0));
  const order = exact.map((_, i) => i).filter((i) => quotas[i]! > 0);
  const missing = (): number => buckets - quotas.reduce((sum, quota) => sum + quota, 0);
  order.sort((a, b) => exact[b]! - quotas[b]! - (exact[a]! - quotas[a]!) || a - b);
  for (let i = 0; missing() > 0; i = (i + 1) % order.length) quotas[order[i]!]!++;
  // Paths that were given their one bucket take it from the largest.
  while (missing() < 0) quotas[quotas.indexOf(Math.max(...quotas))]!--;
  return quotas;
}

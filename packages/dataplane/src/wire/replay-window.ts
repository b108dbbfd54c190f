// Anti-replay (RFC 4303 section 3.4.3, and its appendix A2 for extended sequence numbers).
//
// The window is a ring of bits: a sequence number's bit is at (sequence modulo window). State is in
// words of shared memory, so that it is the caller who decides where it lies.

/**
 * The high half of a received sequence number (RFC 4303 appendix A2.2), for a window of `window` packets
 * whose highest authenticated number is `highHigh:highLow`. All halves are unsigned.
 */
export function inferHigh(low: number, highLow: number, highHigh: number, window: number): number {
  const bottom = highLow - window + 1;
  if (bottom >= 0) {
    // The window lies within one subspace of the low half: a smaller number is of the next one.
    return low >= bottom ? highHigh : (highHigh + 1) >>> 0;
  }
  // The window spans two subspaces: the upper end of the range belongs to the one before.
  return low >= bottom + 4294967296 ? (highHigh - 1) >>> 0 : highHigh;
}

/**
 * True when a number may be accepted: it is above the window, or inside it and not seen.
 * `distance` is highest minus number, as computed with both halves; negative when it is new.
 */
export function mayAccept(
  windows: Int32Array,
  at: number,
  low: number,
  distance: number,
  window: number,
): boolean {
  if (distance < 0) return true;
  if (distance >= window) return false;
  const bit = low & (window - 1);
  return (windows[at + (bit >>> 5)]! & (1 << (bit & 31))) === 0;
}

/** Marks an authenticated number as seen; when it is above the window, forgets what falls out of it. */
export function accept(windows: Int32Array, at: number, low: number, distance: number, window: number): void {
  if (distance < 0) {
    const steps = -distance;
    if (steps >= window) {
      for (let i = 0; i < window >>> 5; i++) windows[at + i] = 0;
    } else {
      // Its own bit is set below.
      for (let i = 1; i < steps; i++) {
        const bit = (low - i) & (window - 1);
        windows[at + (bit >>> 5)] = windows[at + (bit >>> 5)]! & ~(1 << (bit & 31));
      }
    }
  }
  const bit = low & (window - 1);
  windows[at + (bit >>> 5)] = windows[at + (bit >>> 5)]! | (1 << (bit & 31));
}

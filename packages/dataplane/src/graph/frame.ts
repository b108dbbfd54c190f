// A vector of packets on its way from one node to the next.

/** Packets taken from a receive queue at once. */
export const VECTOR_MAX = 256;

/**
 * Most packets that can wait for one node. A vector grows on its way where packets are cut into
 * fragments; what does not fit is dropped and counted by the dispatcher.
 */
export const FRAME_MAX = 4096;

export class Frame {
  /** Frame indices; the first `length` are valid. */
  readonly packets = new Int32Array(FRAME_MAX);
  length = 0;
}

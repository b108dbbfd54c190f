// Tagged frames, written by hand.
import { concat } from './packets.js';

export interface Tag {
  vid: number;
  /** PCP and DEI: 0 to 15. */
  priority?: number;
  type?: number;
}

/** A frame with tags behind its MAC addresses, the outer one first. */
export function tagged(frame: Uint8Array, ...tags: Tag[]): Uint8Array {
  const octets = tags.map(({ vid, priority = 0, type = 0x8100 }) =>
    Uint8Array.of(type >> 8, type & 255, (priority << 4) | (vid >> 8), vid & 255),
  );
  return concat(frame.subarray(0, 12), ...octets, frame.subarray(12));
}

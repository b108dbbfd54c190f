// Rings of packets between threads: a word is a frame's index, and the node where it goes on.
import { SpscRing } from '../memory/spsc-ring.js';
import { eventSignal } from '../native/index.js';

/** In a ring of packets: the node's index above the frame's. Pools have at most 2^20 frames. */
export const NODE_SHIFT = 20;
export const PACKET_MASK = (1 << NODE_SHIFT) - 1;

/** The producer's end, with the event that wakes the consumer. */
export class PacketSender {
  private readonly ring: SpscRing;
  private pushed = false;

  constructor(
    buffer: SharedArrayBuffer,
    private readonly event: number,
  ) {
    this.ring = new SpscRing(buffer);
  }

  /** False, and the packet stays the caller's, when the ring is full. The consumer sees it after flush(). */
  send(packet: number, node: number): boolean {
    if (!this.ring.stage((node << NODE_SHIFT) | packet)) return false;
    this.pushed = true;
    return true;
  }

  /** True when more than `words` are free. */
  hasRoom(words: number): boolean {
    return this.ring.hasRoom(words);
  }

  /** Shows the consumer what was sent, and wakes it if it sleeps: once a round. */
  flush(): void {
    if (!this.pushed) return;
    this.pushed = false;
    this.ring.publish();
    if (this.ring.needsWake()) eventSignal(this.event);
  }
}

// A port between threads: frames of the same pool through two rings. For tests, benchmarks and replay.
import { SpscRing } from '../memory/spsc-ring.js';
import type { Port } from './port.js';

export class MemoryPort implements Port {
  readonly pollFd = -1;
  readonly starved = false;
  readonly held = 0;
  private readonly incoming: SpscRing;
  private readonly outgoing: SpscRing;
  private refused = 0;

  /** Rings of frame indices, made by SpscRing.allocate: what this port receives, and what it sends. */
  constructor(receive: SharedArrayBuffer, send: SharedArrayBuffer) {
    this.incoming = new SpscRing(receive);
    this.outgoing = new SpscRing(send);
  }

  /** The ring whose producer wakes the worker. */
  get ring(): SpscRing {
    return this.incoming;
  }

  receive(packets: Int32Array, max: number): number {
    return this.incoming.popMany(packets, 0, max);
  }

  send(packets: Int32Array, from: number, count: number): number {
    const taken = this.outgoing.pushMany(packets, from, count);
    if (taken < count) this.refused++;
    return taken;
  }

  flush(): number {
    return 0;
  }

  statistics(): Record<string, number> {
    return { tx_ring_full: this.refused };
  }

  close(): void {
    // Frames in the rings belong to whoever is at the other end.
  }
}

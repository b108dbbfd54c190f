// Ports between which a benchmark's packets go round: frames that were filled beforehand come in, and are counted when they
// go out. Filling is no part of what is measured; handing over a frame's index, offset and length is.
import type { PacketPool, Port } from '@sluice/dataplane/test-support';

/** What both ports have in common: nothing wakes anyone, nothing is lost. */
abstract class BenchPort implements Port {
  readonly pollFd = -1;
  readonly starved = false;
  readonly held = 0;
  abstract receive(packets: Int32Array, max: number): number;
  abstract send(packets: Int32Array, from: number, count: number): number;

  flush(): number {
    return 0;
  }

  statistics(): Record<string, number> {
    return {};
  }

  close(): void {
    // Its frames go with the process.
  }
}

/** Gives the frames of a list, each once after every rewind(). */
export class SourcePort extends BenchPort {
  private next: number;

  constructor(
    private readonly pool: PacketPool,
    readonly frames: Int32Array,
    /** Where in the memory each packet starts, and its octets. */
    private readonly offsets: Int32Array,
    private readonly lengths: Int32Array,
  ) {
    super();
    this.next = frames.length;
  }

  rewind(): void {
    this.next = 0;
  }

  get left(): number {
    return this.frames.length - this.next;
  }

  receive(packets: Int32Array, max: number): number {
    const { frames, offsets, lengths, next } = this;
    const { offset, length } = this.pool;
    const count = Math.min(max, frames.length - next);
    for (let i = 0; i < count; i++) {
      const frame = frames[next + i]!;
      offset[frame] = offsets[next + i]!;
      length[frame] = lengths[next + i]!;
      packets[i] = frame;
    }
    this.next = next + count;
    return count;
  }

  send(): number {
    return 0;
  }
}

/** Counts what goes out, and leaves it where it is. */
export class SinkPort extends BenchPort {
  sent = 0;
  /** The last frame that went out. */
  last = -1;

  receive(): number {
    return 0;
  }

  send(packets: Int32Array, from: number, count: number): number {
    this.sent += count;
    this.last = packets[from + count - 1]!;
    return count;
  }
}

// Ports between which a benchmark's packets go round: frames that were filled beforehand come in, and are counted when they
// go out. Filling is no part of what is measured; handing over a frame's index, offset and length is.
import { type PacketPool, type Port, VECTOR_MAX } from '@sluice/dataplane/test-support';

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
  readonly frames: Int32Array;
  /** Where in the memory each packet starts, and its octets. */
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  private next: number;

  /** @param vector packets at a time */
  constructor(
    private readonly pool: PacketPool,
    count: number,
    private readonly vector = VECTOR_MAX,
  ) {
    super();
    this.frames = new Int32Array(count);
    this.offsets = new Int32Array(count);
    this.lengths = new Int32Array(count);
    this.next = count;
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
    const count = Math.min(max, this.vector, frames.length - next);
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

/** Takes what goes out, and leaves it where it is. */
export class SinkPort extends BenchPort {
  /** Since the start. */
  sent = 0;
  /** Those of the batch, in order: `taken` of them. */
  readonly frames: Int32Array;
  taken = 0;

  constructor(most: number) {
    super();
    this.frames = new Int32Array(most);
  }

  /** The last frame that went out. */
  get last(): number {
    return this.frames[this.taken - 1] ?? -1;
  }

  receive(): number {
    return 0;
  }

  send(packets: Int32Array, from: number, count: number): number {
    const { frames, taken } = this;
    for (let i = 0; i < count; i++) frames[taken + i] = packets[from + i]!;
    this.taken = taken + count;
    this.sent += count;
    return count;
  }
}

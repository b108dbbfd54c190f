// Ports between which a benchmark's packets go round: frames that were filled beforehand come in, and are counted when they
// go out. Filling is no part of what is measured, and writes offset and length, as a driver's native code would; handing over
// vectors of indices is.
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
  /** `frames` in vectors. */
  private readonly vectors: readonly Int32Array[];
  private next: number;

  /** @param vector packets at a time */
  constructor(
    private readonly pool: PacketPool,
    count: number,
    vector = VECTOR_MAX,
  ) {
    super();
    this.frames = new Int32Array(count);
    this.offsets = new Int32Array(count);
    this.lengths = new Int32Array(count);
    const vectors = Array.from({ length: Math.ceil(count / vector) }, (_, i) => i * vector);
    this.vectors = vectors.map((from) => this.frames.subarray(from, from + vector));
    this.next = this.vectors.length;
  }

  /** Writes where the packets are: what the graph made of it belongs to the last batch. */
  rewind(): void {
    const { frames, offsets, lengths } = this;
    const { offset, length } = this.pool;
    for (let i = 0; i < frames.length; i++) {
      offset[frames[i]!] = offsets[i]!;
      length[frames[i]!] = lengths[i]!;
    }
    this.next = 0;
  }

  /** Vectors that are still to be given. */
  get left(): number {
    return this.vectors.length - this.next;
  }

  receive(packets: Int32Array): number {
    const vector = this.vectors[this.next];
    if (vector === undefined) return 0;
    this.next++;
    packets.set(vector);
    return vector.length;
  }

  send(): number {
    return 0;
  }
}

/** Takes what goes out, and leaves it where it is. */
export class SinkPort extends BenchPort {
  /** Since the start. */
  sent = 0;
  /** Of the batch. */
  taken = 0;
  /** The last frame that went out. */
  last = -1;
  /** The batch's frames in order, where they are kept. */
  readonly frames: Int32Array;

  /** @param keeps how many frames of a batch to keep: all or none */
  constructor(keeps: number) {
    super();
    this.frames = new Int32Array(keeps);
  }

  receive(): number {
    return 0;
  }

  send(packets: Int32Array, from: number, count: number): number {
    if (this.frames.length > 0) this.frames.set(packets.subarray(from, from + count), this.taken);
    this.last = packets[from + count - 1]!;
    this.taken += count;
    this.sent += count;
    return count;
  }
}

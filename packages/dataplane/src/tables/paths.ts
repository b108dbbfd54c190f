// The paths of multipath adjacencies: a power of two of buckets each, in one shared Int32Array. A bucket
// holds the adjacency of the path that packets with its hash take.
//
// The control side is the only writer. It gives a bucket another path by one store; a number of buckets never
// changes, because a worker reads the first bucket and the mask one after the other.
import { randomInt } from 'node:crypto';

/** Int32 words: 1,000 routes of 256 buckets. 1 MiB. */
const PATHS_WORDS = 1 << 18;
/** Where the hash starts: gateways in a row would else all choose by the same bits. */
export const PATHS_SEED = 0;
const FIRST_BUCKET = 1;

/** Hands out runs of buckets. */
export class PathTable {
  readonly words: Int32Array;
  /** By log2 of their length: runs that were given back. */
  private readonly freed = new Map<number, number[]>();
  private top = FIRST_BUCKET;
  private usedBuckets = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
  }

  static allocate(seed = randomInt(2 ** 31)): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(PATHS_WORDS * 4);
    new Int32Array(buffer)[PATHS_SEED] = seed;
    return buffer;
  }

  /** The first of 2^shift buckets, with whatever content; -1 when there is no room for so many. */
  take(shift: number): number {
    const first = this.freed.get(shift)?.pop() ?? this.fresh(1 << shift);
    if (first >= 0) this.usedBuckets += 1 << shift;
    return first;
  }

  /** Takes buckets back. Call it only after every worker has passed a quiescent point. */
  release(first: number, shift: number): void {
    const runs = this.freed.get(shift) ?? [];
    runs.push(first);
    this.freed.set(shift, runs);
    this.usedBuckets -= 1 << shift;
  }

  get used(): number {
    return this.usedBuckets;
  }

  private fresh(count: number): number {
    if (this.top + count > this.words.length) return -1;
    const first = this.top;
    this.top += count;
    return first;
  }
}

// A single-producer single-consumer ring of Int32 words in shared memory: how packets, as frame indexes,
// change thread.
//
// Head and tail run freely and wrap at 2^32; a word's slot is its counter modulo the capacity. Each side
// keeps its own counter in a field, and a copy of the other side's from when it last had to look, so that
// a push finds room and a pop finds words most of the time without touching a line that the other writes.
//
// What orders what: the producer's plain stores to slots come before its Atomics.store of the tail, which
// the consumer's Atomics.load of the tail pairs with; the consumer's plain loads of slots come before its
// Atomics.store of the head, which the producer loads before it writes those slots again.

/**
 * Words from one shared counter to the next: two 64-byte lines, because CPUs prefetch lines in pairs and
 * because the start of a SharedArrayBuffer need not be aligned to a line.
 */
const SPACING = 32;
const WORD_HEAD = 0;
const WORD_TAIL = SPACING;
const WORD_SLEEPING = 2 * SPACING;
const HEADER_WORDS = 3 * SPACING;

/** Keeps counter differences well inside 31 bits. */
const CAPACITY_MAX = 1 << 24;

export class SpscRing {
  /** Words that fit. */
  readonly capacity: number;
  private readonly shared: Int32Array;
  private readonly slots: Int32Array;
  private readonly mask: number;
  // The producer's side: its own tail, and the head as it last saw it.
  private tail: number;
  private headSeen: number;
  // The consumer's side: its own head, and the tail as it last saw it.
  private head: number;
  private tailSeen: number;

  /** Shared memory of an empty ring; the capacity is a power of two of words, at most 2^24. */
  static allocate(capacity: number): SharedArrayBuffer {
    if (!isCapacity(capacity)) {
      throw new RangeError(`a ring's capacity must be a power of two from 2 to ${CAPACITY_MAX}: ${capacity}`);
    }
    return new SharedArrayBuffer((HEADER_WORDS + capacity) * 4);
  }

  /** Attaches either side. At any time, at most one thread pushes and at most one thread pops. */
  constructor(buffer: SharedArrayBuffer) {
    const capacity = buffer.byteLength / 4 - HEADER_WORDS;
    if (!isCapacity(capacity)) {
      throw new RangeError(`a buffer of ${buffer.byteLength} bytes is no ring: use SpscRing.allocate`);
    }
    this.capacity = capacity;
    this.mask = capacity - 1;
    this.shared = new Int32Array(buffer, 0, HEADER_WORDS);
    this.slots = new Int32Array(buffer, HEADER_WORDS * 4, capacity);
    this.head = this.headSeen = Atomics.load(this.shared, WORD_HEAD);
    this.tail = this.tailSeen = Atomics.load(this.shared, WORD_TAIL);
  }

  /** Words in the ring as of now, from either side or a third. */
  get size(): number {
    // Head first: it only grows, so the difference is never negative, and is cut to what can be true.
    const head = Atomics.load(this.shared, WORD_HEAD);
    return Math.min((Atomics.load(this.shared, WORD_TAIL) - head) | 0, this.capacity);
  }

  /** Producer: true when more than `words` are free. */
  hasRoom(words: number): boolean {
    if (this.capacity - ((this.tail - this.headSeen) | 0) > words) return true;
    this.headSeen = Atomics.load(this.shared, WORD_HEAD);
    return this.capacity - ((this.tail - this.headSeen) | 0) > words;
  }

  /** Producer: adds a word; false, and nothing added, when the ring is full. */
  push(word: number): boolean {
    if (!this.stage(word)) return false;
    this.publish();
    return true;
  }

  /** Producer: adds a word that the consumer does not see before publish(); false, and nothing added, when the ring is full. */
  stage(word: number): boolean {
    const tail = this.tail;
    if (((tail - this.headSeen) | 0) === this.capacity) {
      this.headSeen = Atomics.load(this.shared, WORD_HEAD);
      if (((tail - this.headSeen) | 0) === this.capacity) return false;
    }
    this.slots[tail & this.mask] = word;
    this.tail = (tail + 1) | 0;
    return true;
  }

  /** Producer: shows the consumer what was staged: one store, which orders, for all of it. */
  publish(): void {
    Atomics.store(this.shared, WORD_TAIL, this.tail);
  }

  /** Producer: adds up to `count` words of `words` from `from` on, in order; returns how many fitted. */
  pushMany(words: Int32Array, from: number, count: number): number {
    const { slots, mask, tail } = this;
    let room = this.capacity - ((tail - this.headSeen) | 0);
    if (room < count) {
      this.headSeen = Atomics.load(this.shared, WORD_HEAD);
      room = this.capacity - ((tail - this.headSeen) | 0);
    }
    const added = Math.min(count, room);
    if (added <= 0) return 0;
    for (let i = 0; i < added; i++) slots[(tail + i) & mask] = words[from + i]!;
    this.tail = (tail + added) | 0;
    Atomics.store(this.shared, WORD_TAIL, this.tail);
    return added;
  }

  /** Consumer: takes up to `max` words into `out` from `at` on, in order; returns how many there were. */
  popMany(out: Int32Array, at: number, max: number): number {
    const { slots, mask, head } = this;
    let there = (this.tailSeen - head) | 0;
    if (there < max) {
      this.tailSeen = Atomics.load(this.shared, WORD_TAIL);
      there = (this.tailSeen - head) | 0;
    }
    const taken = Math.min(max, there);
    if (taken <= 0) return 0;
    for (let i = 0; i < taken; i++) out[at + i] = slots[(head + i) & mask]!;
    this.head = (head + taken) | 0;
    Atomics.store(this.shared, WORD_HEAD, this.head);
    return taken;
  }

  /**
   * Consumer: announces that it is about to sleep. True when it may; false when words are there, and the
   * announcement is withdrawn. A consumer of several rings calls this on each, and awake() on each if one
   * says false.
   *
   * No wake-up is lost: the consumer stores `sleeping` and then loads the tail; the producer stores the
   * tail and then, in needsWake, loads `sleeping`. Atomics are sequentially consistent, so at least one
   * of the two sees the other's store (Dekker): the consumer stays up, or the producer wakes it.
   */
  prepareSleep(): boolean {
    Atomics.store(this.shared, WORD_SLEEPING, 1);
    this.tailSeen = Atomics.load(this.shared, WORD_TAIL);
    if (this.tailSeen === this.head) return true;
    Atomics.store(this.shared, WORD_SLEEPING, 0);
    return false;
  }

  /** Consumer: withdraws the announcement, after a sleep that ended for whatever reason. */
  awake(): void {
    Atomics.store(this.shared, WORD_SLEEPING, 0);
  }

  /**
   * Producer, once after the pushes of a vector: true when the consumer sleeps and this call is the one
   * that must wake it. The wake-up must be sticky (an eventfd, a futex word that changes), because the
   * consumer may still be on its way to sleep.
   */
  needsWake(): boolean {
    // The load keeps the common case from writing to the consumer's line.
    if (Atomics.load(this.shared, WORD_SLEEPING) === 0) return false;
    return Atomics.exchange(this.shared, WORD_SLEEPING, 0) === 1;
  }
}

function isCapacity(words: number): boolean {
  return Number.isInteger(words) && words >= 2 && words <= CAPACITY_MAX && (words & (words - 1)) === 0;
}

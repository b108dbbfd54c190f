// Quiescent-state-based reclamation: when memory that workers read without locks may be used again.
//
// The control side unlinks something (so that no new reader finds it), then retires it. A worker says
// once per turn of its loop that it holds no reference into shared tables. What was retired is freed when
// every worker that is online has said so since.
//
// What orders what: an item is tagged with the epoch that the next reclaim() will open, so its unlinking
// comes before the store of that epoch. A worker whose slot shows the epoch has loaded it from the global
// word, and loads tables only after that (a sequentially consistent load is an acquire), so it finds the
// item unlinked; its loads of earlier turns were done before its store to the slot (a release).

/** Words between the global epoch and each slot: two 64-byte lines, see spsc-ring.ts. */
const SPACING = 32;
const WORD_GLOBAL = 0;
/** In a slot: this worker is asleep or gone, and reads nothing. No epoch has this number. */
const OFFLINE = 0;

interface Retired {
  epoch: number;
  free: () => void;
}

function slotAt(worker: number): number {
  return (worker + 1) * SPACING;
}

/** True when epoch a is b or later; epochs wrap at 2^32, and live ones are close together. */
function reached(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}

/** Shared memory for so many workers, all offline. */
export function allocateEpoch(workers: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(slotAt(workers) * 4);
  new Int32Array(buffer)[WORD_GLOBAL] = 1;
  return buffer;
}

/** A worker's side. A new reader is offline: online() comes before its first look at a table. */
export class EpochReader {
  private readonly words: Int32Array;
  private readonly slot: number;

  /** `worker` is this thread's slot, from 0; no other thread may use it at the same time. */
  constructor(buffer: SharedArrayBuffer, worker: number) {
    this.words = new Int32Array(buffer);
    this.slot = slotAt(worker);
    if (!Number.isInteger(worker) || worker < 0 || this.slot >= this.words.length) {
      throw new RangeError(`there is no epoch slot for worker ${worker}: allocate for more workers`);
    }
  }

  /** Once per turn of the loop: nothing read from a shared table before is used from here on. */
  quiescent(): void {
    Atomics.store(this.words, this.slot, Atomics.load(this.words, WORD_GLOBAL));
  }

  /** Before sleeping: reclamation does not wait for this worker until it is online again. */
  offline(): void {
    Atomics.store(this.words, this.slot, OFFLINE);
  }

  /** After sleeping, before the first look at a table. */
  online(): void {
    Atomics.store(this.words, this.slot, Atomics.load(this.words, WORD_GLOBAL));
    // A reclaim() that still saw this slot offline had stored its epoch before. This load comes after the
    // slot's store in the one order of all Atomics, so it meets that epoch, and what was unlinked for it
    // is not found by the table loads that follow.
    Atomics.load(this.words, WORD_GLOBAL);
  }
}

/** The control side; one thread. */
export class EpochControl {
  private readonly words: Int32Array;
  private waiting: Retired[] = [];
  private epoch: number;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.epoch = Atomics.load(this.words, WORD_GLOBAL);
  }

  /** Items retired and not yet freed. */
  get pending(): number {
    return this.waiting.length;
  }

  /** True when nothing waits to be freed. */
  idle(): boolean {
    return this.waiting.length === 0;
  }

  /** Has `free` called by a later reclaim(). What it frees must already be unlinked, by an Atomics.store. */
  retire(free: () => void): void {
    this.waiting.push({ epoch: nextEpoch(this.epoch), free });
  }

  /**
   * Frees what no worker can still see, in the order of retirement; returns how many items. Never waits.
   * A free that throws ends the call with its error; it is not called again, and the rest stays waiting.
   */
  reclaim(): number {
    const { waiting, words } = this;
    if (waiting.length === 0) return 0;
    if (waiting[waiting.length - 1]!.epoch !== this.epoch) {
      this.epoch = nextEpoch(this.epoch);
      Atomics.store(words, WORD_GLOBAL, this.epoch);
    }
    const oldest = this.oldestSeen();
    let count = 0;
    while (count < waiting.length && reached(oldest, waiting[count]!.epoch)) count++;
    if (count === 0) return 0;
    this.waiting = waiting.slice(count);
    for (let i = 0; i < count; i++) {
      try {
        waiting[i]!.free();
      } catch (error) {
        // A free may retire more: those stand in this.waiting, behind what this call did not get to.
        this.waiting = [...waiting.slice(i + 1, count), ...this.waiting];
        throw error;
      }
    }
    return count;
  }

  /** Takes a worker that died out of the count; the caller knows that its thread has ended. */
  forget(worker: number): void {
    Atomics.store(this.words, slotAt(worker), OFFLINE);
  }

  private oldestSeen(): number {
    let oldest = this.epoch;
    for (let slot = slotAt(0); slot < this.words.length; slot += SPACING) {
      const seen = Atomics.load(this.words, slot);
      if (seen !== OFFLINE && !reached(seen, oldest)) oldest = seen;
    }
    return oldest;
  }
}

function nextEpoch(epoch: number): number {
  const next = (epoch + 1) | 0;
  return next === OFFLINE ? next + 1 : next;
}

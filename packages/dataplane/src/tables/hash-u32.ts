// A hash table of (scope, key) → index in shared memory: one writer, readers without locks.
//
// For exact matches per packet: SPI → SA row, (interface, address) → neighbour row. Open addressing with
// linear probing. A slot's key never changes while its region is in use: a removed key leaves a tombstone
// that only the same key takes again. So a reader that matched a key may trust the value beside it. When
// tombstones pile up, the writer copies the live keys to the other of two regions, switches readers to it
// by one store, and takes the old region for the next time once every worker has passed a quiescent point.
import type { EpochControl } from '../memory/epoch.js';

/** Words of a slot: key, scope + 1, value + 1, and one unused, so that a slot never straddles a cache line. */
const SLOT_SHIFT = 2;
const SLOT_KEY = 0;
/** Stored plus one: a slot that nobody wrote (zeros) matches no scope that may be looked up. */
const SLOT_SCOPE = 1;
/** 0: never used, ends a probe. TOMBSTONE: removed. Else the value plus one. */
const SLOT_VALUE = 2;
const TOMBSTONE = -1;

const WORD_ACTIVE = 0;
const HEADER_WORDS = 16;
const SLOTS_MIN = 16;
const ENTRIES_MAX = 1 << 24;

/** Scopes are u32 less this one. */
const SCOPE_REFUSED = 0xffffffff;
const VALUE_MAX = 0x7ffffffe;

/** Murmur3's finalizer over both words: SPIs and addresses are often consecutive, and probes are linear. */
function hash(key: number, scope: number): number {
  let h = key ^ Math.imul(scope, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A worker's view. */
export class HashU32 {
  protected readonly words: Int32Array;
  protected readonly mask: number;

  /** Shared memory for up to `entries` keys at once: 64 bytes each, rounded up to a power of two. */
  static allocate(entries: number): SharedArrayBuffer {
    if (!Number.isInteger(entries) || entries < 1 || entries > ENTRIES_MAX) {
      throw new RangeError(`a hash table holds from 1 to ${ENTRIES_MAX} entries: ${entries}`);
    }
    let slots = SLOTS_MIN;
    while (slots < 2 * entries) slots *= 2;
    const buffer = new SharedArrayBuffer((HEADER_WORDS + 2 * (slots << SLOT_SHIFT)) * 4);
    new Int32Array(buffer)[WORD_ACTIVE] = HEADER_WORDS;
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.mask = ((this.words.length - HEADER_WORDS) >>> (SLOT_SHIFT + 1)) - 1;
  }

  /**
   * The value of a key, or -1 when it is absent. Key and scope are u32, signed or unsigned alike.
   * Never allocates; ends because the writer always leaves an unused slot.
   */
  lookup(key: number, scope = 0): number {
    const { words, mask } = this;
    const base = words[WORD_ACTIVE]!;
    const k = key | 0;
    const s = (scope + 1) | 0;
    for (let slot = hash(k, s) & mask; ; slot = (slot + 1) & mask) {
      const at = base + (slot << SLOT_SHIFT);
      const value = words[at + SLOT_VALUE]!;
      if (words[at + SLOT_KEY] === k && words[at + SLOT_SCOPE] === s) return value > 0 ? value - 1 : -1;
      if (value === 0) return -1;
    }
  }
}

/** The control side; one thread. */
export class HashU32Writer extends HashU32 {
  private readonly epoch: EpochControl;
  private readonly entries: number;
  private base: number;
  private live = 0;
  private tombstones = 0;
  /** False while workers may still read the region that was active before. */
  private otherFree = true;

  /** Takes an empty table into use. `epoch` is what the readers of the table report to. */
  constructor(buffer: SharedArrayBuffer, epoch: EpochControl) {
    super(buffer);
    this.epoch = epoch;
    this.entries = (this.mask + 1) / 2;
    this.base = Atomics.load(this.words, WORD_ACTIVE);
  }

  /** Keys in the table. */
  get size(): number {
    return this.live;
  }

  /**
   * Adds a key or changes its value: 0 to 2^31 - 2. Throws a RangeError, and changes nothing, when the
   * table is full.
   */
  set(key: number, value: number, scope = 0): void {
    if (!Number.isInteger(value) || value < 0 || value > VALUE_MAX) {
      throw new RangeError(`a hash table's values are from 0 to ${VALUE_MAX}: ${value}`);
    }
    if (scope >>> 0 === SCOPE_REFUSED) throw new RangeError('scope 0xffffffff is reserved');
    const k = key | 0;
    const s = (scope + 1) | 0;
    let at = this.find(k, s);
    const before = this.words[at + SLOT_VALUE]!;
    if (before <= 0) {
      if (this.live === this.entries) {
        throw new RangeError(`all ${this.entries} entries of a hash table are in use: allocate a larger one`);
      }
      if (before === TOMBSTONE) this.tombstones--;
      else at = this.makeRoom(at, k, s);
      this.live++;
    }
    this.words[at + SLOT_KEY] = k;
    this.words[at + SLOT_SCOPE] = s;
    // Last: until here a reader that comes by finds an unused slot or a tombstone.
    Atomics.store(this.words, at + SLOT_VALUE, value + 1);
  }

  /** Removes a key; false when it was not there. */
  delete(key: number, scope = 0): boolean {
    const at = this.find(key | 0, (scope + 1) | 0);
    if (this.words[at + SLOT_VALUE]! <= 0) return false;
    Atomics.store(this.words, at + SLOT_VALUE, TOMBSTONE);
    this.live--;
    this.tombstones++;
    return true;
  }

  /** The slot of a key, or the unused one where it would go; a word offset. */
  private find(k: number, s: number): number {
    const { words, mask, base } = this;
    for (let slot = hash(k, s) & mask; ; slot = (slot + 1) & mask) {
      const at = base + (slot << SLOT_SHIFT);
      if (words[at + SLOT_VALUE] === 0) return at;
      if (words[at + SLOT_KEY] === k && words[at + SLOT_SCOPE] === s) return at;
    }
  }

  /** Sees to it that a new key finds short probes; returns its slot, which a rebuild moves. */
  private makeRoom(at: number, k: number, s: number): number {
    const slots = this.mask + 1;
    const used = this.live + this.tombstones;
    if (used < slots - (slots >>> 2)) return at;
    if (!this.otherFree) this.epoch.reclaim();
    if (this.otherFree) {
      this.rebuild();
      return this.find(k, s);
    }
    // Workers have not let go of the other region. Probes get longer until they do, but must end.
    if (used < slots - 1) return at;
    throw new RangeError('a hash table changes faster than its workers pass quiescent points: retry later');
  }

  private rebuild(): void {
    const { words } = this;
    const from = this.base;
    const end = from + ((this.mask + 1) << SLOT_SHIFT);
    this.base = from === HEADER_WORDS ? end : HEADER_WORDS;
    words.fill(0, this.base, this.base + (end - from));
    for (let at = from; at < end; at += 1 << SLOT_SHIFT) {
      const value = words[at + SLOT_VALUE]!;
      if (value <= 0) continue;
      const to = this.find(words[at + SLOT_KEY]!, words[at + SLOT_SCOPE]!);
      words[to + SLOT_KEY] = words[at + SLOT_KEY]!;
      words[to + SLOT_SCOPE] = words[at + SLOT_SCOPE]!;
      words[to + SLOT_VALUE] = value;
    }
    this.tombstones = 0;
    this.otherFree = false;
    // The copy above is whole before readers are sent to it.
    Atomics.store(words, WORD_ACTIVE, this.base);
    this.epoch.retire(() => {
      this.otherFree = true;
    });
  }
}

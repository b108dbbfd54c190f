// Contexts of fragmented datagrams: one worker's table of those of which a fragment has come and not all.
//
// A context is a row, found by the datagram's key. Rows are also in two queues by age, that of all and that of
// their VRF: all wait equally long, so the oldest of all is the next to run out of time, and the oldest of its VRF
// makes room for a newer one. What a context means is its user's: full or virtual reassembly.

/** Words of an IPv4 key: scope, protocol and identification, source, destination. */
const KEY4_WORDS = 4;
/** Words of an IPv6 key: scope, family, source and destination (four words each), identification. */
const KEY6_WORDS = 11;
/** A row of the table has room for either: a cache line. */
const KEY_SHIFT = 4;
const KEY_SCOPE = 0;
const KEY_PROTOCOL = 1;
const KEY_ADDRESSES = 2;
const KEY_ID6 = 10;
/** In the protocol's word: beyond what an IPv4 key has there. */
const FAMILY_6 = 1 << 24;

export const NONE = -1;

/**
 * The key of the fragment at hand, which find() and add() go by. `tunnel` is the row of the tunnel interface that
 * it came in by, else 0: fragments that were encrypted are never mixed with those that anybody can send.
 */
export class FragmentKey {
  readonly words = new Int32Array(KEY6_WORDS);
  /** How many of them are the key: the second tells keys of different lengths apart. */
  length = 0;
  hash = 0;

  constructor(private readonly seed: number) {}

  /** IPv4: source, destination, identification and protocol (RFC 791 section 3.2); `ip` is 4-byte aligned. */
  setIp4(i32: Int32Array, ip: number, protocol: number, vrf: number, tunnel: number): void {
    const { words } = this;
    const at = ip >>> 2;
    const scope = vrf | (tunnel << 16);
    const second = protocol | ((i32[at + 1]! & 0xffff) << 8);
    const source = i32[at + 3]!;
    const destination = i32[at + 4]!;
    words[KEY_SCOPE] = scope;
    words[KEY_PROTOCOL] = second;
    words[KEY_ADDRESSES] = source;
    words[KEY_ADDRESSES + 1] = destination;
    this.length = KEY4_WORDS;
    this.hash = finish(mix(mix(mix(mix(this.seed, scope), second), source), destination));
  }

  /** IPv6: source, destination and identification; fragments may differ in their next header (RFC 8200 section 4.5). */
  setIp6(i32: Int32Array, ip: number, id: number, vrf: number, tunnel: number): void {
    const { words } = this;
    const at = (ip >>> 2) + 2;
    words[KEY_SCOPE] = vrf | (tunnel << 16);
    words[KEY_PROTOCOL] = FAMILY_6;
    for (let i = 0; i < 8; i++) words[KEY_ADDRESSES + i] = i32[at + i]!;
    words[KEY_ID6] = id;
    this.length = KEY6_WORDS;
    let hash = this.seed;
    for (let i = 0; i < KEY6_WORDS; i++) hash = mix(hash, words[i]!);
    this.hash = finish(hash);
  }

  /** The worker that all fragments of this datagram go to. */
  worker(workers: number): number {
    return (this.hash >>> 16) % workers;
  }
}

/** A word of Murmur3: with a secret seed, so that nobody chooses which keys fall together. */
function mix(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class FragmentContexts {
  /** When a context was made, in milliseconds since 1970: whoever made it writes it. */
  readonly since: Float64Array;
  readonly vrf: Int32Array;
  /** Contexts in use. */
  used = 0;
  /** Of them, per VRF. */
  readonly usedBy: Int32Array;
  private readonly keys: Int32Array;
  private readonly hashes: Int32Array;
  private readonly buckets: Int32Array;
  private readonly mask: number;
  /** The next of the same bucket, or of the free rows. */
  private readonly chain: Int32Array;
  private freeRow: number;
  private readonly all: AgeQueue;
  private readonly perVrf: AgeQueue;

  constructor(
    readonly capacity: number,
    vrfs: number,
    readonly key: FragmentKey,
  ) {
    let buckets = 16;
    while (buckets < 2 * capacity) buckets *= 2;
    this.buckets = new Int32Array(buckets).fill(NONE);
    this.mask = buckets - 1;
    this.since = new Float64Array(capacity);
    this.vrf = new Int32Array(capacity);
    this.usedBy = new Int32Array(vrfs);
    this.keys = new Int32Array(capacity << KEY_SHIFT);
    this.hashes = new Int32Array(capacity);
    this.chain = Int32Array.from({ length: capacity }, (_, i) => (i + 1 < capacity ? i + 1 : NONE));
    this.freeRow = 0;
    this.all = new AgeQueue(capacity, 1);
    this.perVrf = new AgeQueue(capacity, vrfs);
  }

  /** The context of the key, or NONE. */
  find(): number {
    const { key, keys, hashes, chain } = this;
    const { words, length, hash } = key;
    for (let row = this.buckets[hash & this.mask]!; row !== NONE; row = chain[row]!) {
      if (hashes[row] !== hash) continue;
      const at = row << KEY_SHIFT;
      let i = 0;
      while (i < length && keys[at + i] === words[i]) i++;
      if (i === length) return row;
    }
    return NONE;
  }

  /**
   * True when a VRF may have one more: a VRF holds no more than are free. So one VRF alone takes half of all, two
   * take a third each, and whatever they do there is something left for the next (Choudhury and Hahne, "Dynamic
   * queue length thresholds for shared-memory packet switches").
   */
  mayAdd(vrf: number): boolean {
    return this.usedBy[vrf]! < this.capacity - this.used;
  }

  /** A new context of the key; the caller has asked mayAdd. */
  add(vrf: number): number {
    const { key, keys } = this;
    const row = this.freeRow;
    this.freeRow = this.chain[row]!;
    for (let i = 0; i < key.length; i++) keys[(row << KEY_SHIFT) + i] = key.words[i]!;
    this.hashes[row] = key.hash;
    const bucket = key.hash & this.mask;
    this.chain[row] = this.buckets[bucket]!;
    this.buckets[bucket] = row;
    this.vrf[row] = vrf;
    this.used++;
    this.usedBy[vrf]!++;
    this.all.add(row, 0);
    this.perVrf.add(row, vrf);
    return row;
  }

  remove(row: number): void {
    const { chain, buckets } = this;
    const bucket = this.hashes[row]! & this.mask;
    const next = chain[row]!;
    if (buckets[bucket] === row) {
      buckets[bucket] = next;
    } else {
      let before = buckets[bucket]!;
      while (chain[before] !== row) before = chain[before]!;
      chain[before] = next;
    }
    const vrf = this.vrf[row]!;
    this.all.remove(row, 0);
    this.perVrf.remove(row, vrf);
    this.used--;
    this.usedBy[vrf]!--;
    chain[row] = this.freeRow;
    this.freeRow = row;
  }

  isIp6(row: number): boolean {
    return this.keys[(row << KEY_SHIFT) + KEY_PROTOCOL] === FAMILY_6;
  }

  /** The oldest of all, or NONE. */
  oldest(): number {
    return this.all.first(0);
  }

  /** The oldest of a VRF but `except`, or NONE. */
  oldestOf(vrf: number, except: number): number {
    const row = this.perVrf.first(vrf);
    return row === except && row !== NONE ? this.perVrf.after(row) : row;
  }
}

/** Queues of rows, each row in one at most, in the order in which they were added. */
class AgeQueue {
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  private readonly before: Int32Array;
  private readonly behind: Int32Array;

  constructor(rows: number, queues: number) {
    this.heads = new Int32Array(queues).fill(NONE);
    this.tails = new Int32Array(queues).fill(NONE);
    this.before = new Int32Array(rows);
    this.behind = new Int32Array(rows);
  }

  first(queue: number): number {
    return this.heads[queue]!;
  }

  after(row: number): number {
    return this.behind[row]!;
  }

  add(row: number, queue: number): void {
    const last = this.tails[queue]!;
    this.before[row] = last;
    this.behind[row] = NONE;
    if (last === NONE) this.heads[queue] = row;
    else this.behind[last] = row;
    this.tails[queue] = row;
  }

  remove(row: number, queue: number): void {
    const before = this.before[row]!;
    const behind = this.behind[row]!;
    if (before === NONE) this.heads[queue] = behind;
    else this.behind[before] = behind;
    if (behind === NONE) this.tails[queue] = before;
    else this.before[behind] = before;
  }
}

import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import { allocatePool, LARGE_FRAMES, PACKET_START, PacketPool } from '../../src/memory/packet-pool.js';
import { FragmentContexts, FragmentKey, NONE } from '../../src/tables/fragment-contexts.js';
import {
  BAD_END,
  DUPLICATE,
  OVERLAP,
  Reassembly,
  TOO_MANY,
  WAITS,
  WHOLE,
} from '../../src/tables/reassembly.js';
import { xorshift } from './random.js';

const HEADER = 20;
const FRAMES = 512;

interface Piece {
  start: number;
  stop: number;
  more: boolean;
  octets: Uint8Array;
}

/** The obvious way: an array of octets, and one of what has come, rewritten for each fragment. */
class Oracle {
  private readonly octets = new Map<number, number>();
  private readonly pieces: Piece[] = [];
  private end = -1;

  constructor(private readonly most: number) {}

  add(piece: Piece): number {
    const { start, stop, more, octets } = piece;
    const again = this.pieces.find((other) => other.start === start && other.stop === stop);
    if (again !== undefined && again.more === more && Buffer.compare(again.octets, octets) === 0)
      return DUPLICATE;
    for (let at = start; at < stop; at++) if (this.octets.has(at)) return OVERLAP;
    if (this.end >= 0 && (stop > this.end || !more)) return BAD_END;
    if (!more && this.pieces.some((other) => other.start >= stop)) return BAD_END;
    if (this.pieces.length === this.most) return TOO_MANY;
    for (let at = start; at < stop; at++) this.octets.set(at, octets[at - start]!);
    this.pieces.push(piece);
    if (!more) this.end = stop;
    return this.octets.size === this.end ? WHOLE : WAITS;
  }

  payload(): Uint8Array {
    return Uint8Array.from({ length: this.end }, (_, at) => this.octets.get(at)!);
  }

  get count(): number {
    return this.pieces.length;
  }
}

describe('reassembly', () => {
  const pool = new PacketPool(allocatePool(FRAMES), FRAMES);
  const free = (): number => pool.shared + pool.local + pool.large;
  const all = free();
  const key = new FragmentKey(7);
  const header = Uint8Array.from({ length: HEADER }, (_, i) => 0xc0 + i);

  /** A fragment in a frame: link header, header, octets. */
  function frameOf(octets: Uint8Array): number {
    const packet = pool.alloc();
    assert.ok(packet >= 0);
    const at = pool.base(packet) + PACKET_START;
    pool.bytes.fill(0xa5, pool.base(packet), pool.base(packet) + pool.room(packet));
    pool.bytes.fill(0x11, at, at + 14);
    pool.bytes.set(header, at + 14);
    pool.bytes.set(octets, at + 14 + HEADER);
    pool.offset[packet] = at;
    pool.l3[packet] = at + 14;
    pool.length[packet] = 14 + HEADER + octets.length;
    return packet;
  }

  /** Feeds pieces to both until one is refused or the datagram is whole; then everything must be given back. */
  function compare(pieces: Piece[], most: number, cut: number): number {
    const limits = { timeoutMs: 1, datagrams: 4, fragments: most, frames: FRAMES };
    const reassembly = new Reassembly(limits, 1, key);
    const oracle = new Oracle(most);
    const row = reassembly.open(0);
    let verdict = WAITS;
    for (const piece of pieces) {
      const packet = frameOf(piece.octets);
      const at = pool.l3[packet]! + HEADER;
      verdict = reassembly.add(pool.bytes, row, packet, piece.start, piece.stop, piece.more, at);
      assert.equal(verdict, oracle.add(piece), `octets ${piece.start} to ${piece.stop}`);
      if (verdict !== WAITS && verdict !== WHOLE) pool.free(packet);
      if (verdict !== WAITS && verdict !== DUPLICATE) break;
    }
    assert.equal(reassembly.fragments(row), oracle.count);
    assert.equal(reassembly.held, oracle.count);
    if (verdict === WHOLE) {
      const whole = reassembly.join(pool, row, cut);
      assert.ok(whole >= 0);
      const at = pool.offset[whole]!;
      const octets = pool.bytes.slice(at, at + pool.length[whole]!);
      assert.deepEqual(octets.subarray(0, 14), new Uint8Array(14).fill(0x11));
      assert.deepEqual(octets.subarray(14, 14 + HEADER - cut), header.subarray(0, HEADER - cut));
      assert.deepEqual(octets.subarray(14 + HEADER - cut), oracle.payload());
      assert.equal(pool.l3[whole]! - at, 14);
      assert.equal(pool.l3[whole]! & 3, 0);
      pool.free(whole);
    } else {
      const count = reassembly.release(row);
      pool.freeMany(reassembly.released, 0, count);
      reassembly.close(row);
    }
    assert.equal(reassembly.held, 0);
    assert.equal(reassembly.contexts.used, 0);
    assert.equal(free(), all, 'frames');
    return verdict;
  }

  it(`does as the obvious way does with any fragments in any order (seed ${seed})`, () => {
    const random = xorshift(seed);
    const below = (bound: number): number => random() % bound;
    const verdicts = new Map<number, number>();
    for (let round = 0; round < 3000; round++) {
      const length = 1 + below(below(8) === 0 ? 9000 : 600);
      const octets = Uint8Array.from({ length }, () => random());
      const pieces: Piece[] = [];
      for (let start = 0; start < length; ) {
        const stop = Math.min(length, start + 8 * (1 + below(length > 700 ? 150 : 10)));
        pieces.push({ start, stop, more: stop < length, octets: octets.slice(start, stop) });
        start = stop;
      }
      for (let i = pieces.length - 1; i > 0; i--) {
        const other = below(i + 1);
        [pieces[i], pieces[other]] = [pieces[other]!, pieces[i]!];
      }
      // Half of them spoilt: repeated, shifted, longer, shorter, other octets, another flag.
      for (let spoilt = below(2) * below(4); spoilt > 0; spoilt--) {
        const piece = { ...pieces[below(pieces.length)]! };
        switch (below(6)) {
          case 0:
            piece.start += 8;
            piece.stop += 8;
            break;
          case 1:
            piece.octets = Uint8Array.from({ length: piece.octets.length + 8 }, () => 1);
            piece.stop += 8;
            break;
          case 2:
            piece.octets = piece.octets.map((octet) => octet ^ 1);
            break;
          case 3:
            piece.more = !piece.more;
            break;
          default:
        }
        pieces.splice(below(pieces.length + 1), 0, piece);
      }
      const verdict = compare(pieces, below(10) === 0 ? 3 : 200, below(2) * 8);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    for (const verdict of [WHOLE, OVERLAP, BAD_END, TOO_MANY]) {
      assert.ok((verdicts.get(verdict) ?? 0) > 20, `${verdict}: ${JSON.stringify([...verdicts])}`);
    }
  });

  it('leaves everything as it was when there is no large frame', () => {
    const reassembly = new Reassembly({ timeoutMs: 1, datagrams: 4, fragments: 9, frames: 9 }, 1, key);
    const row = reassembly.open(0);
    for (const start of [0, 1000, 2000]) {
      const packet = frameOf(new Uint8Array(1000));
      reassembly.add(pool.bytes, row, packet, start, start + 1000, start < 2000, pool.l3[packet]! + HEADER);
    }
    const taken = Array.from({ length: LARGE_FRAMES }, () => pool.allocLarge());
    assert.equal(reassembly.join(pool, row, 0), NONE);
    for (const frame of taken) pool.free(frame);
    const whole = reassembly.join(pool, row, 0);
    assert.equal(pool.length[whole], 14 + HEADER + 3000);
    pool.free(whole);
    assert.equal(free(), all);
  });
});

describe('contexts of fragments', () => {
  /** The key of a datagram as both sides write it: here by the words alone. */
  const keyed = (key: FragmentKey, n: number): FragmentKey => {
    const words = new Int32Array(6);
    words[1] = n << 16;
    words[3] = n;
    key.setIp4(words, 0, 17, n % 5, 0);
    return key;
  };

  it(`are found as a Map finds them, oldest first (seed ${seed})`, () => {
    const random = xorshift(seed);
    const key = new FragmentKey(seed);
    const contexts = new FragmentContexts(64, 5, key);
    const model = new Map<number, number>();
    for (let step = 0; step < 20_000; step++) {
      const n = random() % 200;
      keyed(key, n);
      const row = contexts.find();
      assert.equal(row, model.get(n) ?? NONE);
      const vrf = n % 5;
      const own = [...model].filter(([other]) => other % 5 === vrf);
      assert.equal(contexts.oldestOf(vrf, NONE), own[0]?.[1] ?? NONE);
      assert.equal(contexts.oldestOf(vrf, own[0]?.[1] ?? NONE), own[1]?.[1] ?? NONE);
      assert.equal(contexts.oldest(), [...model.values()][0] ?? NONE);
      assert.equal(contexts.mayAdd(vrf), own.length < 64 - model.size);
      if (row !== NONE) {
        if (random() % 2 === 0) continue;
        contexts.remove(row);
        model.delete(n);
      } else if (contexts.mayAdd(vrf)) {
        model.set(n, contexts.add(vrf));
      }
    }
    assert.ok(model.size > 20);
  });

  it('spread over the workers evenly', () => {
    const key = new FragmentKey(seed);
    for (const workers of [1, 2, 3, 8]) {
      const counts = new Array<number>(workers).fill(0);
      for (let n = 0; n < 8000; n++) counts[keyed(key, n).worker(workers)]!++;
      for (const count of counts) assert.ok(Math.abs(count * workers - 8000) < 1600, counts.join(' '));
    }
  });
});

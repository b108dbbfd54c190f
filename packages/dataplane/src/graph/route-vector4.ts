// Longest-prefix match of a vector's IPv4 destinations: what Ip4Fib.lookup answers, for many packets at once.
//
// A level of the trie for all packets, then the next one: what a packet loads depends on its own earlier loads only, so
// the misses of a large table overlap, many at a time, where one lookup after the other would wait for each.
import type { PacketPool } from '../memory/packet-pool.js';
import { BLOCK_SHIFT_MIN, ENTRY_INDEX, LEAF_ADJACENCY } from '../tables/fib-layout.js';
import type { Ip4Fib } from '../tables/ip4-fib.js';
import { IP4_DST, swap32 } from '../wire/ip4.js';
import { FRAME_MAX } from './frame.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const INDEX = ENTRY_INDEX;
const LEAF = LEAF_ADJACENCY;
const DST = IP4_DST;
const swap = swap32;

/** Lookups of vectors. Rows are adjacencies; what Ip4Fib.lookup says of them holds here. */
export interface RouteVector4 {
  /** Fills `rows` with the adjacencies of the first `count` packets, by their vrf and destination. */
  route(packets: Int32Array, count: number, rows: Int32Array): void;
  /**
   * Goes on where rows[i] is an entry of a wide root that leads on (below zero), by the destinations as they are loaded
   * from packets, to the adjacency or, where the table has none, to `fallback`.
   */
  below(destinations: Int32Array, count: number, rows: Int32Array, fallback: number): void;
}

/** Makes it for a worker, once: see NodeDefinition.make. */
export function makeRouteVector4({ vrf, l3, i32 }: PacketPool, fib: Ip4Fib): RouteVector4 {
  const { entries, roots, defaults } = fib;
  const destinations = new Int32Array(FRAME_MAX);

  /** One level down, by the octet from bit `shift` of the destinations on, which are little-endian; true when some lead on still. */
  function descend(
    words: Int32Array,
    count: number,
    rows: Int32Array,
    shift: number,
    fallback: number,
  ): boolean {
    let deep = 0;
    for (let i = 0; i < count; i++) {
      const above = rows[i]!;
      if (above >= 0) continue;
      const entry = entries[(above & INDEX) + ((words[i]! >>> shift) & 0xff)]!;
      rows[i] = entry < 0 ? entry : entry & LEAF || fallback;
      deep |= entry;
    }
    return deep < 0;
  }

  function below(words: Int32Array, count: number, rows: Int32Array, fallback: number): void {
    if (descend(words, count, rows, 16, fallback)) descend(words, count, rows, 24, fallback);
  }

  function oneByOne(packets: Int32Array, count: number, rows: Int32Array): void {
    for (let i = 0; i < count; i++) {
      const packet = packets[i]!;
      rows[i] = fib.lookup(vrf[packet]!, swap(i32[(l3[packet]! + DST) >>> 2]!));
    }
  }

  function route(packets: Int32Array, count: number, rows: Int32Array): void {
    const table = vrf[packets[0]!]!;
    const root = roots[table]!;
    // Few routes in small blocks, which stay in the cache.
    if (root < 0) {
      oneByOne(packets, count, rows);
      return;
    }
    const home = root >>> BLOCK_SHIFT_MIN;
    const before = defaults[home]!;
    const fallback = before & LEAF;
    let deep = 0;
    let others = 0;
    for (let i = 0; i < count; i++) {
      const packet = packets[i]!;
      const to = i32[(l3[packet]! + DST) >>> 2]!;
      const entry = entries[root + (((to & 0xff) << 8) | ((to >>> 8) & 0xff))]!;
      destinations[i] = to;
      rows[i] = entry < 0 ? entry : entry & LEAF || fallback;
      deep |= entry;
      others |= vrf[packet]! ^ table;
    }
    if (deep < 0) below(destinations, count, rows, fallback);
    // The default route answers only if it stood still meanwhile: see Ip4Fib.
    if (others !== 0 || defaults[home] !== before) oneByOne(packets, count, rows);
  }

  return { route, below };
}

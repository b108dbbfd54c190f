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

/** Fills `rows` with the adjacencies of the first `count` packets, by their vrf and destination. */
export type RouteVector = (packets: Int32Array, count: number, rows: Int32Array) => void;

/** Makes it for a worker, once: see NodeDefinition.make. */
export function makeRouteVector4({ vrf, l3, i32 }: PacketPool, fib: Ip4Fib): RouteVector {
  const { entries, roots, defaults } = fib;
  const addresses = new Int32Array(FRAME_MAX);

  /** Goes one level down, by the address bits from `shift` on, where rows[i] leads on; true when some still do. */
  function descend(count: number, rows: Int32Array, shift: number, fallback: number): boolean {
    let deep = 0;
    for (let i = 0; i < count; i++) {
      const above = rows[i]!;
      if (above >= 0) continue;
      const entry = entries[(above & INDEX) + ((addresses[i]! >>> shift) & 0xff)]!;
      rows[i] = entry < 0 ? entry : entry & LEAF || fallback;
      deep |= entry;
    }
    return deep < 0;
  }

  function oneByOne(packets: Int32Array, count: number, rows: Int32Array): void {
    for (let i = 0; i < count; i++) {
      const packet = packets[i]!;
      rows[i] = fib.lookup(vrf[packet]!, swap(i32[(l3[packet]! + DST) >>> 2]!));
    }
  }

  return (packets, count, rows) => {
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
      const address = swap(i32[(l3[packet]! + DST) >>> 2]!);
      const entry = entries[root + (address >>> 16)]!;
      addresses[i] = address;
      rows[i] = entry < 0 ? entry : entry & LEAF || fallback;
      deep |= entry;
      others |= vrf[packet]! ^ table;
    }
    if (deep < 0 && descend(count, rows, 8, fallback)) descend(count, rows, 0, fallback);
    // The default route answers only if it stood still meanwhile: see Ip4Fib.
    if (others !== 0 || defaults[home] !== before) oneByOne(packets, count, rows);
  };
}

// Longest-prefix match of a vector's IPv6 destinations, none of them link-local: what Ip6Fib.lookup answers.
import type { PacketPool } from '../memory/packet-pool.js';
import { BLOCK_SHIFT_MIN, LEAF_ADJACENCY } from '../tables/fib-layout.js';
import { descend6, type Ip6Fib } from '../tables/ip6-fib.js';
import { swap32 } from '../wire/ip4.js';
import { IP6_DST } from '../wire/ip6.js';

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in.
const HOME_SHIFT = BLOCK_SHIFT_MIN;
const LEAF = LEAF_ADJACENCY;
const DST = IP6_DST;
const swap = swap32;
const descend = descend6;

/** Fills `rows` with the adjacencies of the first `count` packets, by their vrf and destination. */
export type RouteVector6 = (packets: Int32Array, count: number, rows: Int32Array) => void;

/** Makes it for a worker, once: see NodeDefinition.make. */
export function makeRouteVector6({ vrf, l3, i32 }: PacketPool, fib: Ip6Fib): RouteVector6 {
  const { entries, roots, defaults } = fib;
  return (packets, count, rows) => {
    for (let i = 0; i < count; i++) {
      const packet = packets[i]!;
      const at = (l3[packet]! + DST) >>> 2;
      const w0 = swap(i32[at]!);
      const w1 = swap(i32[at + 1]!);
      const w2 = swap(i32[at + 2]!);
      const w3 = swap(i32[at + 3]!);
      const root = roots[vrf[packet]!]!;
      const home = (root ^ (root >> 31)) >>> HOME_SHIFT;
      const before = defaults[home]!;
      const leaf =
        root < 0
          ? descend(entries, entries[~root + (w0 >>> 28)]!, 4, 0, w0, w1, w2, w3)
          : descend(entries, entries[root + (w0 >>> 16)]!, 16, 32, w0, w1, w2, w3);
      const adjacency = leaf & LEAF;
      // The default route answers only if it stood still meanwhile: see Ip4Fib.
      rows[i] =
        adjacency !== 0
          ? adjacency
          : defaults[home] === before
            ? before & LEAF
            : fib.lookup(vrf[packet]!, w0, w1, w2, w3);
    }
  };
}

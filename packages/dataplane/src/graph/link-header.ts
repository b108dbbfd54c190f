// The link header of a packet that leaves by an adjacency; of either family.
import type { PacketPool } from '../memory/packet-pool.js';
import { ADJ_INTERFACE, ADJ_REWRITE, ADJ_REWRITE_BYTES, ADJ_USED } from '../tables/adjacencies.js';

/**
 * Writes the link header of the adjacency whose words begin at `row` before the IP packet of `size` octets at `ip`, and
 * sets offset, length and txInterface. Returns the header's octets: 0 into a tunnel.
 */
export function writeLinkHeader(
  pool: PacketPool,
  packet: number,
  adjacencies: Int32Array,
  row: number,
  ip: number,
  size: number,
): number {
  const { u16, i32 } = pool;
  const rewrite = adjacencies[row + ADJ_REWRITE_BYTES]!;
  if (rewrite !== 0) {
    u16[(ip - 14) >>> 1] = adjacencies[row + ADJ_REWRITE]!;
    i32[(ip - 12) >>> 2] = adjacencies[row + ADJ_REWRITE + 1]!;
    i32[(ip - 8) >>> 2] = adjacencies[row + ADJ_REWRITE + 2]!;
    i32[(ip - 4) >>> 2] = adjacencies[row + ADJ_REWRITE + 3]!;
    // Mostly 1 already: a store for every packet would have workers take the cache line from each other.
    if (adjacencies[row + ADJ_USED] === 0) adjacencies[row + ADJ_USED] = 1;
  }
  pool.offset[packet] = ip - rewrite;
  pool.length[packet] = size + rewrite;
  pool.txInterface[packet] = adjacencies[row + ADJ_INTERFACE]!;
  return rewrite;
}
